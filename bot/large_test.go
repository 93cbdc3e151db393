package bot

import (
	"fmt"
	"strings"
	"testing"

	"github.com/slack-go/slack"

	"usher/access"
	"usher/sandbox/slacksim"
)

// large is the Home tab of somebody with 400 grants, whom 100 requests wait for.
func large() access.Home {
	h := access.Home{Person: ann(), CanRevoke: true, Now: noon()}
	for i := range 400 {
		g := grantIn(i, access.GrantActive)
		g.Role.EntitlementName = fmt.Sprintf("Project %d", i)
		h.Grants = append(h.Grants, access.HomeGrant{Grant: g, Issue: pendingRequest(1).Issue, Extension: access.ExtensionOffer{By: hour}})
	}
	for i := range 100 {
		r := pendingRequest(1000 + i)
		r.Requester = person(fmt.Sprintf("p%d", i), fmt.Sprintf("Person %d", i))
		h.Decisions = append(h.Decisions, r)
	}
	return h
}

func TestEveryPageOfALargeHomeSatisfiesTheVendor(t *testing.T) {
	t.Parallel()
	j := newJudges(t)
	everyPage(t, large(), func(v slack.HomeTabViewRequest) {
		checkRelations(t, v)
		j.judge(t, v)
	})
}

// The whole way, through a Slack that refuses what is too much: every one of them comes on the screen by "Next" alone.
func TestNothingOfALargeHomeIsOutOfReach(t *testing.T) {
	t.Parallel()
	s := play(t, nil)
	s.core.home = large()
	s.must(s.sim.OpenHome(s.ctx, id(ann())))
	v := s.homeTab(id(ann()), "*What you have* (400), 1 to", "*Waiting for your decision* (100), 1 to")
	seen := v.Plain()
	for _, section := range []string{pageDecisions, pageGrants} {
		for s.turns(v, section) {
			before := v.Plain()
			_, err := s.sim.Click(s.ctx, id(ann()), slacksim.InHome(), actionPage, slacksim.Pick{BlockID: "page/" + section})
			s.must(err)
			v, err = s.sim.WaitHome(s.ctx, id(ann()), func(v slacksim.View) bool { return v.Plain() != before })
			s.must(err)
			seen += v.Plain()
		}
	}
	for i := range 400 {
		if !strings.Contains(seen, fmt.Sprintf("Project %d\n", i)) && !strings.Contains(seen, fmt.Sprintf("Project %d*", i)) {
			t.Errorf("grant %d is on no page", i)
		}
	}
	for i := range 100 {
		if !strings.Contains(seen, fmt.Sprintf("*Person %d*", i)) {
			t.Errorf("request %d is on no page", i)
		}
	}
}

// turns tells whether a section has a next page.
func (s *stage) turns(v slacksim.View, section string) bool {
	s.t.Helper()
	next := false
	walkJSON(decoded(s.t, v.Blocks), func(o map[string]any) {
		value, _ := o["value"].(string)
		next = next || o["action_id"] == actionPage && strings.HasPrefix(value, section+":")
	})
	return next
}

func TestEachOfFourHundredGrantsCanBeRevoked(t *testing.T) {
	t.Parallel()
	s := play(t, nil)
	s.core.home = access.Home{Person: cyd(), Now: noon(), CanRevoke: true}
	for i := range 400 {
		r, g := granted(i, access.GrantActive, nil)
		s.core.set(r, g)
	}
	s.must(s.sim.OpenHome(s.ctx, id(cyd())))
	s.homeTab(id(cyd()), "Revoke access")
	_, err := s.sim.Click(s.ctx, id(cyd()), slacksim.InHome(), actionRevoke)
	s.must(err)
	v := s.view(cyd(), "Whose access?")
	s.must(s.sim.SetInput(s.ctx, id(cyd()), v.ID, blockHolder, actionHolder, id(ann())))
	v = s.view(cyd(), "Which?")
	for _, n := range []int{0, 99, 100, 250, 399} {
		if err := s.sim.SetInput(s.ctx, id(cyd()), v.ID, blockGrant+"/"+id(ann()), actionGrant, testID(n)); err != nil {
			t.Errorf("grant %d cannot be chosen: %v", n, err)
		}
	}
}

// manyRoles is a catalog of 5,000 entitlements: 500 apps with ten roles each.
func manyRoles() string {
	var b strings.Builder
	b.WriteString("version: 1\nsettings: {deadline: 2h, security: [sec@x.example, sol@x.example]}\napps:\n")
	for a := range 500 {
		fmt.Fprintf(&b, "  - {id: app%d, name: Service %d, risk: low, status: approved, owners: [owen@x.example], entitlements: [", a, a)
		for r := range 10 {
			fmt.Fprintf(&b, "{id: app%d-r%d, name: Role %d, groups: [\"dir:g%d-%d\"], durations: [1h], policy: {rules: [{steps: [{approvers: [manager]}]}]}},", a, r, r, a, r)
		}
		b.WriteString("]}\n")
	}
	return b.String()
}

func TestEachOfFiveThousandRolesIsFoundByItsName(t *testing.T) {
	t.Parallel()
	big := parseCatalog(t, manyRoles())
	inTown(t, nil, func(w *town) {
		w.catalog.Store(big)
		rita := access.Person{Slack: access.SlackID(slackOf("rita"))}
		_, err := w.sim.Run(w.ctx, id(rita), "/access", "")
		w.must(err)
		v := w.view(rita, "App and role")
		for _, words := range []string{"", "service", "role 7"} {
			all := w.options(rita, v, words)
			if len(all) != optionsMost || all[0].Group != "The first 100. Type more words to see others." {
				t.Errorf("%q: %d options in %q", words, len(all), all[0].Group)
			}
		}
		for n := 0; n < 5000; n += 499 {
			name := fmt.Sprintf("Service %d: Role %d", n/10, n%10)
			found := w.options(rita, v, name)
			if len(found) == 0 || found[0].Text != name {
				t.Errorf("%s is not the first of %v", name, found)
			}
		}
		few := w.options(rita, v, "service 499")
		if len(few) == 0 || few[0].Group != "" {
			t.Errorf("all that fits is in a group: %v", few)
		}
	})
}
