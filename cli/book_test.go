package cli_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"usher/sandbox"
)

// book is the town's catalog as the oracle reads it. None of it goes by way of the product's own reader.
type book struct {
	Version  int
	Settings struct {
		Deadline, Notice string
		Extensions       *int `yaml:"max_extensions"`
		Security         []string
	}
	Policies map[string]bookPolicy
	Apps     []bookApp
}

type bookApp struct {
	ID, Name, Risk, Status string
	Owners                 []string
	Entitlements           []bookRole
	Rest                   map[string]any `yaml:",inline"`
}

// bookRole is one entitlement. Length is its default length, if it names one.
type bookRole struct {
	ID, Name, Risk, Visible string
	Elevated                bool
	Groups, Durations       []string
	Length                  string `yaml:"default_duration"`
	Policy                  bookPolicy
	Rest                    map[string]any `yaml:",inline"`

	app *bookApp
}

// bookPolicy is the name of a policy, or one that is written in place.
type bookPolicy struct {
	name  string
	rules []bookRule
}

type bookRule struct {
	When, Because string
	Automatic     bool
	Steps         []bookStep
}

type bookStep struct {
	Approvers []string
	Quorum    int
}

// UnmarshalYAML reads a policy.
func (p *bookPolicy) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		return n.Decode(&p.name)
	}
	var in struct{ Rules []bookRule }
	err := n.Decode(&in)
	p.rules = in.Rules
	return err
}

func readBook(text string) (*book, error) {
	var b book
	if err := yaml.Unmarshal([]byte(text), &b); err != nil {
		return nil, fmt.Errorf("the oracle cannot read the catalog: %w", err)
	}
	for i := range b.Apps {
		for j := range b.Apps[i].Entitlements {
			r := &b.Apps[i].Entitlements[j]
			if r.app = &b.Apps[i]; r.Rest["extension"] != nil || r.Rest["deadline"] != nil {
				return nil, fmt.Errorf("the oracle knows nothing of extension and deadline of a role (%s)", r.ID)
			}
		}
	}
	return &b, nil
}

func (b *book) role(id string) *bookRole {
	for i := range b.Apps {
		for j := range b.Apps[i].Entitlements {
			if r := &b.Apps[i].Entitlements[j]; r.ID == id {
				return r
			}
		}
	}
	return nil
}

// named is the role that the form calls so, as "GitHub: Write".
func (b *book) named(words string) *bookRole {
	for i := range b.Apps {
		for j := range b.Apps[i].Entitlements {
			if r := &b.Apps[i].Entitlements[j]; r.app.Name+": "+r.Name == words {
				return r
			}
		}
	}
	return nil
}

// deadline is how long a request may wait for its decision.
func (b *book) deadline() time.Duration {
	if b.Settings.Deadline == "" {
		return 72 * time.Hour
	}
	return length(b.Settings.Deadline)
}

// length reads 30m, 8h, 7d, 2w and standing, which is 0.
func length(s string) time.Duration {
	if s == "standing" {
		return 0
	}
	unit := map[byte]time.Duration{'m': time.Minute, 'h': time.Hour, 'd': 24 * time.Hour, 'w': 7 * 24 * time.Hour}[s[len(s)-1]]
	n, err := strconv.Atoi(s[:len(s)-1])
	if err != nil || unit == 0 {
		panic("the oracle cannot read the length " + s)
	}
	return time.Duration(n) * unit
}

func (r *bookRole) lengths() []time.Duration {
	list := r.Durations
	if len(list) == 0 {
		list = []string{"1h", "6h", "24h"}
	}
	var out []time.Duration
	for _, s := range list {
		out = append(out, length(s))
	}
	return out
}

// usual is the length of a request that chose none.
func (r *bookRole) usual() time.Duration {
	if r.Length != "" {
		return length(r.Length)
	}
	list := r.lengths()
	return list[(len(list)-1)/2]
}

// groups are the ids of the groups that the role gives.
func (r *bookRole) groups() []string {
	var out []string
	for _, g := range r.Groups {
		_, id, _ := strings.Cut(g, ":")
		out = append(out, id)
	}
	slices.Sort(out)
	return out
}

// conditions are the expressions of the catalogs in these tests.
func conditions() map[string]func(p sandbox.Person, d time.Duration) bool {
	engineers := func(p sandbox.Person, _ time.Duration) bool {
		return slices.Contains([]string{"Engineering", "Data", "Security"}, p.Department)
	}
	return map[string]func(p sandbox.Person, d time.Duration) bool{
		"": func(sandbox.Person, time.Duration) bool { return true },
		`duration <= duration("6h") && requester.department == "Engineering"`: func(p sandbox.Person, d time.Duration) bool {
			return d != 0 && d <= 6*time.Hour && p.Department == "Engineering"
		},
		`subject.department == "Design"`: func(p sandbox.Person, _ time.Duration) bool { return p.Department == "Design" },
		`requester.department in ["Engineering", "Data", "Design"] || "00g1contractors" in requester.groups`: func(p sandbox.Person, _ time.Duration) bool {
			return slices.Contains([]string{"Engineering", "Data", "Design"}, p.Department) || p.Title == "Contractor"
		},
		`requester.department in ["Engineering", "Data", "Security"]`: engineers,
		`requester.department == "People"`:                            func(p sandbox.Person, _ time.Duration) bool { return p.Department == "People" },
	}
}

// rule is the rule that decides about a request of the person for so long in all. Its steps are the approvals that are
// needed; none means that nobody has to approve.
func (b *book) rule(r *bookRole, p sandbox.Person, total time.Duration) bookRule {
	rules := r.Policy.rules
	switch named := b.Policies[r.Policy.name]; {
	case r.Policy.name != "":
		rules = named.rules
	case rules == nil:
		return bookRule{Steps: b.usualSteps(r)}
	}
	for _, rule := range rules {
		if holds(rule.When, p, total) {
			return rule
		}
	}
	panic("no rule of the catalog decides about " + r.ID)
}

func holds(when string, p sandbox.Person, total time.Duration) bool {
	f, ok := conditions()[when]
	if !ok {
		panic("the oracle does not know the condition " + when)
	}
	return f(p, total)
}

// usualSteps are those of a role without a policy, by its risk.
func (b *book) usualSteps(r *bookRole) []bookStep {
	risk := r.Risk
	if risk == "" {
		risk = r.app.Risk
	}
	switch {
	case risk == "high" || risk == "critical" || r.Elevated:
		return []bookStep{{Approvers: []string{"owner"}}, {Approvers: b.Settings.Security}}
	case risk == "medium":
		return []bookStep{{Approvers: []string{"owner"}}}
	}
	return []bookStep{{Approvers: []string{"manager"}}}
}
