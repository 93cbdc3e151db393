package catalog

import (
	"fmt"
	"strings"
	"testing"
)

func TestASuggestionIsACatalogInWhichNothingMayBeRequested(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("Überlang ", 200)
	list := []Suggestion{
		{Group: Group{"okta", "00g1"}, App: "Datadog", AppID: "0oa1", Name: "datadog-viewer", Description: "Reads\n\"dashboards\" # all", Owners: []string{"a@x.example", "b@x.example"}, Facts: "3 members\nversion: 9"},
		{Group: Group{"okta", "00g2"}, App: "Datadog", AppID: "0oa1", Name: "datadog-admin", Owners: []string{"b@x.example"}},
		{Group: Group{"okta", "00g3"}, Name: "datadog"},
		{Group: Group{"okta", "00g4"}, Name: "weird: name\n# no comment"},
		{Group: Group{"okta", "00g5"}, Name: "日本"},
		{Group: Group{"okta", "00g6"}, Name: "2026 team"},
		{Group: Group{"okta", "00g7"}, Name: long, Description: long},
		{Group: Group{"okta", "00g8"}, Name: long + "b"},
		{Group: Group{"okta", "00g9"}, App: "Datadog", AppID: "0oa1", Name: "Datadog-Viewer"},
		{Group: Group{"okta", "00ga"}, Name: " \n"},
		{Group: Group{"okta", "00gb"}, App: "Jira", AppID: "0oa2", Name: "jira-a", Owners: []string{"A@x.example", "a@x.example", "nomail", "a b@x.example"}},
		{Group: Group{"okta", "00gc"}, App: "Jira", AppID: "0oa3", Name: "jira-b", Owners: []string{"c@x.example"}},
		{Group: Group{"crm", "7"}, Name: "Admins", Owners: []string{"d@x.example"}},
		{Group: Group{"lab", "7"}, Name: "Admins", Owners: []string{"e@x.example"}},
		{Group: Group{"okta", "00gd"}, Name: "bell\x1b[2J\a\xff", Description: "\x00"},
	}
	text := "version: 1\n" + Suggest(list)
	c, err := Parse(Source{Name: "suggested.yml", Data: []byte(text)})
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if len(c.Apps()) != 13 || len(c.Requestable()) != 0 || len(c.Groups()) != len(list) {
		t.Errorf("%d apps, %d requestable, %d groups", len(c.Apps()), len(c.Requestable()), len(c.Groups()))
	}
	for _, a := range c.Apps() {
		if a.Name == "Datadog" && (len(a.Entitlements) != 3 || fmt.Sprint(a.Owners) != "[b@x.example a@x.example]") {
			t.Errorf("%d roles, owners %v", len(a.Entitlements), a.Owners)
		}
	}
	for _, a := range c.Apps() { // Owners approve: who owns one app has no say in another of the same name.
		if len(a.Owners) > 1 && a.Name != "Datadog" {
			t.Errorf("%s has the owners %v", a.Name, a.Owners)
		}
	}
	var many []Suggestion
	for i := range 1200 {
		s := Suggestion{Group: Group{"okta", fmt.Sprint("00g", i)}, App: "All", AppID: "0oa1", Name: fmt.Sprint("role ", i)}
		s.Owners = append(s.Owners, fmt.Sprintf("o%d@x.example", i))
		many = append(many, s)
	}
	if c, err = Parse(Source{Name: "suggested.yml", Data: []byte("version: 1\n" + Suggest(many))}); err != nil || len(c.Apps()) != 3 || len(c.Groups()) != 1200 {
		t.Errorf("twelve hundred groups of one app: %v", err)
	}
	if got := Suggest(nil); got != "apps:\n  []\n" {
		t.Errorf("nothing found: %q", got)
	}
}

func FuzzSuggest(f *testing.F) {
	f.Add("datadog-viewer", "Reads: \"all\"", "Datadog", "0oa1", "a@x.example")
	f.Add("a\x1b[2J", "\xff\xfe", "# no", "", "A@x.example")
	f.Add("\u202e\u00ad\ufeff", "- x: {", "'", "1", "a@[::1]")
	f.Fuzz(func(t *testing.T, name, description, app, appID, owner string) {
		list := []Suggestion{
			{Group: Group{"okta", "00g1"}, Name: name, Description: description, App: app, AppID: appID, Owners: []string{owner, name}, Facts: description},
			{Group: Group{"okta", "00g2"}, Name: app, App: name, AppID: appID, Owners: []string{owner}},
		}
		text := "version: 1\n" + Suggest(list)
		c, err := Parse(Source{Name: "suggested.yml", Data: []byte(text)})
		if err != nil || len(c.Groups()) != 2 || len(c.Requestable()) != 0 {
			t.Fatalf("%v\n%s", err, text)
		}
	})
}
