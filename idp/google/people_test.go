package google_test

import (
	"testing"
	"time"

	"usher/idp"
	"usher/idp/google"
	"usher/idp/idptest"
	"usher/sandbox/googlesim"
)

func TestAliasesLeadToTheirUser(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	p := s.provider(t, nil)
	u := s.addUser(t, idptest.Person{Email: "ada@suite.example", Login: "a.byron@sub.suite.example", First: "Ada", Last: "Byron"})
	must(t, "Rename", s.Rename(string(u), "ada.lovelace@suite.example"))
	for _, email := range []string{"ada@suite.example", "A.BYRON@sub.suite.example", "ada.lovelace@suite.example"} {
		found, err := p.FindUser(t.Context(), email)
		must(t, "FindUser", err)
		if found.ID != u || found.Email != "ada.lovelace@suite.example" {
			t.Errorf("%s: found %s with %s", email, found.ID, found.Email)
		}
	}
	s.addGroup(t, "Group with an address of its own")
	_, err := p.FindUser(t.Context(), "group1@suite.example")
	wantKind(t, "FindUser by the address of a group", err, idp.UserNotFound)
}

// TestAddressesOfOthers tells the 403 that Google answers for addresses of other companies from a lack of rights.
func TestAddressesOfOthers(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	p := s.provider(t, nil)
	before := s.calls.Load()
	_, err := p.FindUser(t.Context(), "o'hara@elsewhere.example")
	wantKind(t, "FindUser", err, idp.UserNotFound)
	if n := s.calls.Load() - before; n != 2 {
		t.Errorf("took %d calls", n)
	}
	powerless := start(t, func(c *googlesim.Config) { c.Users[0].Admin = "" })
	_, err = powerless.provider(t, nil).FindUser(t.Context(), "x@elsewhere.example")
	wantKind(t, "FindUser without rights", err, idp.Forbidden)
}

func TestStatusAndLastLogin(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	p := s.provider(t, nil)
	strict := s.provider(t, func(c *google.Config) { c.SuspendedMeansDeparted = true })
	u := person(t, s, "ada@suite.example")
	got, err := p.User(t.Context(), u)
	must(t, "User", err)
	if !got.LastLogin.IsZero() {
		t.Fatalf("who never signed in did so at %v", got.LastLogin)
	}
	at := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	must(t, "SetLogin", s.SetLogin(string(u), at))
	must(t, "SetStatus", s.SetStatus(string(u), true, false))
	got, err = p.User(t.Context(), u)
	must(t, "User", err)
	if !got.LastLogin.Equal(at) || got.Status != idp.Inactive || got.StatusDetail != "suspended (admin)" {
		t.Fatalf("got %v, %s, %q", got.LastLogin, got.Status, got.StatusDetail)
	}
	got, err = strict.User(t.Context(), u)
	must(t, "User", err)
	if got.Status != idp.Departed {
		t.Fatalf("got %s", got.Status)
	}
	must(t, "SetStatus", s.SetStatus(string(u), true, true))
	got, err = p.User(t.Context(), u)
	must(t, "User", err)
	if got.Status != idp.Departed || got.StatusDetail != "archived" {
		t.Fatalf("got %s, %q", got.Status, got.StatusDetail)
	}
}

func TestAttributes(t *testing.T) {
	t.Parallel()
	s := start(t, func(c *googlesim.Config) {
		c.Users = append(c.Users, googlesim.User{ID: "123456789", Primary: "ada@suite.example", Manager: "boss@suite.example", Custom: map[string]map[string]any{
			"Employment": {"badge": 42, "contractor": true, "sites": []any{map[string]any{"value": "Berlin"}, map[string]any{"value": "Paris"}}, "odd": map[string]any{}},
		}})
	})
	got, err := s.provider(t, nil).User(t.Context(), "123456789")
	must(t, "User", err)
	for name, want := range map[string]string{
		"Employment.badge": "42", "Employment.contractor": "true", "Employment.sites": "Berlin, Paris", "manager": "boss@suite.example", "orgUnitPath": "/",
	} {
		if got.Attributes[name] != want {
			t.Errorf("%s is %q, want %q", name, got.Attributes[name], want)
		}
	}
	if _, has := got.Attributes["Employment.odd"]; has {
		t.Error("an object became a text")
	}
}

func TestUseOfOAuthClients(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	p, u := s.provider(t, nil), person(t, s, "ada@suite.example")
	now := s.now().UTC().Truncate(time.Second)
	const client = "705-abc.apps.googleusercontent.com"
	record := func(report, name string, at time.Time, params map[string]string) {
		must(t, "Record", s.Record(report, name, string(u), at, params))
	}
	record(googlesim.ReportToken, googlesim.Authorize, now.Add(-72*time.Hour), map[string]string{"client_id": client, "app_name": "Other App"})
	record(googlesim.ReportToken, googlesim.Activity, now.Add(-48*time.Hour), map[string]string{"client_id": client, "method_name": "x"})
	record(googlesim.ReportToken, googlesim.Revoke, now.Add(-24*time.Hour), map[string]string{"client_id": client})
	record(googlesim.ReportToken, googlesim.Activity, now.Add(-12*time.Hour), map[string]string{"client_id": "another"})
	record(googlesim.ReportSAML, googlesim.LoginSuccess, now.Add(-36*time.Hour), map[string]string{"application_name": "Pay, Roll"})
	for app, want := range map[string]time.Duration{client: 48 * time.Hour, "oauth:" + client: 48 * time.Hour, "oauth:another": 12 * time.Hour, "Pay, Roll": 36 * time.Hour} {
		got, err := p.LastUse(t.Context(), app, u, time.Time{})
		must(t, "LastUse of "+app, err)
		if !got.Equal(now.Add(-want)) {
			t.Errorf("%s: got %v, want %v", app, got, now.Add(-want))
		}
	}
	for _, app := range []string{"", "saml:", "oauth: ", "a\nb"} {
		_, err := p.LastUse(t.Context(), app, u, time.Time{})
		wantKind(t, "LastUse of "+app, err, idp.Invalid)
	}
}
