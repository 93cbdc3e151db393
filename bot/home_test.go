package bot

import (
	"context"
	"strings"
	"testing"
	"time"

	"usher/access"
	"usher/sandbox/slacksim"
)

func TestTheHomeTabIsDrawnWhenItIsOpened(t *testing.T) {
	t.Parallel()
	s := play(t, nil)
	s.core.home = homes4gallery()["full"]
	s.must(s.sim.OpenHome(s.ctx, id(ann())))
	s.homeTab(id(ann()), "What you have", "1 day left", "Waiting for your decision", "What you asked for", "Lately")
}

func TestTheHomeTabFollowsChangesWhileItIsOpen(t *testing.T) {
	t.Parallel()
	s := play(t, nil)
	s.core.home = access.Home{Grants: []access.HomeGrant{{Grant: grantIn(1, access.GrantActive)}}}
	s.must(s.sim.OpenHome(s.ctx, id(ann())))
	s.homeTab(id(ann()), "GitHub: Write")
	_, err := s.sim.Click(s.ctx, id(ann()), slacksim.InHome(), actionRelease)
	s.must(err)
	s.homeTab(id(ann()), "Nothing through Usher")
	s.core.mu.Lock()
	s.core.home = access.Home{Grants: []access.HomeGrant{{Grant: grantIn(2, access.GrantActive)}}}
	s.core.mu.Unlock()
	s.note.Changed(ann().Slack, bob().Slack, "")
	s.homeTab(id(ann()), "GitHub: Write")
	if _, drawn := s.sim.Home(id(bob())); drawn {
		t.Error("a tab was drawn that nobody opened")
	}
}

func TestHomeButtonsSayThatTheyStoodThere(t *testing.T) {
	t.Parallel()
	s := play(t, nil)
	s.core.home = access.Home{Decisions: []access.Request{pendingRequest(1)}}
	s.core.set(pendingRequest(1), nil)
	s.must(s.sim.OpenHome(s.ctx, id(bob())))
	s.homeTab(id(bob()), "Waiting for your decision")
	_, err := s.sim.Click(s.ctx, id(bob()), slacksim.InHome(), actionApprove)
	s.must(err)
	_, err = s.sim.Click(s.ctx, id(bob()), slacksim.InHome(), actionDeny)
	s.must(err)
	v := s.view(bob(), "Deny this request")
	s.must(s.sim.SetInput(s.ctx, id(bob()), v.ID, blockReason, actionReason, "No."))
	_, err = s.sim.SubmitView(s.ctx, id(bob()), v.ID)
	s.must(err)
	s.until("two decisions", func() bool { return s.core.count("decide") == 2 })
	for _, d := range s.core.decided {
		if !d.Origin.Home || d.Origin.Message != (access.MessageRef{}) || d.Origin.Envelope == "" {
			t.Errorf("%+v", d)
		}
	}
}

func TestARefusalOnTheHomeTabOpensAWindow(t *testing.T) {
	t.Parallel()
	s := play(t, nil)
	s.core.home = access.Home{Decisions: []access.Request{pendingRequest(1)}}
	s.core.refuse("decide", &access.Refusal{Code: access.AlreadyDecided, Text: "Already denied by Cyd."})
	s.must(s.sim.OpenHome(s.ctx, id(bob())))
	s.homeTab(id(bob()), "Waiting for your decision")
	_, err := s.sim.Click(s.ctx, id(bob()), slacksim.InHome(), actionApprove)
	s.must(err)
	s.view(bob(), "Already denied by Cyd.")
}

func TestTheHomeTabTurnsPagesAndStaysThere(t *testing.T) {
	t.Parallel()
	s := play(t, nil)
	s.core.home = crowded()
	s.core.home.Admin = false
	s.must(s.sim.OpenHome(s.ctx, id(ann())))
	s.homeTab(id(ann()), "*What you have* (60), 1 to ")
	_, err := s.sim.Click(s.ctx, id(ann()), slacksim.InHome(), actionPage, slacksim.Pick{BlockID: "page/" + pageGrants})
	s.must(err)
	v, err := s.sim.WaitHome(s.ctx, id(ann()), func(v slacksim.View) bool { return !strings.Contains(v.Plain(), "*What you have* (60), 1 to") })
	s.must(err)
	n := s.core.count("home")
	s.note.Changed(ann().Slack)
	s.until("it is drawn again", func() bool { return s.core.count("home") > n })
	if now, _ := s.sim.Home(id(ann())); now.Plain() != v.Plain() {
		t.Error("a change went back to the first page")
	}
}

func TestSearchAndButtonOnTheHomeTabOpenTheForm(t *testing.T) {
	t.Parallel()
	s := play(t, nil)
	s.must(s.sim.OpenHome(s.ctx, id(ann())))
	v := s.homeTab(id(ann()), "Request access")
	_, err := s.sim.Click(s.ctx, id(ann()), slacksim.InHome(), actionRequest)
	s.must(err)
	s.view(ann(), "App and role")
	s.must(s.sim.CloseAll(s.ctx, id(ann())))
	o, err := s.sim.Options(s.ctx, id(ann()), v.ID, "home_search", actionHomeSearch, "admin")
	s.must(err)
	if len(o) != 1 {
		t.Fatalf("%v", o)
	}
	_, err = s.sim.Set(s.ctx, id(ann()), slacksim.InHome(), "home_search", actionHomeSearch, o[0].Value)
	s.must(err)
	s.view(ann(), "<GitHub: Administrator>", "Who decides")
}

func TestAdminsSeeFailuresAndRevokeWithAReason(t *testing.T) {
	t.Parallel()
	s := play(t, nil)
	s.core.home = homes4gallery()["admin"]
	r, g := granted(6, access.GrantActive, nil)
	s.core.set(r, g)
	s.must(s.sim.OpenHome(s.ctx, id(cyd())))
	s.homeTab(id(cyd()), "Failing at the moment", "Overdue removals", "12 active grants", "was called github-write and is called prod-admins now", "any more; it was called zoom-hosts")
	overdue := slacksim.Pick{Value: menuShow + ":" + testID(6)}
	v, _ := s.sim.Home(id(cyd()))
	block := blockWith(t, v, menuRevoke+":"+testID(6))
	overdue.BlockID = block
	_, err := s.sim.Click(s.ctx, id(cyd()), slacksim.InHome(), actionAdmin, overdue)
	s.must(err)
	s.view(cyd(), "Details", "GitHub: Write: active", "Fix the checkout bug")
	s.must(s.sim.CloseAll(s.ctx, id(cyd())))
	_, err = s.sim.Click(s.ctx, id(cyd()), slacksim.InHome(), actionAdmin, slacksim.Pick{BlockID: blockWith(t, v, menuRevoke+":"+testID(6)), Value: menuRevoke + ":" + testID(6)})
	s.must(err)
	w := s.view(cyd(), "Take access away", "Ann Chen")
	s.must(s.sim.SetInput(s.ctx, id(cyd()), w.ID, blockReason, actionReason, "Left the project"))
	got, err := s.sim.SubmitView(s.ctx, id(cyd()), w.ID)
	s.must(err)
	if got.View == nil || !strings.Contains(got.View.Plain(), "is being removed") || s.core.count("revoke "+testID(6)+" Left the project") != 1 {
		t.Errorf("%+v, calls %q", got, s.core.calls)
	}
}

func TestOwnersRevokeWhatSomebodyHolds(t *testing.T) {
	t.Parallel()
	s := play(t, nil)
	s.core.home = access.Home{Person: cyd(), Now: noon(), CanRevoke: true}
	r, g := granted(6, access.GrantActive, nil)
	s.core.set(r, g)
	s.must(s.sim.OpenHome(s.ctx, id(cyd())))
	s.homeTab(id(cyd()), "Revoke access")
	_, err := s.sim.Click(s.ctx, id(cyd()), slacksim.InHome(), actionRevoke)
	s.must(err)
	v := s.view(cyd(), "Revoke access", "Whose access?")
	s.must(s.sim.SetInput(s.ctx, id(cyd()), v.ID, blockHolder, actionHolder, id(ann())))
	v = s.view(cyd(), "Which?", "Why?")
	block := blockGrant + "/" + id(ann())
	s.must(s.sim.SetInput(s.ctx, id(cyd()), v.ID, block, actionGrant, testID(6)))
	s.must(s.sim.SetInput(s.ctx, id(cyd()), v.ID, blockReason, actionReason, " "))
	got, err := s.sim.SubmitView(s.ctx, id(cyd()), v.ID)
	s.must(err)
	if got.Errors[blockReason] == "" {
		t.Errorf("no error beside the missing reason: %+v", got)
	}
	s.must(s.sim.SetInput(s.ctx, id(cyd()), v.ID, blockReason, actionReason, "Audit"))
	got, err = s.sim.SubmitView(s.ctx, id(cyd()), v.ID)
	s.must(err)
	if got.View == nil || !strings.Contains(got.View.Plain(), "is being removed") || s.core.count("revoke "+testID(6)+" Audit") != 1 {
		t.Errorf("%+v, calls %q", got, s.core.calls)
	}
}

// blockWith is the id of the first block that offers an option.
func blockWith(t *testing.T, v slacksim.View, value string) string {
	t.Helper()
	found := ""
	walkJSON(decoded(t, v.Blocks), func(o map[string]any) {
		a, _ := o["accessory"].(map[string]any)
		options, _ := a["options"].([]any)
		for _, x := range options {
			if x.(map[string]any)["value"] == value && found == "" {
				found, _ = o["block_id"].(string)
			}
		}
	})
	if found == "" {
		t.Fatalf("nothing offers %s", value)
	}
	return found
}

func TestGuestsSeeASentenceOnTheirHomeTab(t *testing.T) {
	t.Parallel()
	s := play(t, nil)
	s.must(s.sim.OpenHome(s.ctx, "U1GUEST"))
	s.homeTab("U1GUEST", "full members")
}

func TestOldTabsAreNotDrawnAndManyChangesAreOne(t *testing.T) {
	t.Parallel()
	now := noon()
	h := newHomes(func() time.Time { return now })
	h.opened("U1")
	who, _, ok := h.take()
	if who != "U1" || !ok {
		t.Fatal("an opened tab is not drawn")
	}
	for range 5 {
		h.changed("U1", "U2")
	}
	if _, _, ok := h.take(); ok {
		t.Error("a tab is drawn twice at once")
	}
	h.done("U1")
	if _, _, ok := h.take(); !ok {
		t.Error("a change while drawing was lost")
	}
	h.done("U1")
	if _, _, ok := h.take(); ok {
		t.Error("five changes made more than one drawing")
	}
	now = now.Add(homeOpen + time.Second)
	h.changed("U1")
	if _, _, ok := h.take(); ok {
		t.Error("a tab that nobody looks at is drawn")
	}
	for i := range homesMax + 10 {
		h.opened(access.SlackID(testID(i)))
	}
	if len(h.tabs) > homesMax {
		t.Errorf("%d tabs in mind", len(h.tabs))
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	h.run(ctx, func(context.Context, access.SlackID, pages) {}) // Ends with its context.
}
