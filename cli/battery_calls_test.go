package cli_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"usher/access"
	"usher/sandbox/jirasim"
	"usher/sandbox/oktasim"
	"usher/sandbox/slacksim"
)

// How many calls one whole life may cost over all vendors, proofs included: if it is decided at once; if its approver thinks for
// a minute, so that the requester is told that it waits; and for half an hour, so that people are looked up again.
const mostCalls, mostCallsSlow, mostCallsLate = 14, 16, 20

// A life that is decided at once: form, question, decision, group, proof, end, each with its record and its messages. The
// people have been looked up lately, each transition of the workflow has a screen, and the time leaps over the notice.
func TestOneLifeCostsFewCalls(t *testing.T) {
	t.Parallel()
	cost(t, 0, mostCalls)
}

// The same life, but its approver thinks.
func TestOneLifeThatWaitsCostsFewCallsMore(t *testing.T) {
	t.Parallel()
	for thinks, most := range map[time.Duration]int{time.Minute: mostCallsSlow, 30 * time.Minute: mostCallsLate} {
		t.Run(thinks.String(), func(t *testing.T) {
			t.Parallel()
			cost(t, thinks, most)
		})
	}
}

// cost plays a life whose approver thinks for a while, and counts.
func cost(t *testing.T, thinks time.Duration, most int) {
	t.Helper()
	s := setup{
		adjust: func(_ *slacksim.Config, j *jirasim.Config, _ *oktasim.Config) {
			for p := range j.Projects {
				w := &j.Projects[p].Workflow
				for i := range w.Transitions {
					if w.Transitions[i].Screen == nil {
						w.Transitions[i].Screen = &jirasim.Screen{Fields: []string{"assignee"}}
					}
				}
			}
		},
	}
	report(t, inTown(t, s, func(ctx context.Context, w *town) []string {
		w.ask(ctx, "maya", "github read", "GitHub: Read", "1 hour") // Has the group judged and the workflow read.
		w.settle(ctx)
		w.leap(ctx, time.Hour)
		w.settle(ctx)
		w.ask(ctx, "sofia", "aws read", "AWS: Read only", "1 hour") // Has Sofia and Omar looked up.
		w.approve(ctx, "omar", "AWS: Read only")
		w.until(ctx, "Sofia has it", w.state("sofia", "AWS: Read only", access.GrantActive))
		w.settle(ctx)
		w.world.ResetCalls()
		if err := w.askByWords(ctx, "sofia", "github read", "GitHub: Read"); err != nil {
			return []string{err.Error()}
		}
		if thinks > 0 {
			w.sleep(ctx, thinks)
		}
		w.approve(ctx, "omar", "GitHub: Read")
		w.until(ctx, "Sofia has it", w.state("sofia", "GitHub: Read", access.GrantActive))
		w.settle(ctx)
		given := w.calls()
		w.until(ctx, "AWS is over", func() bool { w.leap(ctx, time.Hour); return w.state("sofia", "AWS: Read only", access.GrantEnded)() })
		w.settle(ctx)
		w.world.ResetCalls()
		w.leap(ctx, 6*time.Hour)
		w.until(ctx, "Sofia's time is over", w.state("sofia", "GitHub: Read", access.GrantEnded))
		w.settle(ctx)
		calls := append(given, w.calls()...)
		t.Logf("life of an approver who thinks for %v: %d calls, at most %d: %s", thinks, len(calls), most, strings.Join(calls, ", "))
		return w.expect(len(calls) <= most, fmt.Sprintf("%d calls, at most %d are wanted: %s", len(calls), most, strings.Join(calls, ", ")))
	}))
}

// calls are those that the vendors have received, but for the keeping up of the sockets.
func (w *town) calls() (list []string) {
	for _, c := range w.world.Slack.Calls() {
		if !slices.Contains([]string{"socket.connect", "apps.connections.open"}, c.Name) {
			list = append(list, c.Name)
		}
	}
	for _, c := range w.world.Jira.Calls() {
		list = append(list, c.Name)
	}
	for _, c := range w.world.Okta.Calls() {
		list = append(list, c.Name)
	}
	return list
}

// askByWords asks with /access and the words, which name one role, takes the length that is offered, and sends.
func (w *town) askByWords(ctx context.Context, who, words, role string) error {
	p, _ := w.world.Company.Person(who)
	if _, err := w.world.Slack.Run(ctx, p.SlackID(), "/access", words); err != nil {
		return err
	}
	if _, err := w.world.WaitView(ctx, who, "reason", role); err != nil {
		return err
	}
	if err := w.world.Fill(ctx, who, "plain_text_input", "A fix"); err != nil {
		return err
	}
	got, err := w.world.Submit(ctx, who)
	if err == nil && len(got.Errors) > 0 {
		err = fmt.Errorf("the form was refused: %v", got.Errors)
	}
	return err
}
