package cli

import (
	"errors"
	"net"
	"os"
	"strings"
	"testing"

	"usher/idp"
	"usher/idp/ldap"
	"usher/sandbox/ldapsim"
)

// TestAttributesOfTheSettingsReachTheLDAPDirectory reads a person of a real slapd by attributes that are not the usual ones.
func TestAttributesOfTheSettingsReachTheLDAPDirectory(t *testing.T) {
	t.Parallel()
	const boss, pat, group = "11111111-2222-4333-8444-000000000001", "11111111-2222-4333-8444-000000000002", "11111111-2222-4333-8444-000000000003"
	sim, err := ldapsim.New(ldapsim.Config{
		Suffix: "dc=acme,dc=example", Account: "cn=usher", Password: "p4ss",
		People: []ldapsim.Person{
			{ID: boss, UID: "bo", Name: "Bo Ss", Family: "Ss", Mail: "bo@acme.example", Department: "E1"},
			{ID: pat, UID: "pat", Name: "bo@acme.example", Given: "Pat", Family: "Suite", Mail: "pat@acme.example", Title: "Engines", Department: "E7"},
		},
		Groups: []ldapsim.Group{{ID: group, Name: "Team"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer sim.Close()
	if err := sim.Start(l); errors.Is(err, ldapsim.ErrNotInstalled) && os.Getenv("USHER_SLAPD") != "required" {
		t.Skip(err)
	} else if err != nil {
		t.Fatal(err)
	}
	at := "ldap: {urls: ['ldap://" + l.Addr().String() + "'], base_dn: 'dc=acme,dc=example', bind_dn: 'cn=usher,dc=acme,dc=example'"
	env := map[string]string{"USHER_LDAP_PASSWORD": "p4ss"}
	// Each attribute is another one's by default, so that no two can be mistaken for each other.
	cfg, problem := load(t, at+`, login_attribute: departmentNumber, department_attribute: title, manager_attribute: displayName, attributes: [givenName, uid],
  page_size: 10, timeout: 5s}`+"\n", env)
	if problem != "" {
		t.Fatal(problem)
	}
	p, err := (&App{}).openProvider(ldap.Name, cfg, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	u, err := p.User(t.Context(), pat)
	if err != nil {
		t.Fatal(err)
	}
	if u.Login != "E7" || u.Department != "Engines" || len(u.Attributes) != 2 || u.Attributes["givenName"] != "Pat" || u.Attributes["uid"] != "pat" {
		t.Errorf("got %+v", u)
	}
	finder, ok := p.(idp.ManagerFinder)
	if !ok {
		t.Fatal("the LDAP directory knows no managers")
	}
	if m, err := finder.Manager(t.Context(), pat); err != nil || m.ID != boss {
		t.Errorf("the manager is %+v, %v", m, err)
	}
	for key, want := range map[string]string{"page_size: 5": "page size 5", "timeout: -1s": "timeout -1s"} {
		cfg, problem := load(t, at+", "+key+"}\n", env)
		if problem != "" {
			t.Fatal(problem)
		}
		if _, err := (&App{}).openProvider(ldap.Name, cfg, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", key, err)
		}
	}
}
