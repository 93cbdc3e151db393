package access_test

import (
	"slices"
	"strings"
	"testing"
)

func TestAdminsSeeWhatNobodyHasSanctioned(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.catalog(testCatalog + `
  - {id: figma, name: Figma, risk: low, status: unassigned, entitlements: [{id: figma-edit, name: Edit, groups: ["dir:gfigma"]}]}
`)
	for who, want := range map[string][]string{"ada": {"Figma"}, "rita": nil} {
		h, err := w.service.Home(t.Context(), w.person(who))
		if err != nil || !slices.Equal(h.Unassigned, want) {
			t.Errorf("%s sees %v (%v), want %v", who, h.Unassigned, err, want)
		}
	}
	choices, err := w.service.Choices(t.Context(), w.person("rita"), "figma", 10)
	for _, c := range choices {
		if strings.Contains(c.Role.String(), "Figma") {
			t.Error("an unassigned app can be asked for")
		}
	}
	if err != nil {
		t.Error(err)
	}
}
