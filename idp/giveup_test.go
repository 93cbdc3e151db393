package idp_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"usher/idp"
)

func TestAWaitEndsWhenTheChangeIsGivenUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		over := make(chan struct{})
		time.AfterFunc(time.Minute, func() { close(over) })
		ctx := idp.WithWish(t.Context(), idp.Wish{Over: over})
		wait, done := idp.Waiting(ctx)
		if err := idp.Wanted(ctx); err != nil || wait.Err() != nil {
			t.Fatalf("given up before: %v, %v", err, wait.Err())
		}
		began := time.Now()
		<-wait.Done()
		if took := time.Since(began); took != time.Minute || !errors.Is(context.Cause(wait), idp.ErrGivenUp) {
			t.Errorf("it ended after %v with %v", took, context.Cause(wait))
		}
		if err := idp.Wanted(ctx); !errors.Is(err, idp.ErrGivenUp) || ctx.Err() != nil {
			t.Errorf("wanted: %v; the call itself: %v", err, ctx.Err())
		}
		done()
		again, done := idp.Waiting(ctx)
		if again.Err() == nil || !errors.Is(context.Cause(again), idp.ErrGivenUp) {
			t.Error("the next wait begins")
		}
		done()
	})
}

func TestAWaitWithoutAWishIsThatOfTheCall(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	wait, done := idp.Waiting(ctx)
	defer done()
	if err := idp.Wanted(ctx); err != nil || wait.Err() != nil {
		t.Fatal(err)
	}
	cancel()
	if !errors.Is(context.Cause(wait), context.Canceled) {
		t.Error(context.Cause(wait))
	}
}

func TestWhatIsNotWantedByThenIsNotSent(t *testing.T) {
	t.Parallel()
	wanted := true
	ctx := idp.WithWish(t.Context(), idp.Wish{Wanted: func() bool { return wanted }})
	if err := idp.Wanted(ctx); err != nil {
		t.Fatal(err)
	}
	wanted = false
	if err := idp.Wanted(ctx); !errors.Is(err, idp.ErrGivenUp) {
		t.Error(err)
	}
}
