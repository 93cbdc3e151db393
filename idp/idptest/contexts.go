package idptest

import (
	"context"
	"errors"
	"testing"
	"time"

	"usher/idp"
)

// lagTime is how far reads trail in the cases about lag, short enough for real time.
const lagTime = 300 * time.Millisecond

func contextCases() []testCase {
	return []testCase{
		{"a context that is over sends nothing", func(t *testing.T, w *world) {
			u := w.person(t)
			g := w.AddGroup(t, "Team", u)
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			before := w.Calls()
			err := w.Provider.RemoveMember(ctx, g, u)
			wantKind(t, "RemoveMember", err, idp.Unavailable)
			if !errors.Is(err, context.Canceled) {
				t.Fatalf("%v does not wrap the context's error", err)
			}
			_, err = w.Provider.User(ctx, u)
			if !errors.Is(err, context.Canceled) {
				t.Fatalf("%v does not wrap the context's error", err)
			}
			if n := w.Calls() - before; n != 0 {
				t.Fatalf("%d requests were sent", n)
			}
			w.wantTruth(t, g, u, true)
		}},
		{"a deadline ends a read that hangs", func(t *testing.T, w *world) {
			w.need(t, "Fault", "Heal")
			u := w.person(t)
			w.Fault(Fault{Kind: HangBefore, On: Reads})
			wantDeadline(t, func(ctx context.Context) error {
				_, err := w.Provider.User(ctx, u)
				return err
			})
		}},
		{"a deadline ends a change that hangs before the work", func(t *testing.T, w *world) {
			w.need(t, "Fault", "Heal")
			u, g := w.ready(t)
			w.Fault(Fault{Kind: HangBefore, On: Changes})
			wantDeadline(t, func(ctx context.Context) error { return w.Provider.AddMember(ctx, g, u) })
			w.wantTruth(t, g, u, false)
			w.Heal()
			must(t, "AddMember again", w.Provider.AddMember(t.Context(), g, u))
		}},
		{"a deadline ends a change that hangs after the work", func(t *testing.T, w *world) {
			w.need(t, "Fault", "Heal")
			u, g := w.ready(t)
			w.Fault(Fault{Kind: HangAfter, On: Changes})
			wantDeadline(t, func(ctx context.Context) error { return w.Provider.AddMember(ctx, g, u) })
			w.wantTruth(t, g, u, true)
			w.Heal()
			must(t, "AddMember again", w.Provider.AddMember(t.Context(), g, u))
		}},
		{"cancellation ends a call that hangs", func(t *testing.T, w *world) {
			w.need(t, "Fault", "Heal")
			u := w.person(t)
			w.Fault(Fault{Kind: HangBefore, On: Reads})
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			done := make(chan error, 1)
			before := w.Calls()
			go func() {
				_, err := w.Provider.User(ctx, u)
				done <- err
			}()
			for deadline := time.Now().Add(patience); w.Calls() == before; pause() {
				if time.Now().After(deadline) {
					t.Fatal("the call never reached the vendor")
				}
			}
			cancel()
			select {
			case err := <-done:
				if !errors.Is(err, context.Canceled) {
					t.Fatalf("%v does not wrap the context's error", err)
				}
			case <-time.After(patience):
				t.Fatal("the call outlived its context")
			}
		}},
		{"hanging calls do not starve the next ones for ever", func(t *testing.T, w *world) {
			w.need(t, "Fault", "Heal")
			u := w.person(t)
			w.Fault(Fault{Kind: HangBefore, On: Reads, Times: 20})
			ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
			defer cancel()
			done := make(chan error, 20)
			for range cap(done) {
				go func() {
					_, err := w.Provider.User(ctx, u)
					done <- err
				}()
			}
			for range cap(done) {
				if err := <-done; !errors.Is(err, context.DeadlineExceeded) {
					t.Fatalf("%v does not wrap the context's error", err)
				}
			}
			w.Heal()
			_, err := w.Provider.User(t.Context(), u)
			must(t, "User", err)
		}},
	}
}

func wantDeadline(t *testing.T, call func(ctx context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	started := time.Now()
	err := call(ctx)
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("%v does not wrap the context's error", err)
	}
	wantKind(t, "the call", err, idp.Unavailable)
	if took := time.Since(started); took > patience/2 {
		t.Fatalf("the call outlived its deadline by %v", took)
	}
}
