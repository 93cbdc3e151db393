package catalog

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func example1(t testing.TB, id EntitlementID) *Entitlement {
	t.Helper()
	e, ok := parse(t, Source{"example.yml", Example()}).Entitlement(id)
	if !ok {
		t.Fatalf("no entitlement %s", id)
	}
	return e
}

func TestFirstMatchingRuleDecides(t *testing.T) {
	t.Parallel()
	manager := Step{Approvers: []Approver{{Kind: ApproverManager}}, Quorum: 1}
	owner := Step{Approvers: []Approver{{Kind: ApproverOwner, Emails: []string{"ada@example.com", "grace@example.com"}}}, Quorum: 1}
	pair := Step{Approvers: []Approver{owner.Approvers[0], {Kind: ApproverPerson, Emails: []string{"sec@example.com"}}}, Quorum: 2}
	hours := func(n int) Duration { return Duration(time.Duration(n) * time.Hour) }
	engineer := Person{Department: "Engineering"}
	for name, tt := range map[string]struct {
		id    EntitlementID
		facts Facts
		want  Route
	}{
		"short and in the department": {
			"github-read",
			Facts{Requester: engineer, Duration: hours(6)},
			Route{Automatic: true, Steps: []Step{}, Rule: "low-risk, rule 1", Because: "Short access for engineers"},
		},
		"too long":         {"github-read", Facts{Requester: engineer, Duration: hours(7)}, Route{Steps: []Step{manager}, Rule: "low-risk, rule 2"}},
		"no end":           {"github-read", Facts{Requester: engineer, Duration: Standing}, Route{Steps: []Step{manager}, Rule: "low-risk, rule 2"}},
		"other department": {"github-read", Facts{Subject: engineer, Duration: hours(1)}, Route{Steps: []Step{manager}, Rule: "low-risk, rule 2"}},
		"steps in order":   {"github-write", Facts{}, Route{Steps: []Step{manager, pair}, Rule: "two-steps, rule 2"}},
		"attribute of the subject": {
			"github-write",
			Facts{Subject: Person{Attributes: map[string]string{"cost_center": "R&D"}}},
			Route{Steps: []Step{owner}, Rule: "two-steps, rule 1", Because: "Research answers to the app's owners alone"},
		},
		"written in place": {
			"figma-editor",
			Facts{Subject: Person{Department: "Design"}},
			Route{Automatic: true, Steps: []Step{}, Rule: "policy of figma-editor, rule 1", Because: "Designers work in Figma"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := example1(t, tt.id).Route(tt.facts)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("route (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDefaultPolicyFollowsRisk(t *testing.T) {
	t.Parallel()
	for lines, want := range map[string]string{
		"risk: low":                    "default for low risk, rule 1: manager",
		"risk: medium":                 "default for medium risk, rule 1: owner",
		"risk: high":                   "default for high risk, rule 1: owner, person+person",
		"risk: critical":               "default for critical risk, rule 1: owner, person+person",
		"risk: low\nelevated: true":    "default for elevated access, rule 1: owner, person+person",
		"risk: medium\nelevated: true": "default for elevated access, rule 1: owner, person+person",
	} {
		c := parse(t, Source{"c.yml", []byte("settings: {security: [a@example.com, b@example.com]}\n" + roleDoc(lines))})
		e, _ := c.Entitlement("write")
		r, err := e.Route(Facts{})
		if err != nil {
			t.Fatal(err)
		}
		var steps []string
		for _, s := range r.Steps {
			var kinds []string
			for _, a := range s.Approvers {
				kinds = append(kinds, string(a.Kind))
			}
			if s.Quorum != 1 {
				t.Errorf("%s: quorum = %d", lines, s.Quorum)
			}
			steps = append(steps, strings.Join(kinds, "+"))
		}
		if got := r.Rule + ": " + strings.Join(steps, ", "); got != want {
			t.Errorf("%q: got %q, want %q", lines, got, want)
		}
	}
}

func TestEvaluationErrorsFailClosed(t *testing.T) {
	t.Parallel()
	doc := roleDoc("because: Only team blue\nvisible: requester.attributes.team == 'blue'\npolicy:\n  rules:\n" +
		"    - {when: \"subject.attributes.team == 'blue'\", automatic: true, because: x}\n    - steps: [{approvers: [manager]}]")
	e, _ := parse(t, Source{"c.yml", []byte(doc)}).Entitlement("write")
	blue, red := Person{Attributes: map[string]string{"team": "blue"}}, Person{Attributes: map[string]string{"team": "red"}}
	if r, err := e.Route(Facts{}); err == nil || !strings.Contains(err.Error(), "policy of write, rule 1") || len(r.Steps) > 0 || r.Automatic {
		t.Errorf("route without the attribute = %+v, %v; want an error that names the rule", r, err)
	}
	if r, err := e.Route(Facts{Subject: blue}); err != nil || !r.Automatic {
		t.Errorf("route with the attribute = %+v, %v", r, err)
	}
	for _, p := range []Person{{}, red} {
		if ok, reason := e.Eligible(p); ok || reason != "Only team blue" {
			t.Errorf("eligible = %v, %q", ok, reason)
		}
	}
	if ok, reason := e.Eligible(blue); !ok || reason != "" {
		t.Errorf("eligible = %v, %q", ok, reason)
	}
}

func TestNotEligibleAlwaysSaysWhy(t *testing.T) {
	t.Parallel()
	for lines, want := range map[string]string{
		"visible: requester.manager":                 "GitHub: Write is limited to other people or teams",
		"visible: requester.attributes.team == 'a'":  "your directory profile lacks something that the rule for GitHub: Write needs",
		"visible: requester.manager\nbecause: Staff": "Staff",
	} {
		e, _ := parse(t, Source{"c.yml", []byte(roleDoc(lines))}).Entitlement("write")
		if ok, reason := e.Eligible(Person{}); ok || reason != want {
			t.Errorf("%s: %v, %q, want %q", lines, ok, reason, want)
		}
	}
}

func TestCostlyExpressionIsStopped(t *testing.T) {
	t.Parallel()
	const nested = "requester.groups.all(a, requester.groups.all(b, requester.groups.all(c, a + b != c)))"
	e, _ := parse(t, Source{"c.yml", []byte(roleDoc("visible: " + nested))}).Entitlement("write")
	p := Person{}
	for i := range 300 {
		p.Groups = append(p.Groups, "00g"+strconv.Itoa(i))
	}
	if ok, _ := e.Eligible(p); ok {
		t.Error("27 million steps were run to the end")
	}
	e, _ = parse(t, Source{"c.yml", []byte(roleDoc(`visible: '"00g4999" in requester.groups'`))}).Entitlement("write")
	for i := range 4700 {
		p.Groups = append(p.Groups, "00g"+strconv.Itoa(300+i))
	}
	if ok, reason := e.Eligible(p); !ok {
		t.Errorf("a search in 5,000 groups is refused: %s", reason)
	}
}

func TestExpressionsSeeEveryDocumentedField(t *testing.T) {
	t.Parallel()
	const visible = `requester.id == "u1" && requester.email == "ada@example.com" && requester.name == "Ada" && requester.title == "CTO"
		&& requester.department == "R" && requester.manager && "g" in requester.groups && requester.attributes["k"] == "v"
		&& subject.id == requester.id && app.id == "github" && app.name == "GitHub" && app.category == "Code" && "git" in app.tags
		&& app.risk == "low" && "ada@example.com" in app.owners && entitlement.id == "write" && entitlement.name == "Write"
		&& entitlement.risk == "high" && entitlement.elevated && !has(requester.attributes.x)`
	doc := "settings: {security: [s@example.com]}\n" + strings.Replace(roleDoc("elevated: true\nrisk: high\nvisible: |\n"+indent(2, visible)),
		"name: GitHub", "name: GitHub\n    category: Code\n    tags: [git]", 1)
	e, _ := parse(t, Source{"c.yml", []byte(doc)}).Entitlement("write")
	p := Person{"u1", "ada@example.com", "Ada", "CTO", "R", []string{"g"}, map[string]string{"k": "v"}, true}
	if ok, reason := e.Eligible(p); !ok {
		t.Error(reason)
	}
}

func TestOnlyApprovedAppsRoute(t *testing.T) {
	t.Parallel()
	e := example1(t, "old-wiki-read")
	if _, err := e.Route(Facts{}); !errors.Is(err, ErrNotRequestable) {
		t.Errorf("route error = %v", err)
	}
	if ok, reason := e.Eligible(Person{}); ok || reason != "Old Wiki is not open for requests (retired)" {
		t.Errorf("eligible = %v, %q", ok, reason)
	}
}

func TestExtensionHasItsOwnPolicyAndLimits(t *testing.T) {
	t.Parallel()
	write := example1(t, "github-write")
	if r, err := write.ExtensionRoute(Facts{}); err != nil || r.Rule != "low-risk, rule 2" {
		t.Errorf("route = %+v, %v", r, err)
	}
	if want := (Extension{1, 30 * day}); write.Extension != want {
		t.Errorf("extension = %+v, want %+v", write.Extension, want)
	}
	read := example1(t, "github-read")
	if r, err := read.ExtensionRoute(Facts{Duration: Standing}); err != nil || r.Rule != "low-risk, rule 2" {
		t.Errorf("route = %+v, %v", r, err)
	}
	if want := (Extension{2, 3 * day}); read.Extension != want {
		t.Errorf("default extension = %+v, want %+v", read.Extension, want)
	}
	for _, lines := range []string{"extension: {max_count: 0}", "standing: {allowed: true}\ndurations: [standing]"} {
		none, _ := parse(t, Source{"c.yml", []byte(roleDoc(lines))}).Entitlement("write")
		if _, err := none.ExtensionRoute(Facts{}); !errors.Is(err, ErrNoExtension) {
			t.Errorf("%s: error = %v", lines, err)
		}
	}
}

func TestRouteIsTheCallersToKeep(t *testing.T) {
	t.Parallel()
	e := example1(t, "github-admin")
	first, _ := e.Route(Facts{})
	first.Steps[0].Approvers[0].Emails[0] = "mallory@example.com"
	first.Steps[0].Approvers[0].Kind = ApproverManager
	first.Steps[1].Approvers[0].Emails[0] = "mallory@example.com"
	second, _ := e.Route(Facts{})
	data, err := json.Marshal(second)
	if err != nil || strings.Contains(string(data), "mallory") {
		t.Errorf("a caller changed the catalog: %s, %v", data, err)
	}
	var back Route
	if err := json.Unmarshal(data, &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(second, back); diff != "" {
		t.Errorf("JSON there and back (-want +got):\n%s", diff)
	}
}

func TestCatalogIsSafeForParallelUse(t *testing.T) {
	t.Parallel()
	c := parse(t, Source{"example.yml", Example()})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for _, e := range c.Requestable() {
				p := Person{Department: "Engineering", Groups: []string{"00g1contractors"}}
				if ok, reason := e.Eligible(p); !ok {
					t.Error(reason)
				}
				if _, err := e.Route(Facts{Requester: p, Subject: p, Duration: e.Default}); err != nil {
					t.Error(err)
				}
			}
			c.Search("git", 5, nil)
		})
	}
	wg.Wait()
}
