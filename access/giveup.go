package access

import (
	"context"

	"usher/idp"
)

// An addition may wait long at the provider's limits. When its grant is given up meanwhile it is not sent any more; if it has
// been sent it is finished, for the provider goes on with it, and a removal must not overtake it.

// hand is an addition in hand.
type hand struct {
	r    *Runner
	e    Effect
	over chan struct{} // Closed by replace.
}

// take makes the addition known as the one in hand until leave.
func (r *Runner) take(e Effect) *hand {
	h := &hand{r: r, e: e, over: make(chan struct{})}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.adding[e.ID] = h.over
	return h
}

// send has the provider add the member, unless g is given up or over before it is sent: then the error is idp.ErrGivenUp.
func (h *hand) send(ctx context.Context, g Grant, add func(context.Context) error) error {
	return add(idp.WithWish(ctx, idp.Wish{Over: h.over, Wanted: func() bool { return !g.over(h.r.s.Now()) }}))
}

// givenUp reports whether a decision has withdrawn the addition.
func (h *hand) givenUp() bool {
	select {
	case <-h.over:
		return true
	default:
		return false
	}
}

func (h *hand) leave() {
	h.r.mu.Lock()
	defer h.r.mu.Unlock()
	delete(h.r.adding, h.e.ID)
}

// replace forgets effects and takes up others. What is under way is finished, but for an addition that was not sent yet; its
// outcome finds nothing left to settle.
func (r *Runner) replace(drop, list []Effect) {
	r.mu.Lock()
	for _, e := range drop {
		r.queue.remove(e.ID, e.Lane, 0)
		if over := r.adding[e.ID]; over != nil {
			close(over)
			delete(r.adding, e.ID)
		}
	}
	r.mu.Unlock()
	r.add(list)
}
