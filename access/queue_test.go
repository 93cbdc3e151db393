package access

import (
	"testing"
	"time"
)

// The removal that takes an addition back knows that nothing was sent only if that is certain.
func TestARemovalKnowsWhetherItsAdditionWasEverBegun(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		attempts        int
		inherited, hand bool
		want            bool
	}{
		"it waits for its turn":         {want: true},
		"it was tried":                  {attempts: 1},
		"it is of an earlier process":   {inherited: true},
		"it is in hand":                 {hand: true},
		"it is in hand, tried, and old": {attempts: 2, inherited: true, hand: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &Service{cfg: Config{Now: time.Now, Elapsed: func() time.Duration { return 0 }, InFlight: 5}}
			r := newRunner(s)
			add := Effect{
				ID: "add", Kind: EffectAdd, Target: "dir", Lane: "lane", Priority: PriorityProvision, Grant: "g", Rev: 1,
				Attempts: c.attempts, inherited: c.inherited,
			}
			remove := Effect{ID: "remove", Kind: EffectRemove, Target: "dir", Lane: "lane", Grant: "g", Rev: 2}
			r.add([]Effect{add})
			if c.hand {
				if e, ok, _ := r.queue.next(s.Now()); !ok || e.ID != "add" {
					t.Fatalf("the turn is that of %q", e.ID)
				}
			}
			r.replace([]Effect{add}, []Effect{remove})
			if c.hand {
				r.queue.free("dir")
				r.queue.done("lane")
			}
			e, ok, _ := r.queue.next(s.Now())
			if !ok || e.ID != "remove" || e.unsent != c.want {
				t.Errorf("the turn is that of %q, which knows %v", e.ID, e.unsent)
			}
		})
	}
}
