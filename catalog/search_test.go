package catalog

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// shelf makes a catalog of "app name|category|tags|description|role" lines; the id of an entitlement is its line's number.
func shelf(t testing.TB, lines ...string) *Catalog {
	t.Helper()
	var b strings.Builder
	b.WriteString("version: 1\napps:\n")
	for i, line := range lines {
		f := strings.Split(line, "|")
		fmt.Fprintf(&b, "  - {id: a%d, name: %q, risk: low, status: approved, owners: [o@example.com]", i, f[0])
		for j, key := range []string{"category", "tags", "description"} {
			if f[j+1] != "" {
				value := fmt.Sprintf("%q", f[j+1])
				if key == "tags" {
					value = "[" + value + "]"
				}
				fmt.Fprintf(&b, ", %s: %s", key, value)
			}
		}
		fmt.Fprintf(&b, ", entitlements: [{id: e%d, name: %q, groups: [\"okta:00g%d\"]}]}\n", i, f[4], i)
	}
	return parse(t, Source{"shelf.yml", []byte(b.String())})
}

func names(found []*Entitlement) []string {
	var out []string
	for _, e := range found {
		out = append(out, e.App.Name)
	}
	return out
}

func TestSearchRanksBetterHitsFirst(t *testing.T) {
	t.Parallel()
	c := shelf(t,
		"Git||||User",
		"GitHub||||User",
		"Digital Git||||User",
		"Legit||||User",
		"Zed||git||User",
		"Yak|Git|||User",
		"Xen|||a git client|User",
		"Café Zürich||||User",
		"Google Cloud Platform||||User",
		"Salesforce||||Admin",
		"Snowflake||||Analyst",
		"Jira Software|Engineering|issues|Plan and track|Project administrator",
		"C#||||User",
	)
	for query, want := range map[string][]string{
		"git":               {"Git", "GitHub", "Digital Git", "Zed", "Legit", "Yak", "Xen"},
		"GIT":               {"Git", "GitHub", "Digital Git", "Zed", "Legit", "Yak", "Xen"},
		"cafe zurich":       {"Café Zürich"},
		"ZÜRICH":            {"Café Zürich"},
		"gcp":               {"Google Cloud Platform"},
		"sale":              {"Salesforce"},
		"sfrc":              {"Salesforce"},
		"salseforce":        {"Salesforce"}, // swapped
		"snowflack":         {"Snowflake"},
		"githb":             {"GitHub"},
		"jira admin":        {"Jira Software"},
		"admin jira":        {"Jira Software"},
		"engineering issue": {"Jira Software"},
		"admin":             {"Salesforce", "Jira Software"},
		"admin figma":       nil,
		"zzz":               nil,
		"tra":               {"Jira Software"},
		"  git-hub  ":       nil, // two words, and no word has "hub" alone but GitHub
		"c#":                {"C#", "Café Zürich", "Google Cloud Platform", "Xen"},
	} {
		got := names(c.Search(query, 0, nil))
		if query == "  git-hub  " {
			want = []string{"GitHub"}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", query, diff)
		}
	}
}

func TestEmptySearchListsAllByName(t *testing.T) {
	t.Parallel()
	c := shelf(t, "zeta||||R", "Álpha||||R", "beta||||R")
	for _, query := range []string{"", "  ", "!?"} {
		if diff := cmp.Diff([]string{"Álpha", "beta", "zeta"}, names(c.Search(query, 0, nil))); diff != "" {
			t.Errorf("%q (-want +got):\n%s", query, diff)
		}
	}
}

func TestSearchAsksOnlyUntilTheLimit(t *testing.T) {
	t.Parallel()
	c := shelf(t, "A1||||R", "A2||||R", "A3||||R", "A4||||R", "A5||||R")
	asked := 0
	found := c.Search("a", 2, func(e *Entitlement) bool {
		asked++
		return e.App.Name != "A1"
	})
	if diff := cmp.Diff([]string{"A2", "A3"}, names(found)); diff != "" || asked != 3 {
		t.Errorf("asked %d times, want 3 (-want +got):\n%s", asked, diff)
	}
}

func TestSearchFindsOnlyApprovedApps(t *testing.T) {
	t.Parallel()
	c := parse(t, Source{"example.yml", Example()})
	if got := c.Search("wiki", 0, nil); len(got) != 0 {
		t.Errorf("found %v", names(got))
	}
}

// The bounded distance must agree with the plain recursive definition.
func TestTyposAgreeWithTheDefinition(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.StringOfN(rapid.RuneFrom([]rune("abc")), 0, 6, -1)
		a, b := []rune(word.Draw(t, "a")), []rune(word.Draw(t, "b"))
		limit := rapid.IntRange(0, 3).Draw(t, "limit")
		want := min(distance(a, b), limit+1)
		if got := typos(a, b, limit); got != want {
			t.Fatalf("typos(%q, %q, %d) = %d, want %d", string(a), string(b), limit, got, want)
		}
	})
}

func distance(a, b []rune) int {
	if len(a) == 0 || len(b) == 0 {
		return len(a) + len(b)
	}
	cost := 1
	if a[len(a)-1] == b[len(b)-1] {
		cost = 0
	}
	n := min(distance(a[:len(a)-1], b)+1, distance(a, b[:len(b)-1])+1, distance(a[:len(a)-1], b[:len(b)-1])+cost)
	if len(a) > 1 && len(b) > 1 && a[len(a)-1] == b[len(b)-2] && a[len(a)-2] == b[len(b)-1] {
		n = min(n, distance(a[:len(a)-2], b[:len(b)-2])+1)
	}
	return n
}

// Whatever is asked, each entitlement comes at most once, and asking for the exact name of one finds it.
func TestSearchFindsEveryNameWhateverItIs(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		list := rapid.SliceOfNDistinct(rapid.StringMatching(`[A-Za-zé]{1,9}( [a-z0-9]{1,9}){0,2}`), 1, 8, strings.ToLower).Draw(t, "names")
		var all []*Entitlement
		for _, name := range list {
			all = append(all, &Entitlement{Name: "Role", App: &App{Name: name, Status: StatusApproved}})
		}
		c := &Catalog{searchable: newSearchIndex(all)}
		for i, name := range list {
			found := c.Search(name, 0, nil)
			first := slices.IndexFunc(found, func(e *Entitlement) bool { return fold(e.App.Name) == fold(name) })
			if first != 0 {
				t.Fatalf("%q is at %d of %v", list[i], first, names(found))
			}
		}
		seen := map[*Entitlement]bool{}
		for _, e := range c.Search(rapid.StringMatching(`[a-z]{0,5}`).Draw(t, "query"), 0, nil) {
			if seen[e] {
				t.Fatalf("%q twice", e.App.Name)
			}
			seen[e] = true
		}
	})
}

func BenchmarkSearch(b *testing.B) {
	for _, n := range []int{1, 500, 5000} {
		c := bigCatalog(b, n)
		for _, query := range []string{"", "read", "github", "salseforse", "app12 admin"} {
			b.Run(fmt.Sprintf("%d/%s", n, query), func(b *testing.B) {
				for b.Loop() {
					c.Search(query, 20, nil)
				}
			})
		}
	}
}

func BenchmarkParse(b *testing.B) {
	for _, n := range []int{1, 500, 5000} {
		data := bigYAML(n)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				if _, err := Parse(Source{"c.yml", data}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func bigCatalog(b *testing.B, n int) *Catalog {
	b.Helper()
	return parse(b, Source{"c.yml", bigYAML(n)})
}

// bigYAML makes n entitlements, five to an app, with words of their own.
func bigYAML(n int) []byte {
	stems := []string{"git", "sales", "force", "cloud", "data", "flow", "board", "desk", "mail", "pay", "hub", "snow", "flake", "view"}
	var b strings.Builder
	b.WriteString("version: 1\napps:\n")
	for i := range n {
		if i%5 == 0 {
			name := stems[i/5%len(stems)] + stems[i/70%len(stems)] + " app" + fmt.Sprint(i/5)
			fmt.Fprintf(&b, "  - id: app%d\n    name: %s\n    description: Service %d for %s of the company\n    category: %s\n    tags: [%s]\n"+
				"    risk: low\n    status: approved\n    owners: [o%d@example.com]\n    entitlements:\n",
				i/5, name, i, stems[i%7], stems[i/5%9], stems[i/5%11], i/5)
		}
		role := []string{"Read", "Write", "Admin", "Audit", "Billing"}[i%5]
		fmt.Fprintf(&b, "      - id: app%d-%s\n        name: %s\n        description: %s access to system%d\n        groups: [\"okta:00g%d\"]\n",
			i/5, strings.ToLower(role), role, role, i, i)
	}
	return []byte(b.String())
}
