package bot

import (
	"strings"
	"testing"

	"usher/access"
	"usher/catalog"
	"usher/sandbox/slacksim"
)

func TestAdminsLookForUnassignedGroupsAndCopyASuggestion(t *testing.T) {
	t.Parallel()
	s := play(t, nil)
	s.core.home = homes4gallery()["not_looked"]
	s.must(s.sim.OpenHome(s.ctx, id(ann())))
	s.homeTab(id(ann()), "Nobody has looked through the directories yet", "Look now")
	_, err := s.sim.Click(s.ctx, id(ann()), slacksim.InHome(), actionDiscover)
	s.must(err)
	s.until("the wish arrives", func() bool { return s.core.count("discover "+id(ann())) == 1 })

	s.core.mu.Lock()
	s.core.home = access.Home{Admin: true, Discovery: found4gallery()}
	s.core.mu.Unlock()
	s.note.Changed(ann().Slack)
	s.homeTab(id(ann()), "Unassigned", "(11), 1 to 5", "datadog-viewer", "opens Datadog", "1204 members", "owners bob@acme.example and 1 more", "app last used", "12 more", "billing cannot list groups", "entra: Its groups are not all here")
	_, err = s.sim.Click(s.ctx, id(ann()), slacksim.InHome(), actionPage, slacksim.Pick{BlockID: "page/" + pageUnassigned, Value: pageValue(pageUnassigned, 5)})
	s.must(err)
	s.homeTab(id(ann()), "6 to 10")
	_, err = s.sim.Click(s.ctx, id(ann()), slacksim.InHome(), actionPagePrev)
	s.must(err)
	s.homeTab(id(ann()), "1 to 5")

	_, err = s.sim.Click(s.ctx, id(ann()), slacksim.InHome(), actionSuggest, slacksim.Pick{BlockID: foundBlock(catalog.Group{Provider: "okta", ID: "00g7"}), Value: "okta:00g7"})
	s.must(err)
	v := s.view(ann(), "Suggested entry", "datadog-viewer")
	for _, want := range []string{"status: unassigned", `owners: ["bob@acme.example", "cyd@acme.example"]`, `groups: ["okta:00g7"]`, "Nobody can ask for it before"} {
		if !strings.Contains(v.Plain(), want) {
			t.Errorf("no %q in\n%s", want, v.Plain())
		}
	}
}
