package rest_test

import (
	"errors"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"usher/idp"
	"usher/idp/rest"
)

// A change that waits for its budget is given up; a read is not, for it may be about a change that was sent.
func TestAChangeThatWaitsIsGivenUpAndAReadIsNot(t *testing.T) {
	t.Parallel()
	var seen atomic.Int64
	held, open := make(chan struct{}, 1), make(chan struct{})
	c, base := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodDelete {
			held <- struct{}{}
			<-open
			return
		}
		seen.Add(1)
	}, func(c *rest.Config) { c.Limits = rest.Limits{InFlight: 1} })
	busy := make(chan error, 1)
	ask := get(base)
	ask.Method = http.MethodDelete
	go func() { _, err := c.Do(t.Context(), ask); busy <- err }()
	<-held
	over := make(chan struct{})
	ctx := idp.WithWish(t.Context(), idp.Wish{Over: over})
	change, read := get(base), make(chan error, 1)
	change.Method = http.MethodPost
	go func() { _, err := c.Do(ctx, get(base)); read <- err }()
	time.AfterFunc(50*time.Millisecond, func() { close(over) })
	if _, err := c.Do(ctx, change); !errors.Is(err, idp.ErrGivenUp) || idp.KindOf(err) != idp.Unavailable || seen.Load() != 0 {
		t.Errorf("%v, %d requests", err, seen.Load())
	}
	close(open)
	if err := <-busy; err != nil {
		t.Error(err)
	}
	if err := <-read; err != nil || seen.Load() != 1 {
		t.Errorf("the read: %v, %d requests", err, seen.Load())
	}
	if _, err := c.Do(ctx, change); !errors.Is(err, idp.ErrGivenUp) || seen.Load() != 1 {
		t.Errorf("a change that nobody wants: %v, %d requests", err, seen.Load())
	}
}
