package idptest

import (
	"context"
	"errors"
	"testing"
	"time"

	"usher/idp"
)

// wishCases are about changes that are given up: before they are sent at once, and never after.
func wishCases() []testCase {
	return []testCase{
		{"a change that is not wanted any more is not sent", func(t *testing.T, w *world) {
			u, g := w.ready(t)
			over := make(chan struct{})
			close(over)
			for name, wish := range map[string]idp.Wish{"over": {Over: over}, "not wanted": {Wanted: func() bool { return false }}} {
				err := w.Provider.AddMember(idp.WithWish(t.Context(), wish), g, u)
				wantKind(t, "AddMember, "+name, err, idp.Unavailable)
				if !errors.Is(err, idp.ErrGivenUp) {
					t.Fatalf("%s: %v does not wrap ErrGivenUp", name, err)
				}
			}
			w.wantTruth(t, g, u, false)
			wish := idp.Wish{Over: make(chan struct{}), Wanted: func() bool { return true }}
			must(t, "AddMember, still wanted", w.Provider.AddMember(idp.WithWish(t.Context(), wish), g, u))
			w.wantTruth(t, g, u, true)
		}},
		{"a change that was sent is not given up", func(t *testing.T, w *world) {
			w.need(t, "Fault", "Heal")
			u, g := w.ready(t)
			w.Fault(Fault{Kind: HangBefore, On: Changes})
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			over := make(chan struct{})
			time.AfterFunc(300*time.Millisecond, func() { close(over) })
			err := w.Provider.AddMember(idp.WithWish(ctx, idp.Wish{Over: over}), g, u)
			if errors.Is(err, idp.ErrGivenUp) || !errors.Is(err, context.DeadlineExceeded) {
				t.Fatalf("%v: it was sent and must be waited for", err)
			}
		}},
	}
}
