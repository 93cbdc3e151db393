package ldap

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"usher/idp"
)

func TestWhoWaitsForAConnectionMayGiveUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPool(2)
		leave, err := p.enter(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		over := make(chan struct{})
		time.AfterFunc(time.Minute, func() { close(over) })
		if _, err := p.enter(idp.WithWish(t.Context(), idp.Wish{Over: over})); !errors.Is(err, idp.ErrGivenUp) {
			t.Errorf("it got in, or %v", err)
		}
		leave()
		if leave, err = p.enter(t.Context()); err != nil || len(p.normal) != 1 || len(p.all) != 1 {
			t.Errorf("%v, a place is lost", err)
		}
		leave()
	})
}
