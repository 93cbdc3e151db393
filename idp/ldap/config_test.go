package ldap

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

func good() Config {
	return Config{URLs: []string{"ldaps://ldap.corp.example"}, BaseDN: "dc=corp,dc=example", BindDN: "cn=usher,dc=corp,dc=example", Password: "never-to-be-seen"}
}

func TestSettingsThatAreRefused(t *testing.T) {
	t.Parallel()
	for want, change := range map[string]func(*Config){
		"url: required":                      func(c *Config) { c.URLs = nil },
		"expected something like ldaps":      func(c *Config) { c.URLs = []string{"ldap.corp.example"} },
		"neither ldaps nor ldap":             func(c *Config) { c.URLs = []string{"https://ldap.corp.example"} },
		"must not hold credentials":          func(c *Config) { c.URLs = []string{"ldaps://u:p@ldap.corp.example"} },
		"bare address":                       func(c *Config) { c.URLs = []string{"ldaps://ldap.corp.example/dc=corp??sub"} },
		"still holds a placeholder":          func(c *Config) { c.URLs = []string{"ldaps://<server>.corp.example"} },
		"only this machine itself":           func(c *Config) { c.URLs, c.InsecurePlain = []string{"ldap://ldap.corp.example"}, true },
		"global catalog":                     func(c *Config) { c.Schema, c.URLs = ActiveDirectory, []string{"ldaps://dc:3269"} },
		`schema "novell"`:                    func(c *Config) { c.Schema = "novell" },
		"base DN: required":                  func(c *Config) { c.BaseDN = "" },
		"user base: must be":                 func(c *Config) { c.UserBase = "ou=people,dc=other" },
		"group base: must be":                func(c *Config) { c.GroupBase = "people" },
		"user filter: not a search filter":   func(c *Config) { c.UserFilter = "(objectClass=person)(uid=*)" },
		"disabled filter: may consist of":    func(c *Config) { c.DisabledFilter = "(uid=a*)" },
		`attribute "mail)(uid=*"`:            func(c *Config) { c.EmailAttribute = "mail)(uid=*" },
		`attribute "manager;x"`:              func(c *Config) { c.ManagerAttribute = "manager;x" },
		`attribute "é"`:                      func(c *Config) { c.Attributes = []string{"é"} },
		"client certificate, is required":    func(c *Config) { c.BindDN, c.Password = "", "" },
		"password is empty":                  func(c *Config) { c.Password = " " },
		"holds a line break":                 func(c *Config) { c.Password = "secret\n" },
		"not both":                           func(c *Config) { c.KeyPEM = "x" },
		"are not a pair":                     func(c *Config) { c.BindDN, c.Password, c.CertificatePEM, c.KeyPEM = "", "", "x", "y" },
		"roots: no certificate":              func(c *Config) { c.RootsPEM = "x" },
		"placeholder: not a":                 func(c *Config) { c.Placeholder = "nobody" },
		"groups of Active Directory may be":  func(c *Config) { c.Schema, c.Placeholder = ActiveDirectory, "cn=x" },
		"connections 2: must be 3 to 50":     func(c *Config) { c.MaxConnections = 2 },
		"page size 5000: must be 10 to 1000": func(c *Config) { c.PageSize = 5000 },
		"timeout -1ns: must be positive":     func(c *Config) { c.Timeout = -1 },
	} {
		c := good()
		change(&c)
		_, err := New(c)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "configure ldap: ") {
			t.Errorf("%s: got %v", want, err)
		}
		if err != nil && strings.Contains(err.Error(), "never-to-be-seen") {
			t.Errorf("%s: the error shows the password", want)
		}
	}
}

func TestAllProblemsAreToldAtOnce(t *testing.T) {
	t.Parallel()
	_, err := New(Config{})
	if err == nil || strings.Count(err.Error(), "\n") != 2 {
		t.Fatalf("got %v, want three lines", err)
	}
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	s, err := good().normalized()
	if err != nil {
		t.Fatal(err)
	}
	if s.servers[0] != (server{host: "ldap.corp.example", addr: "ldap.corp.example:636", secure: fromStart}) || s.MaxConnections != 5 ||
		s.bases.users != s.BaseDN || s.Placeholder != s.BindDN || s.tls.MinVersion != 0x0303 {
		t.Errorf("got %+v", s)
	}
	for raw, want := range map[string]server{
		"ldap://LDAP.corp.example/": {host: "ldap.corp.example", addr: "ldap.corp.example:389", secure: startTLS},
		"ldaps://[::1]:1636":        {host: "::1", addr: "[::1]:1636", secure: fromStart},
	} {
		got, err := parseServer(raw, OpenLDAP, false)
		if err != nil || got != want {
			t.Errorf("%s: got %+v, %v", raw, got, err)
		}
	}
	windows := good()
	windows.Schema, windows.BindDN = ActiveDirectory, "usher@corp.example"
	if s, err := windows.normalized(); err != nil || s.Placeholder != "" {
		t.Errorf("got %q, %v", s.Placeholder, err)
	}
}

func TestSecretsAreNeverPrinted(t *testing.T) {
	t.Parallel()
	c := good()
	p, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(struct{ S Secret }{c.Password})
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{
		fmt.Sprint(c), fmt.Sprintf("%+v", c), fmt.Sprintf("%#v", c), string(raw), c.Password.LogValue().String(),
		fmt.Sprintf("%v", p), fmt.Sprintf("%+v", p), fmt.Sprintf("%#v", p),
	} {
		if strings.Contains(text, "never-to-be-seen") {
			t.Errorf("shown in %s", text)
		}
	}
	if Secret("").String() != "" || Secret("x").String() != hidden {
		t.Error("an empty secret and a hidden one look alike")
	}
}
