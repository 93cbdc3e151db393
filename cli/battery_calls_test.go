package cli_test

import (
	"context"
	"fmt"
	"testing"
	"time"
)

// mostCalls is how many calls one whole life may cost: request, decision, group, proof, end, each with its record and its
// messages. The search in the form, people looked up once and the Home tab of whoever has it open come on top.
const mostCalls = 14

func TestOneLifeCostsFewCalls(t *testing.T) {
	t.Parallel()
	report(t, inTown(t, setup{}, func(ctx context.Context, w *town) []string {
		w.live(ctx) // The first life looks up what is remembered afterwards.
		w.world.ResetCalls()
		w.live(ctx)
		for _, c := range w.world.Slack.Calls() {
			fmt.Println("slack", c.At.Format(time.TimeOnly), c.Name)
		}
		for _, c := range w.world.Jira.Calls() {
			fmt.Println("jira", c.At.Format(time.TimeOnly), c.Name)
		}
		for _, c := range w.world.Okta.Calls() {
			fmt.Println("okta", c.At.Format(time.TimeOnly), c.Name)
		}
		return nil
	}))
}
