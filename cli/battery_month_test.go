package cli_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"usher/access"
)

// A month in a company of five thousand on a file of its own; see course for what goes on there. The oracle judges its end,
// and the end of all that was given.
func TestAMonthOfFiveThousandPeople(t *testing.T) {
	t.Parallel()
	people, asks := size(300, 5000, 5000), size(40, 400, 400)
	first := seed(t)
	each(t, numbers(first, 1), numbers(first, 20), func(t *testing.T, entry string) {
		began := time.Now()
		report(t, inTown(t, village(people), func(ctx context.Context, w *town) []string {
			c := w.course(dice(entry), people, asks, 30*24*time.Hour)
			c.play(ctx)
			faults := c.judged(ctx)
			t.Log(c.summary(ctx))
			return append(faults, c.over(ctx)...)
		}))
		t.Logf("took %s", time.Since(began).Round(time.Second))
	})
}

// Nothing is due for a day: nobody is called.
func TestAtRestNobodyIsCalledForADay(t *testing.T) {
	t.Parallel()
	report(t, inTown(t, setup{}, func(ctx context.Context, w *town) []string {
		w.ask(ctx, "petra", "salesforce user", "Salesforce: User", "7 days")
		w.approve(ctx, "grace", "Salesforce: User")
		w.until(ctx, "Petra has it", w.state("petra", "Salesforce: User", access.GrantActive))
		w.settle(ctx)
		w.world.ResetCalls()
		w.sleep(ctx, 24*time.Hour)
		calls := len(w.world.Okta.Calls()) + len(w.world.Jira.Calls())
		for _, c := range w.world.Slack.Calls() {
			if !slices.Contains([]string{"socket.connect", "apps.connections.open"}, c.Name) {
				calls++
			}
		}
		return w.expect(calls == 0, fmt.Sprintf("%d calls while nothing was due", calls))
	}))
}
