package oktasim_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
)

// document is Okta's own description of its API, loaded once because that takes seconds.
var document = sync.OnceValues(loadDocument) //nolint:gochecknoglobals // Once per test binary.

type oktaDocument struct {
	router routers.Router
	errors *openapi3.Schema
}

// loadDocument reads the description that ships with Okta's Go SDK. It is found in the module cache and never copied.
func loadDocument() (*oktaDocument, error) {
	ctx := context.Background()
	dir, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", "github.com/okta/okta-sdk-golang/v5").Output()
	if err != nil {
		return nil, fmt.Errorf("find the SDK module: %w", err)
	}
	doc, err := openapi3.NewLoader().LoadFromFile(filepath.Join(strings.TrimSpace(string(dir)), "okta", "api", "openapi.yaml"))
	if err != nil {
		return nil, fmt.Errorf("load the document: %w", err)
	}
	relax(doc)
	doc.Servers = openapi3.Servers{{URL: "/"}}
	router, err := gorillamux.NewRouter(doc)
	if err != nil {
		return nil, fmt.Errorf("route the document: %w", err)
	}
	return &oktaDocument{router, doc.Components.Schemas["Error"].Value}, nil
}

// relax lets be null what the live service shows as null although the document does not say so.
func relax(doc *openapi3.T) {
	for name, ref := range doc.Components.Schemas {
		all := strings.HasPrefix(name, "Log") || name == "OrgSetting" || name == "ApplicationAccessibility"
		for property, p := range ref.Value.Properties {
			if all || (name == "GroupProfile" && property == "description") || (name == "AppUser" && property == "externalId") {
				p.Value.Nullable = true
			}
		}
		if name == "LogGeographicalContext" || name == "LogIssuer" {
			ref.Value.Nullable = true
		}
	}
}

// judge validates an answer. What the document leaves out (the token endpoint, statuses such as 400 and 401) must at least have Okta's error body.
func judge(t *testing.T, method, base, path, body string, g got) {
	t.Helper()
	doc, err := document()
	if err != nil {
		return // TestAnswersAreJudgedByOktasDocument says so
	}
	target, err := url.Parse(strings.TrimPrefix(path, base))
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(context.Background(), method, target.String(), strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	route, vars, err := doc.router.FindRoute(req)
	if err != nil || route.Operation.Responses.Status(g.status) == nil {
		judgeError(t, doc, g)
		return
	}
	in := &openapi3filter.RequestValidationInput{Request: req, PathParams: vars, Route: route, Options: &openapi3filter.Options{
		AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, IncludeResponseStatus: true,
	}}
	out := &openapi3filter.ResponseValidationInput{RequestValidationInput: in, Status: g.status, Header: g.header, Options: in.Options}
	out.SetBodyBytes(g.body)
	if err := openapi3filter.ValidateResponse(context.Background(), out); err != nil {
		t.Errorf("%s %s answered %d against Okta's document: %s", method, path, g.status, firstLines(err))
	}
}

func judgeError(t *testing.T, doc *oktaDocument, g got) {
	t.Helper()
	if g.status < 400 || !strings.HasPrefix(g.header.Get("Content-Type"), "application/json") {
		return
	}
	var v map[string]any
	decode(t, g.body, &v)
	if err := doc.errors.VisitJSON(v); err != nil {
		t.Errorf("error body %s: %v", g.body, err)
	}
}

func firstLines(err error) string {
	text := err.Error()
	var schema *openapi3.SchemaError
	if errors.As(err, &schema) {
		text = fmt.Sprintf("%s at %v (%v)", schema.Reason, schema.JSONPointer(), schema.Value)
	}
	if len(text) > 800 {
		text = text[:800]
	}
	return text
}

func TestAnswersAreJudgedByOktasDocument(t *testing.T) {
	t.Parallel()
	doc, err := document()
	if err != nil {
		t.Skipf("Okta's document is not at hand, so no answer in these tests is checked against it: %v", err)
	}
	// The judge must be able to say no.
	req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, "/api/v1/groups/00g1/users", nil)
	route, vars, err := doc.router.FindRoute(req)
	if err != nil {
		t.Fatal(err)
	}
	in := &openapi3filter.RequestValidationInput{Request: req, PathParams: vars, Route: route}
	out := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: in, Status: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}},
	}
	out.SetBodyBytes([]byte(`[{"id":7}]`))
	if openapi3filter.ValidateResponse(t.Context(), out) == nil {
		t.Fatal("a member whose id is a number passed")
	}
}

// TestEveryOperationAnswersAsDocumented walks over every operation once; call judges each answer.
func TestEveryOperationAnswersAsDocumented(t *testing.T) {
	t.Parallel()
	o := start(t, company(newClock()))
	steps := []struct {
		method, path, body string
		status             int
	}{
		{"GET", "/api/v1/users", "", 200},
		{"GET", "/api/v1/users/00u3", "", 200},
		{"GET", "/api/v1/users/me", "", 200},
		{"POST", "/api/v1/users?activate=true", `{"profile":{"login":"new@example.com","email":"new@example.com","firstName":"N","lastName":"W"},"groupIds":["00g1"]}`, 200},
		{"POST", "/api/v1/users/00u3", `{"profile":{"title":"Seller"}}`, 200},
		{"GET", "/api/v1/users/00u1/groups", "", 200},
		{"POST", "/api/v1/users/00u2/lifecycle/suspend", "", 200},
		{"POST", "/api/v1/users/00u2/lifecycle/unsuspend", "", 200},
		{"POST", "/api/v1/users/00u5/lifecycle/activate?sendEmail=false", "", 200},
		{"DELETE", "/api/v1/users/00u3/sessions", "", 204},
		{"POST", "/api/v1/users/00u3/lifecycle/deactivate", "", 200},
		{"DELETE", "/api/v1/users/00u3", "", 204},
		{"GET", "/api/v1/users/00u3", "", 404},
		{"GET", "/api/v1/groups?expand=stats", "", 200},
		{"GET", "/api/v1/groups/00g1", "", 200},
		{"POST", "/api/v1/groups", `{"profile":{"name":"fresh","description":null}}`, 200},
		{"POST", "/api/v1/groups", `{"profile":{"name":"fresh"}}`, 400},
		{"PUT", "/api/v1/groups/00g1", `{"profile":{"name":"app-crm2","description":"x"}}`, 200},
		{"GET", "/api/v1/groups/00g1/users", "", 200},
		{"PUT", "/api/v1/groups/00g1/users/00u2", "", 204},
		{"PUT", "/api/v1/groups/00g4/users/00u2", "", 403},
		{"DELETE", "/api/v1/groups/00g1/users/00u2", "", 204},
		{"GET", "/api/v1/groups/00g3/roles", "", 200},
		{"GET", "/api/v1/groups/00g1/apps", "", 200},
		{"GET", "/api/v1/groups/00gx/apps", "", 404},
		{"GET", "/api/v1/groups/rules?expand=groupIdToGroupNameMap", "", 200},
		{"GET", "/api/v1/groups/rules/0pr1", "", 200},
		{"POST", "/api/v1/groups/rules", `{"type":"group_rule","name":"s","conditions":{"expression":{"value":"user.department==\"Sales\"","type":"urn:okta:expression:1.0"}},"actions":{"assignUserToGroups":{"groupIds":["00g1"]}}}`, 200},
		{"POST", "/api/v1/groups/rules/0pr1/lifecycle/deactivate", "", 204},
		{"DELETE", "/api/v1/groups/rules/0pr1?removeUsers=true", "", 202},
		{"DELETE", "/api/v1/groups/00g1", "", 204},
		{"GET", "/api/v1/apps", "", 200},
		{"GET", "/api/v1/apps/0oa1", "", 200},
		{"GET", "/api/v1/apps/0oa1/users", "", 200},
		{"GET", "/api/v1/apps/0oa1/groups", "", 200},
		{"GET", "/api/v1/logs", "", 200},
		{"GET", "/api/v1/org", "", 200},
		{"GET", "/.well-known/okta-organization", "", 200},
		{"GET", "/api/v1/nothing", "", 404},
		{"PATCH", "/api/v1/groups/00g2", "", 405},
	}
	for _, s := range steps {
		g := o.call(s.method, s.path, s.body).want(t, s.status)
		if g.header.Get("X-Okta-Request-Id") == "" || g.header.Get("X-Rate-Limit-Remaining") == "" || g.header.Get("Date") != "Mon, 01 Jun 2026 09:00:17 GMT" {
			t.Errorf("%s %s: request id, rate headers or the organization's date are missing: %v", s.method, s.path, g.header)
		}
		if s.status == http.StatusNoContent && (g.header.Get("Content-Type") != "" || len(g.body) > 0) {
			t.Errorf("%s %s: 204 with content: %v %q", s.method, s.path, g.header, g.body)
		}
	}
	for i, c := range o.Calls() {
		if c.Seq != i+1 || c.Status != steps[i].status || c.Name == "" || (c.Name == "unknown") != (c.Path == "/api/v1/nothing" || c.Method == "PATCH") {
			t.Errorf("call log: %+v", c)
		}
	}
}
