package scim_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"usher/idp"
	"usher/idp/idptest"
	"usher/idp/scim"
)

// TestPatch compares the bodies with those of RFC 7644 section 3.5.2, and with what servers with other wishes want.
func TestPatch(t *testing.T) {
	t.Parallel()
	const head = `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[`
	for name, c := range map[string]struct {
		change      func(*scim.Config)
		add, remove string
		mediaType   string
	}{
		"as the RFC has it": {
			nil, `{"op":"add","path":"members","value":[{"value":"u.1"}]}`, `{"op":"remove","path":"members[value eq \"u.1\"]"}`, "application/scim+json",
		},
		"as Entra writes": {
			func(c *scim.Config) { c.Remove, c.CapitalOps, c.PlainJSON = scim.RemoveByValue, true, true },
			`{"op":"Add","path":"members","value":[{"value":"u.1"}]}`, `{"op":"Remove","path":"members","value":[{"value":"u.1"}]}`, "application/json",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				var body json.RawMessage
				_ = json.NewDecoder(r.Body).Decode(&body)
				got = append(got, r.Method+" "+r.URL.Path+" "+r.Header.Get("Content-Type")+" "+string(body))
				w.WriteHeader(http.StatusNoContent)
			}))
			defer web.Close()
			cfg := scim.Config{URL: web.URL + "/v2", Token: token, InsecureHTTP: true}
			if c.change != nil {
				c.change(&cfg)
			}
			p, err := scim.New(cfg)
			ok(t, err)
			defer p.Close()
			ok(t, p.AddMember(t.Context(), "g", "u.1"))
			ok(t, p.RemoveMember(t.Context(), "g", "u.1"))
			for i, want := range []string{c.add, c.remove} {
				if want := "PATCH /v2/Groups/g " + c.mediaType + " " + head + want + "]}"; got[i] != want {
					t.Errorf("sent %s\nwant %s", got[i], want)
				}
			}
		})
	}
}

// TestUnconfirmedChange takes nothing but the server's word for a success.
func TestUnconfirmedChange(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]struct {
		status int
		body   string
	}{
		"accepted":      {202, ""},
		"empty":         {200, ""},
		"no JSON":       {200, "<html>ok</html>"},
		"another group": {200, `{"id":"other","displayName":"x"}`},
		"a list":        {200, `{"totalResults":1,"Resources":[{"id":"g"}]}`},
	} {
		web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(answer.status)
			_, _ = w.Write([]byte(answer.body))
		}))
		p, err := scim.New(scim.Config{URL: web.URL, Token: token, InsecureHTTP: true})
		ok(t, err)
		if err := p.RemoveMember(t.Context(), "g", "u"); idp.KindOf(err) != idp.Unavailable {
			t.Errorf("%s: %v", name, err)
		}
		p.Close()
		web.Close()
	}
}

func TestReadOnlyGroup(t *testing.T) {
	t.Parallel()
	s := start(t, flavor{})
	p := s.provider(t, nil)
	u, g := s.addUser(idptest.Person{Email: "a@suite.example"}), idp.GroupID(s.addTeam("Mirrored", nil))
	s.change(func() { s.byGroup[string(g)].readOnly = true })
	err := p.AddMember(t.Context(), g, u)
	wantKind(t, err, idp.NotGovernable)
	if !strings.Contains(err.Error(), "read-only") {
		t.Errorf("the error does not say why: %v", err)
	}
}

// TestVersions is about changes that are based on a version of the group.
func TestVersions(t *testing.T) {
	t.Parallel()
	s := start(t, flavor{manners: manners{versions: true, insist: true}})
	p := s.provider(t, nil)
	u, other := s.addUser(idptest.Person{Email: "a@suite.example"}), s.addUser(idptest.Person{Email: "b@suite.example"})
	g := idp.GroupID(s.addTeam("Team", nil))
	ok(t, p.AddMember(t.Context(), g, u)) // 428 first: no version is known.
	headers, _ := s.lastChange()
	if !strings.HasPrefix(headers.Get("If-Match"), `W/"`+string(g)) {
		t.Fatalf("If-Match is %q", headers.Get("If-Match"))
	}
	before := s.faulty.Calls()
	ok(t, p.RemoveMember(t.Context(), g, u)) // The answer to the change has told the version.
	if n := s.faulty.Calls() - before; n != 1 {
		t.Fatalf("a change with a known version took %d calls", n)
	}
	s.move(string(g), string(other), true) // Somebody else is faster: 412.
	ok(t, p.AddMember(t.Context(), g, u))
	if n := len(s.truth(string(g))); n != 2 {
		t.Fatalf("%d members, want both", n)
	}
	without := s.provider(t, func(c *scim.Config) { c.NoVersions = true })
	wantKind(t, without.AddMember(t.Context(), g, u), idp.Unavailable) // 428 for good
}

// TestVersionsRace lets somebody else be faster every time.
func TestVersionsRace(t *testing.T) {
	t.Parallel()
	var patches, reads int
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPatch {
			patches++
			failure(w, http.StatusPreconditionFailed)
			return
		}
		reads++
		w.Header().Set("ETag", `W/"7"`)
		_, _ = w.Write([]byte(`{"id":"g"}`))
	}))
	defer web.Close()
	p, err := scim.New(scim.Config{URL: web.URL, Token: token, InsecureHTTP: true})
	ok(t, err)
	defer p.Close()
	wantKind(t, p.RemoveMember(t.Context(), "g", "u"), idp.Unavailable)
	if patches != 4 || reads != 3 {
		t.Fatalf("tried %d times, read %d times", patches, reads)
	}
}

// TestVersionedChangesTakeTurns sends many changes of one group at once; each is based on the one before, so none is in vain.
func TestVersionedChangesTakeTurns(t *testing.T) {
	t.Parallel()
	s := start(t, flavor{manners: manners{versions: true}})
	p := s.provider(t, nil)
	g := idp.GroupID(s.addTeam("Team", nil))
	people := s.crowd(20)
	_, err := p.Group(t.Context(), g)
	ok(t, err)
	var group sync.WaitGroup
	for _, u := range people {
		group.Go(func() {
			if err := p.AddMember(t.Context(), g, idp.UserID(u)); err != nil {
				t.Errorf("AddMember: %v", err)
			}
		})
	}
	group.Wait()
	if n := s.faulty.Calls(); n != 1+len(people) {
		t.Errorf("%d changes took %d calls", len(people), n-1)
	}
	if n := len(s.truth(string(g))); n != len(people) {
		t.Errorf("%d members", n)
	}
}
