package storetest_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"usher/access"
	"usher/store/storetest"
)

// mutantName is the environment variable that makes TestSuitesCatchWrongStores judge a wrong store.
const mutantName = "USHER_STORETEST_MUTANT"

// mutant is a store that is wrong in one way.
type mutant struct {
	access.Store
	// inView and inUpdate change what functions see; wrong changes how updates are run.
	inView, inUpdate func(access.Tx) access.Tx
	wrong            func(s access.Store, ctx context.Context, f func(access.Tx) error) error
}

func (m mutant) View(ctx context.Context, f func(access.Tx) error) error {
	if m.inView == nil {
		return m.Store.View(ctx, f)
	}
	return m.Store.View(ctx, func(tx access.Tx) error { return f(m.inView(tx)) })
}

func (m mutant) Update(ctx context.Context, f func(access.Tx) error) error {
	g := f
	if m.inUpdate != nil {
		g = func(tx access.Tx) error { return f(m.inUpdate(tx)) }
	}
	if m.wrong != nil {
		return m.wrong(m.Store, ctx, g)
	}
	return m.Store.Update(ctx, g)
}

// The ways in which a transaction can be wrong.
type (
	staleIndex   struct{ access.Tx }
	mergingGet   struct{ access.Tx }
	anyEvent     struct{ access.Tx }
	unordered    struct{ access.Tx }
	forgetful    struct{ access.Tx }
	lateTimers   struct{ access.Tx }
	lastDue      struct{ access.Tx }
	coarse       struct{ access.Tx }
	noPages      struct{ access.Tx }
	halfRefusing struct{ access.Tx }
	frozen       struct{ access.Tx }
	unlisted     struct{ access.Tx }
	relinked     struct{ access.Tx }
	allUnsealed  struct{ access.Tx }
	present      struct {
		access.Tx
		s access.Store
	}
)

func (m staleIndex) Put(k access.Kind, id string, v any, index ...string) error {
	for _, x := range []string{"a", "open", "old", "at/1"} {
		list, err := m.IDs(k, x, "", 0)
		if err != nil {
			return err
		}
		if slices.Contains(list, id) {
			index = append(index, x)
		}
	}
	return m.Tx.Put(k, id, v, index...)
}

func (m mergingGet) Get(k access.Kind, id string, v any) error {
	var raw json.RawMessage
	if err := m.Tx.Get(k, id, &raw); err != nil {
		return err
	}
	return json.Unmarshal(raw, v)
}

func (m anyEvent) Append(e access.Event) error {
	list, err := m.Events(e.Request, 0)
	e.Seq = len(list) + 1
	return errors.Join(err, m.Tx.Append(e))
}

func (m unordered) Effects() ([]access.Effect, error) {
	list, err := m.Tx.Effects()
	slices.SortStableFunc(list, func(a, b access.Effect) int { return int(a.Priority - b.Priority) })
	slices.SortStableFunc(list, func(a, b access.Effect) int {
		if a.Priority == b.Priority && a.Rank == b.Rank {
			return strings.Compare(a.ID, b.ID)
		}
		return 0
	})
	return list, err
}

func (m forgetful) PutEffect(e access.Effect) error {
	e.Attempts = 0
	return m.Tx.PutEffect(e)
}

func (m lateTimers) Due(now time.Time, limit int) ([]access.Timer, error) {
	return m.Tx.Due(now.Add(-1), limit)
}

func (m lastDue) NextDue() (time.Time, bool, error) {
	list, err := m.Due(time.Date(9000, 1, 1, 0, 0, 0, 0, time.UTC), 0)
	if len(list) == 0 {
		return time.Time{}, false, err
	}
	return list[len(list)-1].At, true, err
}

func (m coarse) SetTimer(w access.Timer) error {
	w.At = w.At.Truncate(time.Microsecond)
	return m.Tx.SetTimer(w)
}

func (m noPages) IDs(k access.Kind, index, _ string, limit int) ([]string, error) {
	return m.Tx.IDs(k, index, "", limit)
}

func (m halfRefusing) SetTimer(w access.Timer) error {
	return errors.Join(m.ClearTimer(w.ID), m.Tx.SetTimer(w))
}

func (m present) Events(id access.RequestID, after int) (list []access.Event, err error) {
	err = m.s.View(context.Background(), func(tx access.Tx) (err error) {
		list, err = tx.Events(id, after)
		return err
	})
	return list, err
}

// isSealed is for mutants that treat what is sealed in another way.
func isSealed(tx access.Tx, id access.RequestID) (bool, error) {
	list, err := tx.Unsealed("", 0)
	if err != nil || slices.Contains(list, id) {
		return false, err
	}
	var raw json.RawMessage
	err = tx.Get(access.Requests, string(id), &raw)
	if errors.Is(err, access.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// Put takes what is sealed for final.
func (m frozen) Put(k access.Kind, id string, v any, index ...string) error {
	if sealed, err := isSealed(m.Tx, access.RequestID(id)); err != nil || sealed {
		return err
	}
	return m.Tx.Put(k, id, v, index...)
}

// Seal forgets the index entries.
func (m unlisted) Seal(id access.RequestID) error {
	var raw json.RawMessage
	switch err := m.Get(access.Requests, string(id), &raw); {
	case errors.Is(err, access.ErrNotFound):
		return m.Tx.Seal(id)
	case err != nil:
		return err
	}
	return errors.Join(m.Put(access.Requests, string(id), raw), m.Tx.Seal(id))
}

// Events makes the hash of a sealed event anew instead of giving back the one that was appended.
func (m relinked) Events(id access.RequestID, after int) ([]access.Event, error) {
	list, err := m.Tx.Events(id, after)
	if err != nil {
		return nil, err
	}
	sealed, err := isSealed(m.Tx, id)
	for i := range list {
		if sum, failed := list[i].Sum(); sealed && failed == nil {
			list[i].Hash = sum
		}
	}
	return list, err
}

func (m allUnsealed) Unsealed(after access.RequestID, limit int) ([]access.RequestID, error) {
	list, err := m.IDs(access.Requests, "all", string(after), limit)
	out := make([]access.RequestID, len(list))
	for i, id := range list {
		out[i] = access.RequestID(id)
	}
	return out, err
}

func both(f func(access.Tx) access.Tx) func(access.Store) mutant {
	return func(s access.Store) mutant { return mutant{Store: s, inView: f, inUpdate: f} }
}

func running(f func(s access.Store, ctx context.Context, f func(access.Tx) error) error) func(access.Store) mutant {
	return func(s access.Store) mutant { return mutant{Store: s, wrong: f} }
}

// commitAnyway keeps what a function wrote although it failed.
func commitAnyway(s access.Store, ctx context.Context, f func(access.Tx) error) error {
	var failed error
	err := s.Update(ctx, func(tx access.Tx) error { failed = f(tx); return nil })
	return errors.Join(err, failed)
}

// keepPanicked keeps what a function wrote before it panicked.
func keepPanicked(s access.Store, ctx context.Context, f func(access.Tx) error) error {
	panicked := false
	err := s.Update(ctx, func(tx access.Tx) error {
		defer func() { panicked = recover() != nil }()
		return f(tx)
	})
	if panicked {
		return errors.New("panic")
	}
	return err
}

// later returns before the write is done.
func later(s access.Store, ctx context.Context, f func(access.Tx) error) error {
	errs := make(chan error, 1)
	go func() { errs <- s.Update(context.WithoutCancel(ctx), f) }()
	select {
	case err := <-errs:
		return err
	case <-time.After(20 * time.Microsecond):
		return nil
	}
}

// twoSteps writes in another transaction than it reads in: what comes between is lost.
func twoSteps(s access.Store, ctx context.Context, f func(access.Tx) error) error {
	w := &recorder{}
	err := s.View(ctx, func(tx access.Tx) (err error) {
		defer func() {
			if recover() != nil {
				err = errors.New("panic")
			}
		}()
		w.Tx = tx
		return f(w)
	})
	if err != nil {
		return err
	}
	return s.Update(ctx, func(tx access.Tx) error {
		for _, write := range w.writes {
			if err := write(tx); err != nil {
				return err
			}
		}
		return nil
	})
}

// recorder puts writes of records off.
type recorder struct {
	access.Tx
	writes []func(access.Tx) error
}

func (r *recorder) Put(k access.Kind, id string, v any, index ...string) error {
	r.writes = append(r.writes, func(tx access.Tx) error { return tx.Put(k, id, v, index...) })
	return nil
}

func mutants() map[string]func(access.Store) mutant {
	return map[string]func(access.Store) mutant{
		"none":                   func(s access.Store) mutant { return mutant{Store: s} },
		"stale index entries":    both(func(tx access.Tx) access.Tx { return staleIndex{tx} }),
		"get merges":             both(func(tx access.Tx) access.Tx { return mergingGet{tx} }),
		"any event number":       both(func(tx access.Tx) access.Tx { return anyEvent{tx} }),
		"effects unordered":      both(func(tx access.Tx) access.Tx { return unordered{tx} }),
		"attempts forgotten":     both(func(tx access.Tx) access.Tx { return forgetful{tx} }),
		"due too late":           both(func(tx access.Tx) access.Tx { return lateTimers{tx} }),
		"last due for next":      both(func(tx access.Tx) access.Tx { return lastDue{tx} }),
		"microseconds":           both(func(tx access.Tx) access.Tx { return coarse{tx} }),
		"no pages":               both(func(tx access.Tx) access.Tx { return noPages{tx} }),
		"refused but cleared":    both(func(tx access.Tx) access.Tx { return halfRefusing{tx} }),
		"sealed is final":        both(func(tx access.Tx) access.Tx { return frozen{tx} }),
		"sealed is not listed":   both(func(tx access.Tx) access.Tx { return unlisted{tx} }),
		"sealed is linked anew":  both(func(tx access.Tx) access.Tx { return relinked{tx} }),
		"all is unsealed":        both(func(tx access.Tx) access.Tx { return allUnsealed{tx} }),
		"failed but kept":        running(commitAnyway),
		"panicked but kept":      running(keepPanicked),
		"acknowledged too early": running(later),
		"lost updates":           running(twoSteps),
		"views of the present": func(s access.Store) mutant {
			return mutant{Store: s, inView: func(tx access.Tx) access.Tx { return present{tx, s} }}
		},
	}
}

func TestSuitesCatchWrongStores(t *testing.T) {
	t.Parallel()
	if wrong, ok := mutants()[os.Getenv(mutantName)]; ok {
		fresh := func(*testing.T) access.Store { return wrong(storetest.Memory()) }
		t.Run("Run", func(t *testing.T) { storetest.Run(t, fresh) })
		t.Run("Transactions", func(t *testing.T) { storetest.RunTransactions(t, fresh) })
		t.Run("Parallel", func(t *testing.T) { storetest.RunParallel(t, fresh) })
		t.Run("Model", func(t *testing.T) {
			storetest.RunModel(t, func() (storetest.Reopenable, error) {
				return storetest.Reopenable{Store: wrong(storetest.Memory())}, nil
			})
		})
		return
	}
	for name := range mutants() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestSuitesCatchWrongStores$", //nolint:gosec // Itself.
				"-test.timeout=60s", "-rapid.checks=30", "-rapid.nofailfile", "-rapid.shrinktime=500ms")
			cmd.Env = append(os.Environ(), mutantName+"="+name)
			out, err := cmd.CombinedOutput()
			if name == "none" {
				if err != nil {
					t.Errorf("a right store was judged wrong:\n%s", out)
				}
				return
			}
			var exit *exec.ExitError
			if !errors.As(err, &exit) || !strings.Contains(string(out), "--- FAIL") {
				t.Fatalf("the suites let it pass: %v\n%s", err, out)
			}
			var caught []string
			for _, line := range strings.Split(string(out), "\n") {
				if _, which, ok := strings.Cut(line, "--- FAIL: TestSuitesCatchWrongStores/"); ok {
					caught = append(caught, which)
				}
			}
			t.Logf("caught by %q", caught)
		})
	}
}
