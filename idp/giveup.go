package idp

import (
	"context"
	"errors"
)

// ErrGivenUp is in the error of a change that was given up before it was sent, see WithWish: by this call the vendor was not
// asked for it, or has refused it.
var ErrGivenUp = errors.New("given up before it was sent")

// Wish says whether a change that waits to be sent is still wanted.
type Wish struct {
	// Over is closed when it is not any more, which ends the waits before it is sent; nil means never.
	Over <-chan struct{}
	// Wanted is asked as well right before it is sent, and must be quick; nil means always.
	Wanted func() bool
}

type wishKey struct{}

// WithWish returns a context whose changes are given up when they are not wanted any more, as long as they have not been sent. A
// change that was sent is always finished: the vendor goes on with it, and whoever undoes it must not overtake it.
func WithWish(ctx context.Context, w Wish) context.Context {
	return context.WithValue(ctx, wishKey{}, w)
}

// Wanted returns ErrGivenUp if the changes of ctx are not wanted any more. Providers ask right before they send one.
func Wanted(ctx context.Context) error {
	w, _ := ctx.Value(wishKey{}).(Wish)
	select {
	case <-w.Over:
		return ErrGivenUp
	default:
	}
	if w.Wanted != nil && !w.Wanted() {
		return ErrGivenUp
	}
	return nil
}

// Waiting returns a context for the waits before a change is sent, and for them alone: it ends with ctx, and with ErrGivenUp as
// its cause when the change is not wanted any more. The caller must call the returned function after the wait.
func Waiting(ctx context.Context) (context.Context, func()) {
	w, _ := ctx.Value(wishKey{}).(Wish)
	if w.Over == nil {
		return ctx, func() {}
	}
	wait, cancel := context.WithCancelCause(ctx)
	if Wanted(ctx) != nil {
		cancel(ErrGivenUp)
	}
	go func() {
		select {
		case <-w.Over:
			cancel(ErrGivenUp)
		case <-wait.Done():
		}
	}()
	return wait, func() { cancel(nil) }
}
