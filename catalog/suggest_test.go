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
		{Group: Group{"okta", "00g1"}, App: "Datadog", OktaApp: "0oa1", Name: "datadog-viewer", Description: "Reads\n\"dashboards\" # all", Owners: []string{"a@x.example", "b@x.example"}, Facts: "3 members\nversion: 9"},
		{Group: Group{"okta", "00g2"}, App: "Datadog", OktaApp: "0oa1", Name: "datadog-admin", Owners: []string{"b@x.example"}},
		{Group: Group{"okta", "00g3"}, Name: "datadog"},
		{Group: Group{"okta", "00g4"}, Name: "weird: name\n# no comment"},
		{Group: Group{"okta", "00g5"}, Name: "日本"},
		{Group: Group{"okta", "00g6"}, Name: "2026 team"},
		{Group: Group{"okta", "00g7"}, Name: long, Description: long},
		{Group: Group{"okta", "00g8"}, Name: long + "b"},
		{Group: Group{"okta", "00g9"}, App: "Datadog", OktaApp: "0oa1", Name: "Datadog-Viewer"},
		{Group: Group{"okta", "00ga"}, Name: " \n"},
	}
	text := "version: 1\n" + Suggest(list)
	c, err := Parse(Source{Name: "suggested.yml", Data: []byte(text)})
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if len(c.Apps()) != 8 || len(c.Requestable()) != 0 || len(c.Groups()) != len(list) {
		t.Errorf("%d apps, %d requestable, %d groups", len(c.Apps()), len(c.Requestable()), len(c.Groups()))
	}
	for _, a := range c.Apps() {
		if a.Name == "Datadog" && (len(a.Entitlements) != 3 || fmt.Sprint(a.Owners) != "[b@x.example a@x.example]") {
			t.Errorf("%d roles, owners %v", len(a.Entitlements), a.Owners)
		}
	}
	if got := Suggest(nil); got != "apps:\n  []\n" {
		t.Errorf("nothing found: %q", got)
	}
}
