package cli_test

import (
	"context"
	"testing"
	"time"

	"usher/access"
)

// Somebody looks at their Home tab shortly before their access ends: the tab shows the end without being opened again.
func TestAnOpenHomeTabShowsTheEnd(t *testing.T) {
	t.Parallel()
	report(t, inTown(t, setup{}, func(ctx context.Context, w *town) []string {
		const role = "GitHub: Write"
		w.ask(ctx, "maya", "github write", role, "1 hour")
		w.approve(ctx, "priya", role)
		w.until(ctx, "Maya has it", w.state("maya", role, access.GrantActive))
		w.sleep(ctx, 55*time.Minute)
		w.try(ctx, "Maya looks at her Home tab", func(ctx context.Context) error {
			return w.world.Slack.OpenHome(ctx, "U0MAYA")
		})
		w.sleep(ctx, time.Minute)
		faults := w.judge(ctx)
		v, _ := w.world.Slack.Home("U0MAYA")
		faults = append(faults, w.expect(entry(v.Plain(), role) != "", "Maya's Home tab does not show what she has")...)
		w.sleep(ctx, 9*time.Minute)
		w.settle(ctx)
		return append(faults, w.judge(ctx)...)
	}))
}
