package access

import (
	"context"
	"errors"

	"usher/idp"
)

// An addition may wait long at the provider's limits. When its grant is given up meanwhile it is not sent any more; if it has
// been sent it is finished, for the provider goes on with it, and a removal must not overtake it. The removal that follows in
// the same lane is told when nothing was sent, so that the record speaks of no removal then.

// hand is an addition in hand.
type hand struct {
	r    *Runner
	e    Effect
	over chan struct{} // Closed by drop.
	sent bool          // By this try or an earlier one, or nobody knows.
}

// take makes the addition known as the one in hand until leave.
func (r *Runner) take(e Effect) *hand {
	h := &hand{r: r, e: e, over: make(chan struct{}), sent: e.again()}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.adding[e.ID] = h.over
	return h
}

// send has the provider add the member, unless g is given up or over before it is sent: then the error is idp.ErrGivenUp.
func (h *hand) send(ctx context.Context, g Grant, add func(context.Context) error) error {
	before := h.sent
	h.sent = true
	err := add(idp.WithWish(ctx, idp.Wish{Over: h.over, Wanted: func() bool { return !g.over(h.r.s.Now()) }}))
	if errors.Is(err, idp.ErrGivenUp) {
		h.sent = before
	}
	return err
}

// leave tells the removal that waits in the lane if nothing was sent.
func (h *hand) leave() {
	h.r.mu.Lock()
	defer h.r.mu.Unlock()
	delete(h.r.adding, h.e.ID)
	if !h.sent {
		h.r.queue.unsent(h.e)
	}
}

// replace forgets effects and takes up others. What is under way is finished, but for an addition that was not sent yet; its
// outcome finds nothing left to settle.
func (r *Runner) replace(drop, list []Effect) {
	never := map[string]bool{} // By lane.
	r.mu.Lock()
	for _, e := range drop {
		if e.Kind == EffectAdd && r.queue.untried(e) {
			never[e.Lane] = true
		}
		r.queue.remove(e.ID, e.Lane, 0)
		if over := r.adding[e.ID]; over != nil {
			close(over)
			delete(r.adding, e.ID)
		}
	}
	r.mu.Unlock()
	for i := range list {
		list[i].unsent = list[i].Kind == EffectRemove && never[list[i].Lane]
	}
	r.add(list)
}
