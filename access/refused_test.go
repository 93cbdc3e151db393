package access_test

import (
	"testing"
	"time"

	"usher/idp"
)

// The provider refuses the removal as wrong for an hour, whatever the reason, and then takes it.
func TestARemovalRefusedForAnHourFollowsWithinAMinute(t *testing.T) {
	t.Parallel()
	for _, kind := range []idp.Kind{idp.Invalid, idp.NotGovernable, idp.UserNotAllowed, idp.Forbidden} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			virtual(t, nil, func(t *testing.T, w *world) {
				w.run()
				id := w.active("rita", "write", time.Hour)
				due := w.grant(id).DueAt
				w.dir.failing(func(op string, _ idp.GroupID) error {
					if op == "remove" && time.Since(due) < time.Hour {
						return &idp.Error{Kind: kind, Op: op}
					}
					return nil
				})
				wait(time.Until(due) + time.Hour + time.Minute + 10*time.Second)
				if w.dir.member("gwrite", "rita") {
					for w.dir.member("gwrite", "rita") {
						wait(time.Minute)
					}
					t.Errorf("removed %s after the provider takes it again", (time.Since(due) - time.Hour).Round(time.Minute))
				}
			})
		})
	}
}
