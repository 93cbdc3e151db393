package cli_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"usher/sandbox"
)

// An admin has the directory looked through by a button; what is in the catalog by then is not shown any more.
func TestAdminsFindUnassignedGroupsOnTheHomeTab(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	s := serveChild(ctx, t)
	s.until(ctx, "everything is checked", func() bool { return strings.Contains(s.logged(), "all is well") })
	w := s.world
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	_, err := w.OpenHome(ctx, "noor", "Nobody has looked through the directories yet")
	must(err)
	lucid, err := w.Okta.CreateGroup("lucid-editor", "Boards")
	must(err)
	for _, handle := range []string{"maya", "priya"} {
		p, _ := w.Company.Person(handle)
		must(w.Okta.AddMemberByHand(lucid, p.OktaID(), "console"))
	}
	must(w.PressHome(ctx, "noor", "Look now"))
	_, err = w.OpenHome(ctx, "noor", "groups that no catalog names", "lucid-editor", "okta · 2 members · Boards", "until they are in the catalog")
	must(err)
	if v, err := w.OpenHome(ctx, "maya", "Your access"); err != nil || strings.Contains(v.Plain(), "lucid-editor") {
		t.Errorf("somebody who is no admin sees it: %v", err)
	}
	if err := w.Form(ctx, "maya", "lucid", "lucid-editor", ""); err == nil {
		t.Error("what is only found can be asked for")
	}

	text := string(sandbox.Catalog()) + "\n  - {id: lucid, name: Lucid, status: unassigned, risk: low, entitlements: [{id: lucid-editor, name: Editor, groups: [\"okta:" + lucid + "\"]}]}\n"
	s.write("catalog.yml", []byte(text))
	s.until(ctx, "the catalog is in force", func() bool { return strings.Count(s.logged(), "catalog in force") == 1 })
	v, err := w.OpenHome(ctx, "noor", "Unassigned apps: Lucid, Miro")
	must(err)
	if strings.Contains(v.Plain(), "lucid-editor") {
		t.Errorf("in the catalog by now:\n%s", v.Plain())
	}
	s.stop()
}
