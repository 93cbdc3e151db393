package cli_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"usher/access"
	"usher/sandbox/slacksim"
)

// A notice tells the truth and has its buttons only as long as they do something, whatever becomes of its posting.
func TestNoNoticeOutlivesWhatItAnnounces(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		fault   string // of the call that posts the notice
		meant   string
		extends bool // twice, so that there are three notices
		left    int  // Messages about the end that are there at last.
	}{
		{fault: "", meant: "release", left: 1},
		{fault: "lost_answer", meant: "release", left: 1},
		{fault: "hang_after", meant: "release", left: 1},
		{fault: "reset_before", meant: "release", left: 0},
		{fault: "", meant: "release", extends: true, left: 1},
		{fault: "lost_answer", meant: "extend", left: 1},
		{fault: "slow", meant: "extend", left: 1},
		{fault: "slow", meant: "release", left: 1},
	} {
		t.Run(fmt.Sprintf("%s %s %v", c.fault, c.meant, c.extends), func(t *testing.T) {
			t.Parallel()
			report(t, inTown(t, setup{}, func(ctx context.Context, w *town) []string {
				return w.announce(ctx, c.fault, c.meant, c.extends, c.left)
			}))
		})
	}
}

func (w *town) announce(ctx context.Context, fault, meant string, extends bool, left int) []string {
	const role = "GitHub: Write"
	w.ask(ctx, "maya", "github write", role, "6 hours")
	w.approve(ctx, "priya", role)
	w.until(ctx, "Maya has it", w.state("maya", role, access.GrantActive))
	for range map[bool]int{true: 2}[extends] {
		w.sleep(ctx, 5*time.Hour+time.Minute)
		w.until(ctx, "Maya is told of the end", func() bool { return w.told("maya", "ends soon") })
		w.extend(ctx, role)
	}
	w.sleep(ctx, 4*time.Hour+59*time.Minute)
	if fault != "" {
		times := 1
		if fault == "reset_before" {
			times = 3 // Until after the end.
		}
		w.world.Slack.Inject(slacksim.Fault{Name: "chat.postMessage", Kind: slacksim.FaultKind(fault), Times: times, After: 8 * time.Second})
	}
	w.sleep(ctx, time.Minute+2*time.Second)
	if meant == "extend" {
		w.extend(ctx, role)
	} else {
		w.press(ctx, "maya", "Release", func() bool { return w.grantOf("maya", role).State != access.GrantActive })
		w.until(ctx, "it is over", w.state("maya", role, access.GrantEnded))
	}
	w.settle(ctx)
	there := 0
	p, _ := w.world.Company.Person("maya")
	for _, m := range w.world.Slack.Messages(p.SlackID()) {
		if kind, _ := markOf(m.Metadata); kind == "notice" {
			there++
		}
	}
	return append(w.expect(there == left, fmt.Sprintf("%d messages about the end, want %d", there, left)), w.judge(ctx)...)
}

// extend has Maya ask for more time on the Home tab and Priya approve.
func (w *town) extend(ctx context.Context, role string) {
	w.t.Helper()
	p, _ := w.world.Company.Person("maya")
	before, last := w.grantOf("maya", role).Extensions, w.newestOf(p.OktaID(), role).ID
	w.press(ctx, "maya", "Extend", func() bool { return w.newestOf(p.OktaID(), role).ID > last })
	w.approve(ctx, "priya", role)
	w.until(ctx, "the end has moved", func() bool { return w.grantOf("maya", role).Extensions > before })
}
