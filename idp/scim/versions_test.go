package scim

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"usher/idp"
)

func TestWhoWaitsForATurnMayGiveUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v := newVersions()
		leave, err := v.enter(t.Context(), "add member", "g")
		if err != nil {
			t.Fatal(err)
		}
		over := make(chan struct{})
		time.AfterFunc(time.Minute, func() { close(over) })
		if _, err := v.enter(idp.WithWish(t.Context(), idp.Wish{Over: over}), "add member", "g"); !errors.Is(err, idp.ErrGivenUp) {
			t.Errorf("it got its turn, or %v", err)
		}
		leave()
		if leave, err = v.enter(t.Context(), "add member", "g"); err != nil {
			t.Fatal(err)
		}
		leave()
	})
}
