package entra_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"usher/idp"
	"usher/sandbox/graphsim"
)

// contract is the schema of the calls, written by hand from the documentation; there is no OpenAPI document of Graph of a
// reasonable size.
type contract struct {
	calls   []contractCall
	schemas map[string]*jsonschema.Schema
	known   map[string]map[string]bool // property names by resource
}

type contractCall struct {
	Name    string   `json:"name"`
	Method  string   `json:"method"`
	Path    string   `json:"path"`
	Doc     string   `json:"doc"`
	Query   []string `json:"query"`
	Status  int      `json:"status"`
	Answer  string   `json:"answer"`
	Selects string   `json:"selects"`
	Body    string   `json:"body"`
}

// theContract is loaded once.
var theContract = sync.OnceValues(loadContract) //nolint:gochecknoglobals // Once per test binary.

func loadContract() (*contract, error) {
	raw, err := os.ReadFile("testdata/graph.json")
	if err != nil {
		return nil, err
	}
	var document struct {
		Calls []contractCall `json:"calls"`
		Defs  map[string]struct {
			Properties map[string]any `json:"properties"`
		} `json:"$defs"`
	}
	if err := json.Unmarshal(raw, &document); err != nil {
		return nil, err
	}
	parsed, err := jsonschema.UnmarshalJSON(strings.NewReader(string(raw)))
	if err != nil {
		return nil, err
	}
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	if err := compiler.AddResource("graph.json", parsed); err != nil {
		return nil, err
	}
	c := &contract{calls: document.Calls, schemas: map[string]*jsonschema.Schema{}, known: map[string]map[string]bool{}}
	for name, def := range document.Defs {
		if c.schemas[name], err = compiler.Compile("graph.json#/$defs/" + name); err != nil {
			return nil, err
		}
		c.known[name] = map[string]bool{}
		for property := range def.Properties {
			c.known[name][property] = true
		}
	}
	return c, nil
}

// find returns the documented call behind a method and a path.
func (c *contract) find(method, path string) (contractCall, bool) {
	parts := strings.Split(path, "/")
	for _, call := range c.calls {
		want := strings.Split(call.Path, "/")
		if call.Method == method && len(want) == len(parts) && !slices.ContainsFunc(indexes(want), func(i int) bool {
			return want[i] != parts[i] && (want[i] != "{id}" || strings.HasPrefix(parts[i], "$"))
		}) {
			return call, true
		}
	}
	return contractCall{}, false
}

func indexes(list []string) []int {
	out := make([]int, len(list))
	for i := range list {
		out[i] = i
	}
	return out
}

// judge returns what is wrong with one call and its answer.
func (c *contract) judge(seen graphsim.Call) error {
	call, found := c.find(seen.Method, seen.Path)
	if !found {
		return fmt.Errorf("%s %s is no documented call", seen.Method, seen.Path)
	}
	query, err := url.ParseQuery(seen.Query)
	if err != nil {
		return err
	}
	for name := range query {
		if !slices.Contains(call.Query, name) {
			return fmt.Errorf("%s has no query option %s by %s", call.Name, name, call.Doc)
		}
	}
	for name := range strings.SplitSeq(query.Get("$select"), ",") {
		if name != "" && !c.known[call.Selects][name] {
			return fmt.Errorf("%s: %s has no property %q by %s", call.Name, call.Selects, name, call.Doc)
		}
	}
	if (call.Body == "") != (seen.Body == "") {
		return fmt.Errorf("%s: the body is %q, which %s does not know", call.Name, seen.Body, call.Doc)
	}
	if call.Body != "" {
		if err := c.shape(call.Body, seen.Body); err != nil {
			return fmt.Errorf("%s: body: %w", call.Name, err)
		}
	}
	return c.judgeAnswer(call, seen)
}

func (c *contract) judgeAnswer(call contractCall, seen graphsim.Call) error {
	switch {
	case seen.Status == 0:
		return nil // no answer
	case seen.Status >= 400:
		return c.shape("error", seen.Reply)
	case seen.Status != call.Status:
		return fmt.Errorf("%s answered %d, want %d by %s", call.Name, seen.Status, call.Status, call.Doc)
	case call.Answer == "":
		if seen.Reply != "" {
			return fmt.Errorf("%s answered with a body", call.Name)
		}
		return nil
	case len(seen.Reply) >= 64<<10:
		return nil // the record is cut
	}
	if err := c.shape(call.Answer, seen.Reply); err != nil {
		return fmt.Errorf("%s: answer: %w", call.Name, err)
	}
	return nil
}

func (c *contract) shape(name, text string) error {
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		return fmt.Errorf("%q is no JSON: %w", text, err)
	}
	return c.schemas[name].Validate(value)
}

// judgeCalls holds what went over the wire against the contract, a few calls of every shape.
func (s *sim) judgeCalls(t *testing.T) {
	t.Helper()
	c, err := theContract()
	if err != nil {
		t.Fatal(err)
	}
	samples := map[string]int{}
	for _, seen := range s.Calls() {
		shape := fmt.Sprint(seen.Name, seen.Status)
		if seen.Fault != "" || !strings.HasPrefix(seen.Path, "/v1.0/") || samples[shape] >= 20 {
			continue
		}
		samples[shape]++
		if err := c.judge(seen); err != nil {
			t.Errorf("against the contract: %v", err)
		}
	}
}

func TestTheContractCanSayNo(t *testing.T) {
	t.Parallel()
	c, err := theContract()
	if err != nil {
		t.Fatal(err)
	}
	const id, path = "11111111-aaaa-4bbb-8ccc-000000000009", "/v1.0/users/11111111-aaaa-4bbb-8ccc-000000000009"
	good := graphsim.Call{Method: "GET", Path: path, Query: "$select=id,department", Status: 200, Reply: `{"id":"` + id + `","department":null}`}
	if err := c.judge(good); err != nil {
		t.Fatalf("a documented call: %v", err)
	}
	for what, change := range map[string]func(*graphsim.Call){
		"a wrong type":           func(c *graphsim.Call) { c.Reply = `{"id":7}` },
		"an invented field":      func(c *graphsim.Call) { c.Reply = `{"id":"` + id + `","shoeSize":"9"}` },
		"an invented property":   func(c *graphsim.Call) { c.Query = "$select=shoeSize" },
		"an unknown option":      func(c *graphsim.Call) { c.Query = "$top=5" },
		"an unknown call":        func(c *graphsim.Call) { c.Path += "/shoes" },
		"a body where none is":   func(c *graphsim.Call) { c.Body = "{}" },
		"another status":         func(c *graphsim.Call) { c.Status = 206 },
		"an error of other form": func(c *graphsim.Call) { c.Status, c.Reply = 404, `{"message":"no"}` },
		"a deletion of a person": func(c *graphsim.Call) { c.Method, c.Path = "DELETE", "/v1.0/groups/"+id+"/members/"+id },
	} {
		bad := good
		change(&bad)
		if c.judge(bad) == nil {
			t.Errorf("%s passes", what)
		}
	}
}

// TestTheSimulatorAnswersAsDocumented walks over every documented call, with and without success.
func TestTheSimulatorAnswersAsDocumented(t *testing.T) {
	t.Parallel()
	s := start(t, false, func(c *graphsim.Config) {
		mayEndSessions(c)
		c.Clients[0].Roles = append(c.Clients[0].Roles, graphsim.DirectoryRead)
	})
	boss, u := s.person(t, "boss@suite.example"), s.person(t, "ada@suite.example")
	must(t, s.SetManager(string(u), string(boss)))
	must(t, s.SignIn(string(u), appOne, s.now().Add(-1e12), 0))
	g := s.addGroup(t, graphsim.Group{DisplayName: "Team", Owners: []string{string(boss)}, Unified: true, MailEnabled: true})
	gone := s.person(t, "gone@suite.example")
	must(t, s.Server.DeleteUser(string(gone)))
	const nobody = "99999999-aaaa-4bbb-8ccc-000000000009"
	app := "33333333-aaaa-4bbb-8ccc-000000000001"
	ref := `{"@odata.id":"` + s.web.URL + `/v1.0/directoryObjects/` + string(u) + `"}`
	assign := `{"accessId":"member","action":"adminAssign","principalId":"` + string(u) + `","groupId":"` + string(g) + `","scheduleInfo":{"expiration":{"type":"noExpiration"}}}`
	pim := "/v1.0/identityGovernance/privilegedAccess/group/"
	steps := []struct {
		method, path, body string
		status             int
	}{
		{"GET", "/v1.0/users?$top=1", "", 200},
		{"GET", "/v1.0/users?$expand=manager($select=id,displayName)&$select=id,signInActivity", "", 200},
		{"GET", "/v1.0/users?$filter=mail+eq+'ada@suite.example'", "", 200},
		{"GET", "/v1.0/users?$filter=shoe+eq+'9'", "", 400},
		{"GET", "/v1.0/users/" + string(u), "", 200},
		{"GET", "/v1.0/users/" + nobody, "", 404},
		{"GET", "/v1.0/users/" + string(u) + "/manager", "", 200},
		{"GET", "/v1.0/users/" + string(boss) + "/manager", "", 404},
		{"POST", "/v1.0/users/" + string(u) + "/revokeSignInSessions", "", 200},
		{"GET", "/v1.0/directory/deletedItems/" + string(gone), "", 200},
		{"GET", "/v1.0/auditLogs/signIns?$top=1", "", 200},
		{"GET", "/v1.0/groups?$expand=owners($select=id),members&$top=2", "", 200},
		{"GET", "/v1.0/groups/" + string(g), "", 200},
		{"GET", "/v1.0/groups/" + string(g) + "/owners", "", 200},
		{"POST", "/v1.0/groups/" + string(g) + "/members/$ref", ref, 204},
		{"POST", "/v1.0/groups/" + string(g) + "/members/$ref", ref, 400},
		{"GET", "/v1.0/groups/" + string(g) + "/members", "", 200},
		{"GET", "/v1.0/groups/" + string(g) + "/members/$count", "", 400},
		{"GET", "/v1.0/users/" + string(u) + "/memberOf", "", 200},
		{"DELETE", "/v1.0/groups/" + string(g) + "/members/" + string(u) + "/$ref", "", 204},
		{"DELETE", "/v1.0/groups/" + string(g) + "/members/" + string(u) + "/$ref", "", 404},
		{"GET", "/v1.0/groups/" + string(g) + "/appRoleAssignments", "", 200},
		{"GET", "/v1.0/servicePrincipals?$filter=appId+eq+'" + appOne + "'", "", 200},
		{"GET", "/v1.0/servicePrincipals/" + app, "", 200},
		{"GET", "/v1.0/servicePrincipals/" + app + "/appRoleAssignedTo", "", 200},
		{"POST", pim + "assignmentScheduleRequests", assign, 201},
		{"POST", pim + "assignmentScheduleRequests", assign, 400},
		{"GET", pim + "assignmentScheduleInstances?$filter=groupId+eq+'" + string(g) + "'", "", 200},
		{"GET", pim + "assignmentScheduleInstances", "", 400},
	}
	token := s.token(t)
	for _, step := range steps {
		req := httptest.NewRequestWithContext(t.Context(), step.method, s.web.URL+step.path, strings.NewReader(step.body))
		req.Header.Set("Authorization", "Bearer "+token)
		req.Header.Set("Content-Type", "application/json")
		rec := httptest.NewRecorder()
		s.ServeHTTP(rec, req)
		if rec.Code != step.status {
			t.Errorf("%s %s: %d %s, want %d", step.method, step.path, rec.Code, rec.Body, step.status)
		}
	}
	c, err := theContract()
	if err != nil {
		t.Fatal(err)
	}
	walked := map[string]bool{}
	for _, seen := range s.Calls() {
		walked[seen.Name] = true
	}
	for _, call := range c.calls {
		if !walked[call.Name] {
			t.Errorf("%s is documented and not walked", call.Name)
		}
	}
}

// token signs in past the provider.
func (s *sim) token(t *testing.T) string {
	t.Helper()
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {appID}, "client_secret": {appSecret}, "scope": {s.web.URL + "/.default"}}
	req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, s.web.URL+"/"+s.TenantID()+"/oauth2/v2.0/token", strings.NewReader(form.Encode()))
	rec := httptest.NewRecorder()
	s.ServeHTTP(rec, req)
	var answer struct {
		Token string `json:"access_token"`
	}
	if err := json.Unmarshal(rec.Body.Bytes(), &answer); err != nil || answer.Token == "" {
		t.Fatalf("no token: %d %s", rec.Code, rec.Body)
	}
	return answer.Token
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantKind(t *testing.T, err error, want idp.Kind) {
	t.Helper()
	if got := idp.KindOf(err); got != want {
		t.Fatalf("got kind %q (%v), want %q", got, err, want)
	}
}
