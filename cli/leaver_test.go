package cli_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"usher/access"
)

// Somebody who was asked and has left since does not decide any more, whatever Slack still lets them press. Who asked is told
// when the time for the decision is up.
func TestAnApproverWhoHasLeftDecidesNothing(t *testing.T) {
	t.Parallel()
	const role = "GitHub: Write"
	report(t, inTown(t, setup{}, func(ctx context.Context, w *town) []string {
		w.ask(ctx, "maya", "github write", role, "1 hour")
		m := w.asks(ctx, "priya", role)
		priya, _ := w.world.Company.Person("priya")
		if err := w.world.Okta.Deactivate(priya.OktaID()); err != nil {
			return []string{err.Error()}
		}
		w.sleep(ctx, believedFor+time.Second)
		if err := w.world.Press(ctx, "priya", m, "approve"); err != nil {
			return []string{err.Error()}
		}
		w.sleep(ctx, time.Minute)
		faults := append(w.expect(w.newest(role).State == access.RequestPending, "it is decided"), w.judge(ctx)...)
		w.leap(ctx, 73*time.Hour)
		w.settle(ctx)
		faults = append(faults, w.expect(w.told("maya", "expired"), "Maya was not told that nobody decided")...)
		return append(faults, w.judge(ctx)...)
	}))
}

// Somebody leaves while Okta cannot be asked. Once Slack's word is acknowledged the question is not forgotten, whatever becomes
// of the process: within a minute of Okta's return everything that they hold ends.
func TestALeaverLosesEverythingWhenTheDirectoryAnswersAgain(t *testing.T) {
	t.Parallel()
	restart := func(ctx context.Context, w *town) {
		from := w.world.Clock.Now()
		w.end()
		w.start(ctx)
		w.outages = append(w.outages, span{from, w.world.Clock.Now()})
	}
	for name, tale := range map[string]struct {
		deaths         []string
		before, during func(ctx context.Context, w *town)
	}{
		"an hour":                   {},
		"a restart":                 {during: restart},
		"a death before it is kept": {deaths: []string{"before commit leaver#1"}},
		"a death once it is kept":   {deaths: []string{"after commit leaver#1"}},
		"a death before the end":    {deaths: []string{"before commit offboard#1"}},
		"a death after the end":     {deaths: []string{"before commit settled leaver#1"}},
		"a full disk at first":      {before: func(_ context.Context, w *town) { w.noRoomFor(3 * time.Minute) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			report(t, inTown(t, setup{deaths: tale.deaths}, func(ctx context.Context, w *town) []string {
				const has, asked = "GitHub: Write", "GitHub: Administrator"
				w.ask(ctx, "maya", "github write", has, "6 hours")
				w.approve(ctx, "priya", has)
				w.until(ctx, "Maya has it", w.state("maya", has, access.GrantActive))
				w.ask(ctx, "maya", "github admin", asked, "1 hour")
				w.settle(ctx)
				mend := w.outage("okta", "down")
				if tale.before != nil {
					tale.before(ctx, w)
				}
				maya, _ := w.world.Company.Person("maya")
				_ = w.world.Okta.Deactivate(maya.OktaID())
				go func() { _ = w.world.Slack.Deactivate(maya.SlackID()) }() // It waits for the acknowledgement.
				w.sleep(ctx, 20*time.Minute)
				if tale.during != nil {
					tale.during(ctx, w)
				}
				w.sleep(ctx, 40*time.Minute)
				faults := w.expect(w.world.Member(githubWrite, "maya"), "the test is wrong: she is no member before anybody could ask")
				mend()
				w.sleep(ctx, time.Minute)
				if slices.Contains(tale.deaths, "before commit offboard#1") {
					w.sleep(ctx, time.Minute) // The one who died had asked; the next one asks when it is time again.
				}
				faults = append(faults, w.expect(!w.world.Member(githubWrite, "maya"), "a minute after Okta's return she is still a member")...)
				w.settle(ctx)
				g, r := w.grantOf("maya", has), w.newest(asked)
				faults = append(faults, w.expect(g.EndReason == access.EndOffboarded, "the access is "+string(g.State)+", "+string(g.EndReason))...)
				faults = append(faults, w.expect(r.State == access.RequestCanceled, "what she asked for is "+string(r.State))...)
				deaths, _ := w.counts()
				faults = append(faults, w.expect(deaths == len(tale.deaths), "the test is wrong: nobody died")...)
				return append(faults, slices.DeleteFunc(w.judge(ctx), func(f string) bool {
					return strings.HasPrefix(f, "invariant 3: the message") && strings.Contains(f, " to maya") // Nobody can change it any more.
				})...)
			}))
		})
	}
}
