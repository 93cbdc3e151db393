package sandbox

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

//go:embed company.yml
var companyFile []byte

//go:embed catalog.yml
var catalogFile []byte

// DefaultCompany returns the company file that the sandbox starts with.
func DefaultCompany() []byte { return bytes.Clone(companyFile) }

// Catalog returns the catalog of the default company.
func Catalog() []byte { return bytes.Clone(catalogFile) }

// Company is the content of a company file.
type Company struct {
	Name   string   `yaml:"name"`
	Domain string   `yaml:"domain"`
	Admins []string `yaml:"admins"` // handles
	People []Person `yaml:"people"`
	Groups []Group  `yaml:"groups"`
	Apps   []App    `yaml:"apps"`
}

// Person is one line of the company file.
type Person struct {
	Handle     string `yaml:"handle"` // lower-case letters; all ids follow from it
	Name       string `yaml:"name"`
	Title      string `yaml:"title"`
	Department string `yaml:"department"`
	Address    string `yaml:"email"`   // default: the handle at the company's domain
	Manager    string `yaml:"manager"` // handle

	SecondSlack bool `yaml:"second_slack"` // a second Slack user with the same address
	Guest       bool `yaml:"guest"`        // a guest in Slack
	Outsider    bool `yaml:"outsider"`     // in Slack only, from another company's workspace
	Unconfirmed bool `yaml:"unconfirmed"`  // the e-mail address was never confirmed in Slack
	Left        bool `yaml:"left"`         // deactivated everywhere, memberships still there

	domain string
}

// Email is the person's address in all three systems.
func (p Person) Email() string {
	if p.Address != "" {
		return p.Address
	}
	return p.Handle + "@" + p.domain
}

// Domains are the domains of everybody's addresses but outsiders', the company's own first.
func (c *Company) Domains() []string {
	list := []string{c.Domain}
	for _, p := range c.People {
		if _, domain, _ := strings.Cut(p.Email(), "@"); !p.Outsider && !slices.Contains(list, domain) {
			list = append(list, domain)
		}
	}
	return list
}

// SlackID is the person's id in Slack.
func (p Person) SlackID() string { return "U0" + strings.ToUpper(p.Handle) }

// SecondSlackID is the id of the person's other Slack user.
func (p Person) SecondSlackID() string { return p.SlackID() + "2" }

// OktaID is the person's id in Okta: 20 characters, as Okta's own.
func (p Person) OktaID() string {
	id := "00u" + p.Handle
	return id + strings.Repeat("0", max(0, 20-len(id)))
}

// AccountID is the person's id in Jira.
func (p Person) AccountID() string { return "712020:" + p.Handle }

// Group is a directory group with its members' handles.
type Group struct {
	ID       string   `yaml:"id"`
	Name     string   `yaml:"name"`
	Members  []string `yaml:"members"`
	Rule     string   `yaml:"rule"`     // filled by this group rule
	Imported bool     `yaml:"imported"` // comes from an app
}

// App is an app of the directory with how many days before the start each person last used it.
type App struct {
	ID    string         `yaml:"id"`
	Label string         `yaml:"label"`
	Group string         `yaml:"group"`
	Used  map[string]int `yaml:"used"`
}

// ParseCompany reads a company file; unknown keys, unknown handles and doubles are errors, all of them at once.
func ParseCompany(data []byte) (*Company, error) {
	dec := yaml.NewDecoder(bytes.NewReader(data))
	dec.KnownFields(true)
	var c Company
	if err := dec.Decode(&c); err != nil {
		return nil, fmt.Errorf("read company: %w", err)
	}
	for i := range c.People {
		c.People[i].domain = c.Domain
		if c.People[i].Outsider {
			c.People[i].domain = "elsewhere.example"
		}
	}
	return &c, c.check()
}

// Person finds somebody by handle.
func (c *Company) Person(handle string) (Person, bool) {
	for _, p := range c.People {
		if p.Handle == handle {
			return p, true
		}
	}
	return Person{}, false
}

func (c *Company) check() error {
	var errs []error
	if c.Domain == "" || c.Name == "" {
		errs = append(errs, errors.New("company: name and domain must be set"))
	}
	seen := map[string]bool{}
	for _, p := range c.People {
		if strings.Trim(p.Handle, "abcdefghijklmnopqrstuvwxyz") != "" || p.Handle == "" || len(p.Handle) > 17 {
			errs = append(errs, fmt.Errorf("company: handle %q must be 1 to 17 lower-case letters", p.Handle))
		}
		if seen[p.Handle] {
			errs = append(errs, fmt.Errorf("company: handle %q is used twice", p.Handle))
		}
		seen[p.Handle] = true
	}
	known := func(where, handle string) {
		if handle != "" && !seen[handle] {
			errs = append(errs, fmt.Errorf("company: %s names %q, who is not among the people", where, handle))
		}
	}
	for _, a := range c.Admins {
		known("admins", a)
	}
	for _, p := range c.People {
		known(p.Handle+"'s manager", p.Manager)
	}
	for _, g := range c.Groups {
		for _, m := range g.Members {
			known("group "+g.ID, m)
		}
	}
	for _, a := range c.Apps {
		for u := range a.Used {
			known("app "+a.ID, u)
		}
	}
	return errors.Join(errs...)
}
