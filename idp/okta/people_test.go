package okta

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"usher/idp"
)

func TestEveryStatusOfOktaIsMapped(t *testing.T) {
	t.Parallel()
	for status, want := range map[string]idp.UserStatus{
		"ACTIVE": idp.Active, "PASSWORD_EXPIRED": idp.Active, "DEPROVISIONED": idp.Departed, "STAGED": idp.Inactive,
		"PROVISIONED": idp.Inactive, "RECOVERY": idp.Inactive, "LOCKED_OUT": idp.Inactive, "SUSPENDED": idp.Inactive,
		"SOMETHING_NEW": idp.Inactive,
	} {
		if got := statusOf(status); got != want {
			t.Errorf("%s: got %s, want %s", status, got, want)
		}
	}
}

func TestProfilesOfEveryShapeAreRead(t *testing.T) {
	t.Parallel()
	v := serve(t, map[string]http.HandlerFunc{"GET /api/v1/users/": reply(200, `{
		"id":"`+string(ada)+`","status":"ACTIVE","lastLogin":"2026-02-03T04:05:06.000Z","new":{"x":[1]},
		"profile":{"login":"ada@acme.example","email":"Ada@acme.example","firstName":"Ada","lastName":"Byron","title":null,
		"department":"Engines","floor":4,"remote":true,"skills":["a","b",null],"nested":{"x":1},"empty":"","managerId":null}}`)})
	u, err := connect(t, v.URL).User(t.Context(), ada)
	if err != nil {
		t.Fatal(err)
	}
	if u.Name != "Ada Byron" || u.Department != "Engines" || u.Title != "" || u.Email != "Ada@acme.example" || u.LastLogin.IsZero() {
		t.Errorf("got %+v", u)
	}
	for name, want := range map[string]string{"floor": "4", "remote": "true", "skills": "a, b", "nested": "", "empty": "", "managerId": "", "title": ""} {
		if got := u.Attributes[name]; got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}

func TestAnAnswerThatIsNoUserIsUnavailable(t *testing.T) {
	t.Parallel()
	for _, body := range []string{`{}`, `[]`, `null`, `{"id":"00u"}`, `{"errorCode":"E0000009"}`, `"x"`, `{"id":["x"]}`} {
		v := serve(t, map[string]http.HandlerFunc{"GET /api/v1/users/": reply(200, body)})
		_, err := connect(t, v.URL).User(t.Context(), ada)
		if got := idp.KindOf(err); got != idp.Unavailable {
			t.Errorf("%s: got %v", body, err)
		}
	}
}

func TestALookUpThatTheIndexMissesAsksForTheLogin(t *testing.T) {
	t.Parallel()
	user := `{"id":"` + string(ada) + `","status":"ACTIVE","profile":{"login":"ada@acme.example","email":"ada@acme.example"}}`
	v := serve(t, map[string]http.HandlerFunc{
		"GET /api/v1/users":                  reply(200, `[]`),
		"GET /api/v1/users/ada@acme.example": reply(200, user),
	})
	u, err := connect(t, v.URL).FindUser(t.Context(), "ada@acme.example")
	if err != nil || u.ID != ada {
		t.Fatalf("got %v, %v", u, err)
	}
}

func TestALookUpReturnsOnlyTheExactAddress(t *testing.T) {
	t.Parallel()
	v := serve(t, map[string]http.HandlerFunc{
		"GET /api/v1/users":       reply(200, `[{"id":"00u2","status":"ACTIVE","profile":{"email":"ada@acme.example.org"}}]`),
		"GET /api/v1/users/{key}": reply(200, `{"id":"00u3","status":"ACTIVE","profile":{"login":"ada@acme.example","email":"other@acme.example"}}`),
	})
	_, err := connect(t, v.URL).FindUser(t.Context(), "ada@acme.example")
	wantKind(t, err, idp.UserNotFound)
}

func TestALookUpByLoginUsesTheLogin(t *testing.T) {
	t.Parallel()
	filter := ""
	v := serve(t, map[string]http.HandlerFunc{"GET /api/v1/users": func(w http.ResponseWriter, r *http.Request) {
		filter = r.URL.Query().Get("filter")
		reply(200, `[{"id":"00u2","status":"ACTIVE","profile":{"login":"a\"b@acme.example","email":"x@acme.example"}}]`)(w, r)
	}})
	p := connect(t, v.URL, func(c *Config) { c.EmailAttribute = "login" })
	u, err := p.FindUser(t.Context(), `a"b@acme.example`)
	if err != nil || u.ID != "00u2" || u.Email != `a"b@acme.example` {
		t.Fatalf("got %+v, %v", u, err)
	}
	if want := `profile.login eq "a\"b@acme.example"`; filter != want {
		t.Fatalf("asked %s, want %s", filter, want)
	}
}

func TestQuotedValuesStayOneValue(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"", "plain", `"`, `\`, `\"`, "a\nb", "ünï", "<&>", `" or "`, "\u2028"} {
		q := quote(s)
		var back string
		if err := json.Unmarshal([]byte(q), &back); err != nil || back != s || strings.ContainsAny(q, "\r\n") {
			t.Errorf("%q is quoted as %s", s, q)
		}
	}
}

func TestOnlyDepartedNamesakesAreAmbiguousToo(t *testing.T) {
	t.Parallel()
	v := serve(t, map[string]http.HandlerFunc{
		"GET /api/v1/users": reply(200, `[{"id":"00u2","status":"DEPROVISIONED","profile":{"email":"a@acme.example"}},
			{"id":"00u3","status":"DEPROVISIONED","profile":{"email":"A@acme.example"}}]`),
		"GET /api/v1/users/": oktaError(404, "E0000007", "Not found"),
	})
	_, err := connect(t, v.URL).FindUser(t.Context(), "a@acme.example")
	wantKind(t, err, idp.Ambiguous)
}

func TestAManagerMayBeRecordedInTheNameField(t *testing.T) {
	t.Parallel()
	boss := `{"id":"00uboss","status":"ACTIVE","profile":{"login":"boss@acme.example","email":"boss@acme.example"}}`
	v := serve(t, map[string]http.HandlerFunc{
		"GET /api/v1/users/" + string(ada):    reply(200, `{"id":"`+string(ada)+`","status":"ACTIVE","profile":{"manager":"Boss@acme.example","managerId":null}}`),
		"GET /api/v1/users/Boss@acme.example": reply(200, boss),
	})
	m, err := connect(t, v.URL).Manager(t.Context(), ada)
	if err != nil || m.ID != "00uboss" {
		t.Fatalf("got %v, %v", m, err)
	}
}
