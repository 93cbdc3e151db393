package ldapsim_test

import (
	"errors"
	"net"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	vendor "github.com/go-ldap/ldap/v3"
	"go.uber.org/goleak"

	"usher/sandbox/ldapsim"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	adaID = "10000000-0000-4000-8000-000000000001"
	bobID = "10000000-0000-4000-8000-000000000002"
	cydID = "10000000-0000-4000-8000-000000000003"
	wiki  = "20000000-0000-4000-8000-000000000001"
	crm   = "20000000-0000-4000-8000-000000000002"

	password = "program-password"
	ada      = "uid=ada,ou=people,dc=suite,dc=example"
	bob      = "uid=bob,ou=people,dc=suite,dc=example"
	wikiDN   = "cn=wiki team,ou=groups,dc=suite,dc=example"
	program  = "cn=program,dc=suite,dc=example"
)

func company() ldapsim.Config {
	return ldapsim.Config{
		Suffix: "dc=suite,dc=example", Account: "cn=program", Password: password,
		People: []ldapsim.Person{
			{ID: adaID, UID: "ada", Name: "Ada Byron", Given: "Ada", Family: "Byron", Mail: "ada@suite.example", Department: "Research", Manager: "bob"},
			{ID: bobID, UID: "bob", Name: "Bób: the first", Given: "Bób", Family: "First", Mail: "bob@suite.example", Title: "Lead"},
			{ID: cydID, UID: "cyd", Name: "Cyd", Family: "Cyd", Mail: "cyd@suite.example", Locked: true},
		},
		Groups: []ldapsim.Group{
			{ID: wiki, Name: "wiki team", Members: []string{"bob"}},
			{ID: crm, Name: "crm", Filter: "(departmentNumber=Research)"},
		},
	}
}

// start runs a directory, or skips the test where there is no slapd.
func start(t *testing.T) (*ldapsim.Server, string) {
	t.Helper()
	s, err := ldapsim.New(company())
	if err != nil {
		t.Fatal(err)
	}
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Start(l); errors.Is(err, ldapsim.ErrNotInstalled) && os.Getenv("USHER_SLAPD") != "required" {
		t.Skip(err)
	} else if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s, "ldap://" + l.Addr().String()
}

// dial signs in as the program.
func dial(t *testing.T, url string) *vendor.Conn {
	t.Helper()
	conn, err := vendor.DialURL(url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.Bind(program, password); err != nil {
		t.Fatal(err)
	}
	return conn
}

func search(conn *vendor.Conn, base string, scope int, filter string, attributes ...string) ([]*vendor.Entry, error) {
	found, err := conn.Search(vendor.NewSearchRequest(base, scope, 0, 0, 0, false, filter, attributes, nil))
	if err != nil {
		return nil, err
	}
	return found.Entries, nil
}

func join(conn *vendor.Conn, dn string) error {
	m := vendor.NewModifyRequest(wikiDN, nil)
	m.Add("member", []string{dn})
	return conn.Modify(m)
}

func leave(conn *vendor.Conn, dn string) error {
	m := vendor.NewModifyRequest(wikiDN, nil)
	m.Delete("member", []string{dn})
	return conn.Modify(m)
}

func TestTheEntriesAreThoseOfTheConfiguration(t *testing.T) {
	t.Parallel()
	_, url := start(t)
	conn := dial(t, url)
	found, err := search(conn, "dc=suite,dc=example", vendor.ScopeWholeSubtree, "(|(entryUUID="+adaID+")(entryUUID="+bobID+"))", "*", "entryUUID")
	if err != nil || len(found) != 2 {
		t.Fatal(found, err)
	}
	for _, e := range found {
		if e.DN == ada && (e.GetAttributeValue("manager") != bob || e.GetAttributeValue("entryUUID") != adaID || e.GetAttributeValue("departmentNumber") != "Research") {
			e.Print()
			t.Error("ada is another")
		}
		if e.DN == bob && e.GetAttributeValue("cn") != "Bób: the first" {
			t.Error(e.GetAttributeValue("cn"))
		}
	}
	locked, err := search(conn, "ou=people,dc=suite,dc=example", vendor.ScopeWholeSubtree, "(pwdAccountLockedTime=000001010000Z)")
	if err != nil || len(locked) != 1 || !strings.HasPrefix(locked[0].DN, "uid=cyd,") {
		t.Error(locked, err)
	}
	rule, err := search(conn, "cn=crm,ou=groups,dc=suite,dc=example", vendor.ScopeBaseObject, "(objectClass=groupOfURLs)", "memberURL")
	if err != nil || len(rule) != 1 || !strings.HasSuffix(rule[0].GetAttributeValue("memberURL"), "(departmentNumber=Research)") {
		t.Error(rule, err)
	}
}

func TestTheLogTellsWhatRequestsAreFor(t *testing.T) {
	t.Parallel()
	s, url := start(t)
	conn := dial(t, url)
	changed := s.Changed()
	steps := []struct {
		do   func() error
		want ldapsim.Call
	}{
		{func() error { return join(conn, ada) }, ldapsim.Call{Name: ldapsim.OpMemberAdd, Group: wiki, User: adaID, Result: "success", Changed: true}},
		{func() error { return join(conn, ada) }, ldapsim.Call{Name: ldapsim.OpMemberAdd, Group: wiki, User: adaID, Result: "attributeOrValueExists"}},
		{func() error {
			_, err := search(conn, wikiDN, vendor.ScopeBaseObject, "(member="+ada+")", "1.1")
			return err
		}, ldapsim.Call{Name: ldapsim.OpMemberRead, Group: wiki, User: adaID, Result: "success"}},
		{func() error {
			_, err := search(conn, "ou=groups,dc=suite,dc=example", vendor.ScopeWholeSubtree, "(&(objectClass=*)(|(member="+ada+")))")
			return err
		}, ldapsim.Call{Name: ldapsim.OpUserGroups, User: adaID, Result: "success"}},
		{func() error {
			_, err := search(conn, wikiDN, vendor.ScopeBaseObject, "(objectClass=*)", "member;range=0-*")
			return err
		}, ldapsim.Call{Name: ldapsim.OpMembers, Group: wiki, Result: "success"}},
		{func() error { return leave(conn, ada) }, ldapsim.Call{Name: ldapsim.OpMemberRemove, Group: wiki, User: adaID, Result: "success", Changed: true}},
		{func() error { return leave(conn, "uid=made-up,dc=suite,dc=example") }, ldapsim.Call{Name: ldapsim.OpModify, Result: "noSuchAttribute"}},
		{func() error {
			_, err := search(conn, "", vendor.ScopeBaseObject, "(objectClass=*)", "supportedControl")
			return err
		}, ldapsim.Call{Name: ldapsim.OpRoot, Result: "success"}},
		{func() error { _, err := search(conn, ada, vendor.ScopeBaseObject, "(!(title=*))"); return err }, ldapsim.Call{Name: ldapsim.OpSearch, Result: "success"}},
		{func() error { return conn.Bind(program, "wrong") }, ldapsim.Call{Name: ldapsim.OpBind, Result: "invalidCredentials"}},
	}
	for i, step := range steps {
		err := step.do()
		got := s.Calls()[i+1] // After the bind.
		if got.Name != step.want.Name || got.Group != step.want.Group || got.User != step.want.User || got.Result != step.want.Result || got.Changed != step.want.Changed {
			t.Errorf("step %d: %+v (%v), want %+v", i, got, err, step.want)
		}
		if (err == nil) != (step.want.Result == "success") || strings.Contains(got.Query, "wrong") || !slices.Contains(s.Operations(), got.Name) {
			t.Errorf("step %d: %v", i, err)
		}
	}
	<-changed
	history := s.MemberHistory(wiki)
	if len(history) != 2 || !history[0].Added || history[1].Added || history[0].By != program || history[0].User != adaID {
		t.Errorf("history %+v", history)
	}
	s.ResetCalls()
	if len(s.Calls()) != 0 {
		t.Error("calls are left")
	}
}

func TestTheProgramMayChangeMembersAndNothingElse(t *testing.T) {
	t.Parallel()
	_, url := start(t)
	conn := dial(t, url)
	m := vendor.NewModifyRequest(ada, nil)
	m.Replace("title", []string{"Queen"})
	if err := conn.Modify(m); !vendor.IsErrorWithCode(err, vendor.LDAPResultInsufficientAccessRights) {
		t.Error(err)
	}
	if err := conn.Del(vendor.NewDelRequest(wikiDN, nil)); !vendor.IsErrorWithCode(err, vendor.LDAPResultInsufficientAccessRights) {
		t.Error(err)
	}
}

func TestAnAdministratorChangesThingsByHand(t *testing.T) {
	t.Parallel()
	s, _ := start(t)
	for range 2 { // The second time it is so already.
		if err := s.AddMemberByHand(wiki, adaID, "Noor"); err != nil {
			t.Fatal(err)
		}
	}
	if got := s.Members(wiki); !slices.Equal(got, []string{adaID, bobID}) {
		t.Error(got)
	}
	for range 2 {
		if err := s.RemoveMemberByHand(wiki, adaID, "Noor"); err != nil {
			t.Fatal(err)
		}
	}
	if h := s.MemberHistory(wiki); len(h) != 2 || h[0].By != "Noor" || len(s.Members(wiki)) != 1 {
		t.Errorf("%+v", h)
	}
	if !s.Locked(cydID) || s.Locked(adaID) {
		t.Error("the locks are others")
	}
	if err := errors.Join(s.SetLocked(cydID, false), s.SetLocked(adaID, true)); err != nil || s.Locked(cydID) || !s.Locked(adaID) {
		t.Error(err)
	}
	for what, err := range map[string]error{
		"group": s.AddMemberByHand(crm+"0", adaID, ""), "person": s.RemoveMemberByHand(wiki, "", ""), "lock": s.SetLocked(wiki+"0", true),
	} {
		if !errors.Is(err, ldapsim.ErrNotFound) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if s.Members("nothing") != nil {
		t.Error("members of nothing")
	}
}

func TestContradictionsAreNamed(t *testing.T) {
	t.Parallel()
	for want, change := range map[string]func(*ldapsim.Config){
		"suffix":              func(c *ldapsim.Config) { c.Suffix = "o=suite" },
		`person "ada,bob"`:    func(c *ldapsim.Config) { c.People[0].UID = "ada,bob" },
		`person "bob"`:        func(c *ldapsim.Config) { c.People[1].ID = adaID },
		`manager "eve"`:       func(c *ldapsim.Config) { c.People[1].Manager = "eve" },
		`group " crm"`:        func(c *ldapsim.Config) { c.Groups[1].Name = " crm" },
		`group "wiki team"`:   func(c *ldapsim.Config) { c.Groups[0].ID = adaID },
		`member "eve" of gro`: func(c *ldapsim.Config) { c.Groups[0].Members = []string{"eve"} },
	} {
		c := company()
		change(&c)
		if _, err := ldapsim.New(c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}

func TestCloseMayComeTwiceAndWithoutAStart(t *testing.T) {
	t.Parallel()
	s, err := ldapsim.New(company())
	if err != nil {
		t.Fatal(err)
	}
	s.Close()
	s.Close()
	if s.Members(wiki) != nil || s.Locked(adaID) {
		t.Error("a directory that was never started tells something")
	}
	started, url := start(t)
	conn := dial(t, url)
	conn.SetTimeout(5 * time.Second)
	started.Close()
	if err := join(conn, ada); err == nil {
		t.Error("a closed directory answers")
	}
}
