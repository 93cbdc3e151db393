package cli_test

import (
	"context"
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
