package access_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"usher/access"
)

func (w *world) unsealed() []access.RequestID {
	w.t.Helper()
	var list []access.RequestID
	err := w.store.View(w.t.Context(), func(tx access.Tx) (err error) {
		list, err = tx.Unsealed("", 0)
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return list
}

// quiet says that nothing is pending.
func (w *world) quiet() bool {
	n := -1
	err := w.store.View(w.t.Context(), func(tx access.Tx) error {
		list, err := tx.Effects()
		n = len(list)
		return err
	})
	return err == nil && n == 0
}

func TestLifeIsSealedWithItsLastEffectAndNotBefore(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.run()
	id := w.active("rita", "write", time.Hour)
	w.until("quiet", w.quiet)
	if got := w.unsealed(); !slices.Equal(got, []access.RequestID{id}) {
		t.Errorf("while the access is active, not sealed are %q", got)
	}
	w.advance(time.Hour)
	w.until("ended", func() bool { return w.state(id) == access.GrantEnded })
	w.until("quiet", w.quiet)
	if got := w.unsealed(); len(got) != 0 {
		t.Errorf("after the end, not sealed are %q", got)
	}
	if err := access.VerifyChain(w.events(id)); err != nil {
		t.Error(err)
	}
	h, err := w.service.Home(t.Context(), w.person("rita"))
	if err != nil || len(h.Recent) != 1 || h.Recent[0].Grant.State != access.GrantEnded {
		t.Errorf("the Home tab shows %+v, %v", h.Recent, err)
	}
}

func TestRequestWithoutAccessIsSealed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.run()
	r := w.submit("rita", "write", time.Hour)
	w.until("asked", func() bool { m, ok := w.slack.last(access.MessageAsk, r.ID, "mona"); return ok && m.Open })
	if err := w.decide("mona", r.ID, access.Deny, "not now"); err != nil {
		t.Fatal(err)
	}
	w.until("sealed", func() bool { return w.quiet() && len(w.unsealed()) == 0 })
}

// An extension is over before the access is; it is sealed then, and the access goes on, is extended, and ends.
func TestExtensionAndItsOriginAreSealedEachAtItsEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.run()
	id := w.active("rita", "write", time.Hour)
	r, err := w.service.Extend(t.Context(), w.person("rita"), access.GrantID(id), "more", "key")
	if err != nil {
		t.Fatal(err)
	}
	w.until("asked", func() bool { m, ok := w.slack.last(access.MessageAsk, r.ID, "mona"); return ok && m.Open })
	if err := w.decide("mona", r.ID, access.Approve, ""); err != nil {
		t.Fatal(err)
	}
	w.until("extended", func() bool { return w.grant(id).Extensions == 1 })
	w.until("quiet", w.quiet)
	if got := w.unsealed(); !slices.Equal(got, []access.RequestID{id}) {
		t.Errorf("after the extension, not sealed are %q", got)
	}
	w.advance(w.grant(id).DueAt.Sub(w.clock()))
	w.until("ended", func() bool { return w.state(id) == access.GrantEnded })
	w.until("all sealed", func() bool { return w.quiet() && len(w.unsealed()) == 0 })
	for _, id := range []access.RequestID{id, r.ID} {
		if err := access.VerifyChain(w.events(id)); err != nil {
			t.Error(err)
		}
	}
}

// What an older version left open in the file is sealed by Seal; what is not over stays as it is.
func TestSealTakesUpWhatWasNotSealed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.run()
	var over []access.RequestID
	for range 3 {
		id := w.active("rita", "write", time.Hour)
		w.advance(time.Hour)
		w.until("ended", func() bool { return w.state(id) == access.GrantEnded })
		over = append(over, id)
	}
	open := w.active("rob", "write", 24*time.Hour)
	w.until("quiet", w.quiet)
	// As if they never had been sealed.
	err := w.store.Update(t.Context(), func(tx access.Tx) error {
		var errs []error
		for i, id := range over {
			var r access.Request
			errs = append(errs, tx.Get(access.Requests, string(id), &r),
				tx.Put(access.Requests, string(id), r), tx.Put(access.Requests, string(id), r, "requester/"+string(r.Requester.User)))
			for n := range 30 { // More than one page of them.
				r.ID, r.State, r.Grant = access.RequestID(fmt.Sprintf("z%d%d", i, n)), access.RequestDenied, ""
				errs = append(errs, tx.Put(access.Requests, string(r.ID), r))
			}
		}
		return errors.Join(errs...)
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := w.unsealed(); len(got) != 31*len(over)+1 {
		t.Fatalf("not sealed are %q", got)
	}
	for range 2 {
		if err := w.service.Seal(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := w.unsealed(); !slices.Equal(got, []access.RequestID{open}) {
			t.Errorf("not sealed are %q", got)
		}
	}
	w.advance(24 * time.Hour)
	w.until("the last is sealed", func() bool { return w.quiet() && len(w.unsealed()) == 0 })
}
