package catalog

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestLookups(t *testing.T) {
	t.Parallel()
	c := parse(t, Source{"example.yml", Example()})
	if a, ok := c.App("github"); !ok || a.Name != "GitHub" || a.ProviderApp != "0oa1example" || len(a.Entitlements) != 3 {
		t.Errorf("app = %+v, %v", a, ok)
	}
	if _, ok := c.App("gitlab"); ok {
		t.Error("found an app that is not there")
	}
	if _, ok := c.Entitlement("github"); ok {
		t.Error("found an entitlement by the id of its app")
	}
	admin, ok := c.Entitlement("github-admin")
	if !ok || admin.Title() != "GitHub: Administrator" || admin.App.Risk != RiskMedium || admin.Risk != RiskCritical || !admin.Elevated {
		t.Errorf("entitlement = %+v, %v", admin, ok)
	}
	var apps []string
	for _, a := range c.Apps() {
		apps = append(apps, a.Name)
	}
	if diff := cmp.Diff([]string{"Figma", "GitHub", "Old Wiki", "Pager"}, apps); diff != "" {
		t.Errorf("apps (-want +got):\n%s", diff)
	}
}

func TestSeveralEntitlementsMayShareAGroup(t *testing.T) {
	t.Parallel()
	doc := roleDoc("because: x") + "      - {id: read, name: Read, groups: [{provider: okta, id: 00g1}, \"google:03allofthem1\"]}"
	c := parse(t, Source{"c.yml", []byte(doc)})
	for group, want := range map[Group]int{
		{"okta", "00g1"}:           2,
		{"google", "03allofthem1"}: 1,
		{"entra", "00g1"}:          0,
		{"google", "03others1"}:    0,
	} {
		if got := c.ByGroup(group); len(got) != want {
			t.Errorf("%v has %d entitlements, want %d", group, len(got), want)
		}
	}
}

func TestEmailsAreLowered(t *testing.T) {
	t.Parallel()
	doc := appDoc("risk: low\nstatus: retired\nowners: [Ada@Example.com]")
	if a, _ := parse(t, Source{"c.yml", []byte(doc)}).App("github"); a.Owners[0] != "ada@example.com" {
		t.Errorf("owner = %q", a.Owners[0])
	}
}

func TestRisksAreOrdered(t *testing.T) {
	t.Parallel()
	for i, r := range []Risk{"", RiskLow, RiskMedium, RiskHigh, RiskCritical} {
		if r.Rank() != i {
			t.Errorf("%q ranks %d, want %d", r, r.Rank(), i)
		}
	}
}

func TestWhatACallerDoesToAListStaysThere(t *testing.T) {
	t.Parallel()
	c := parse(t, Source{"example.yml", Example()})
	c.Apps()[0] = nil
	c.Requestable()[0] = nil
	c.ByGroup(Group{"okta", "00g1figmaeditor"})[0] = nil
	if c.Apps()[0] == nil || c.Requestable()[0] == nil || c.ByGroup(Group{"okta", "00g1figmaeditor"})[0] == nil {
		t.Error("a list is shared")
	}
}
