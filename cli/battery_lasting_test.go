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

// lasting is a fault that goes on for a while: every call of a kind goes wrong, from the asking on, or from before the end.
type lasting struct {
	vendor, call, kind, moment string
	length                     time.Duration
}

func (l lasting) String() string {
	return strings.Join([]string{l.vendor, l.call, l.kind, l.moment, l.length.String()}, " ")
}

// What goes wrong when somebody asks, and at the end of an access.
const momentAsking, momentEnding = "asking", "ending"

// lastingFaults are the faults of some kinds and lengths, on each call where it is made and on all calls of each vendor.
func lastingFaults(kinds []string, calls, vendors []time.Duration) (list []string) {
	add := func(call, moment string, lengths []time.Duration) {
		vendor, name, _ := strings.Cut(call, " ")
		for _, kind := range kinds {
			for _, d := range lengths {
				if vendor == "slack" && kind == "unauthorized" && name == "*" {
					continue // A token that is refused at the start ends the program, with a sentence for its admin.
				}
				list = append(list, lasting{vendor, name, kind, moment, d}.String())
			}
		}
	}
	for _, call := range faultCalls() {
		if call != "okta group.member.remove" {
			add(call, momentAsking, calls)
		}
	}
	for _, call := range []string{"slack chat.postMessage", "slack chat.update", "jira transition.do", "okta user.groups", "okta group.member.remove"} {
		add(call, momentEnding, calls)
	}
	for _, vendor := range []string{"slack *", "jira *", "okta *"} {
		add(vendor, momentAsking, vendors)
		add(vendor, momentEnding, vendors)
	}
	return list
}

func lastingOf(entry string) (l lasting) {
	part := strings.Split(entry, " ")
	d, _ := time.ParseDuration(part[4])
	return lasting{part[0], part[1], part[2], part[3], d}
}

// A fault may last: for minutes on one call, for an hour on a whole vendor. Nobody gives up: when it is over, everything
// that was asked for comes about, once, and what was due while Okta was out of reach ends within a minute.
func TestEachFaultThatLastsDelaysOrRefusesButBreaksNothing(t *testing.T) {
	t.Parallel()
	commit := lastingFaults([]string{"down", "error_500", "rate_limit", "truncated", "lost_answer"}, []time.Duration{10 * time.Minute}, []time.Duration{time.Hour})
	commit = append(commit,
		lasting{"okta", "*", "gone", momentEnding, time.Hour}.String(), // A wrong address knows nobody and nothing.
		lasting{"slack", "*", "gone", momentEnding, time.Hour}.String(), lasting{"slack", "*", "forbidden", momentAsking, time.Hour}.String())
	night := lastingFaults(faultKinds(), []time.Duration{3 * time.Minute, 10 * time.Minute, time.Hour}, []time.Duration{8 * time.Minute, time.Hour, 5 * time.Hour})
	battery.Entries{Commit: commit, Night: slices.Concat(commit, night), Thin: true}.Play(t, func(t *testing.T, entry string) {
		report(t, inTown(t, setup{}, func(ctx context.Context, w *town) []string {
			w.patience = 8 * time.Hour
			return append(w.outlast(ctx, lastingOf(entry)), w.truthful()...)
		}))
	})
}

// outlast plays a life in which a fault lasts.
func (w *town) outlast(ctx context.Context, l lasting) (faults []string) {
	const role = "GitHub: Write"
	began := time.Now()
	if l.moment == momentAsking {
		w.begin(l)
	}
	w.ask(ctx, "maya", "github write", role, "6 hours")
	w.approve(ctx, "priya", role)
	given, failed := w.state("maya", role, access.GrantActive), w.state("maya", role, access.GrantFailed)
	w.until(ctx, "Maya has it or is told that she cannot", func() bool { return given() || failed() })
	due := w.grantOf("maya", role).DueAt
	if l.moment == momentAsking {
		w.sleep(ctx, l.length-time.Since(began)) // It may have hit what was over sooner.
	}
	if given() {
		before := 2 * time.Minute
		if l.call == "chat.postMessage" {
			before += time.Hour // Nothing is posted at the end but the notice an hour before.
		}
		w.sleep(ctx, due.Add(-before).Sub(w.world.Clock.Now()))
		if l.moment == momentEnding {
			w.begin(l)
			w.sleep(ctx, max(0, l.length-before))
		}
		w.sleep(ctx, before)
		w.sleep(ctx, time.Minute)
		faults = w.expect(!w.world.Member(githubWrite, "maya"), "she is a member a minute after everything was well again")
	}
	w.settle(ctx)
	faults = append(faults, w.expect(w.hitBy(l.kind) > 0, "the test is wrong: the fault met no call")...)
	want := []access.GrantState{access.GrantEnded}
	if l.kind == "gone" { // The one that refuses; nobody takes the others for an answer, however long they last.
		want = append(want, access.GrantFailed)
	}
	over := w.grantOf("maya", role).State
	ok := slices.Contains(want, over)
	return append(append(faults, w.judge(ctx)...), w.expect(ok, fmt.Sprintf("the grant is %q", over))...)
}

// begin has the fault begin; it ends by itself.
func (w *town) begin(l lasting) {
	const wait = 30 * time.Second // What a refusal for the rate asks for.
	switch l.vendor {
	case "okta":
		w.world.Okta.Inject(oktasim.Fault{Name: l.call, Kind: oktasim.FaultKind(l.kind), After: after(l.kind, wait)})
	case "jira":
		w.world.Jira.Inject(jirasim.Fault{Name: l.call, Kind: jirasim.FaultKind(l.kind), After: after(l.kind, wait)})
	case "slack":
		w.world.Slack.Inject(slacksim.Fault{Name: l.call, Kind: slacksim.FaultKind(l.kind), After: after(l.kind, wait)})
	}
	time.AfterFunc(l.length, w.world.ClearFaults)
}

// hitBy is how many calls met a fault of the kind.
func (w *town) hitBy(kind string) (n int) {
	for _, c := range w.world.Okta.Calls() {
		if c.Fault == kind {
			n++
		}
	}
	for _, c := range w.world.Jira.Calls() {
		if string(c.Fault) == kind {
			n++
		}
	}
	for _, c := range w.world.Slack.Calls() {
		if string(c.Fault) == kind {
			n++
		}
	}
	return n
}

// after is what a fault of the kind is told to wait; the slow ones have their own.
func after(kind string, wait time.Duration) time.Duration {
	if kind == "rate_limit" {
		return wait
	}
	return 0
}
