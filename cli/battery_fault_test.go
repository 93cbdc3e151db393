package cli_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"usher/access"
	"usher/sandbox/battery"
	"usher/sandbox/jirasim"
	"usher/sandbox/oktasim"
	"usher/sandbox/slacksim"
)

// faultKinds are the ways in which a call goes wrong, the same for all three vendors.
func faultKinds() []string {
	return []string{
		"rate_limit", "rate_limit_bare", "error_500", "error_502_html", "error_503", "down", "reset_before", "lost_answer",
		"hang_before", "hang_after", "truncated", "wrong_types", "ok_with_error", "unauthorized", "forbidden", "gone", "slow_drip",
	}
}

// faultCalls are the calls of one life.
func faultCalls() []string {
	return []string{
		"slack users.info", "slack views.open", "slack views.update", "slack chat.postMessage", "slack chat.update",
		"jira issue.create", "jira transition.do", "okta user.get", "okta user.groups", "okta group.member.add",
		"okta group.member.remove",
	}
}

func TestEachFaultOfEachCallDelaysOrRefusesButBreaksNothing(t *testing.T) {
	t.Parallel()
	var cells []string
	for _, call := range faultCalls() {
		for _, kind := range faultKinds() {
			cells = append(cells, call+" "+kind)
		}
	}
	pairs := slices.Clone(cells)
	for i := range 5000 {
		rng := dice(fmt.Sprint("pair", i))
		pairs = append(pairs, cells[rng.IntN(len(cells))]+","+cells[rng.IntN(len(cells))])
	}
	t.Logf("%d cells", len(cells))
	each(t, cells, pairs, func(t *testing.T, entry string) {
		report(t, inTown(t, setup{}, func(ctx context.Context, w *town) []string {
			for _, c := range strings.Split(entry, ",") {
				part := strings.Split(c, " ")
				w.inject(part[0], part[1], part[2], 1)
			}
			return w.troubled(ctx)
		}))
	})
}

// inject makes calls of a vendor go wrong, so many times; zero means until the faults are cleared.
func (w *town) inject(vendor, op, kind string, times int) {
	switch vendor {
	case "okta":
		w.world.Okta.Inject(oktasim.Fault{Name: op, Kind: oktasim.FaultKind(kind), Times: times})
	case "jira":
		w.world.Jira.Inject(jirasim.Fault{Name: op, Kind: jirasim.FaultKind(kind), Times: times})
	case "slack":
		w.world.Slack.Inject(slacksim.Fault{Name: op, Kind: slacksim.FaultKind(kind), Times: times})
	}
}

// troubled plays a life in which something goes wrong: it may take longer or end in a refusal, but in nothing else. Nothing
// excuses a late end but a call to Okta that was hit itself.
func (w *town) troubled(ctx context.Context) []string {
	w.ask(ctx, "maya", "github write", "GitHub: Write", "1 hour")
	w.approve(ctx, "priya", "GitHub: Write")
	given := w.state("maya", "GitHub: Write", access.GrantActive)
	failed := w.state("maya", "GitHub: Write", access.GrantFailed)
	w.until(ctx, "Maya has it or is told that she cannot", func() bool { return given() || failed() })
	w.sleep(ctx, 72*time.Minute)
	w.settle(ctx)
	over := w.grantOf("maya", "GitHub: Write").State
	ok := slices.Contains([]access.GrantState{access.GrantEnded, access.GrantFailed}, over)
	return append(w.judge(ctx), w.expect(ok, fmt.Sprintf("the grant is %q", over))...)
}

// Okta answers "not found" once although user and group are there. That is no proof that the membership has gone.
func TestNotFoundIsNoProofOfAbsence(t *testing.T) {
	t.Parallel()
	battery.Alone(t)
	report(t, inTown(t, setup{}, func(ctx context.Context, w *town) []string {
		w.ask(ctx, "maya", "github write", "GitHub: Write", "1 hour")
		w.approve(ctx, "priya", "GitHub: Write")
		w.until(ctx, "Maya has it", w.state("maya", "GitHub: Write", access.GrantActive))
		w.sleep(ctx, 50*time.Minute)
		from := time.Now()
		w.inject("okta", "group.member.remove", "gone", 1)
		w.inject("okta", "user.groups", "gone", 1)
		w.sleep(ctx, 12*time.Minute)
		w.outages = append(w.outages, span{from, time.Now()})
		w.settle(ctx)
		return w.judge(ctx)
	}))
}

// Everybody in the company tries to decide, from the message and from the Home tab; only the manager can.
func TestNobodyElseDecides(t *testing.T) {
	t.Parallel()
	battery.Alone(t)
	report(t, inTown(t, setup{}, func(ctx context.Context, w *town) []string {
		w.ask(ctx, "maya", "github write", "GitHub: Write", "1 hour")
		w.until(ctx, "Priya is asked", func() bool { _, ok := w.question("priya", "GitHub: Write"); return ok })
		for i, p := range w.world.Company.People {
			if p.Handle != "priya" {
				w.stranger(ctx, i)
				w.stranger(ctx, i+1000*len(w.world.Company.People))
			}
		}
		w.settle(ctx)
		return append(w.judge(ctx), w.expect(w.newest("GitHub: Write").State == access.RequestPending, "a stranger decided")...)
	}))
}
