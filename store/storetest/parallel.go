package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"usher/access"
)

// RunParallel judges a store under many callers at once. Three properties are checked: no increment is lost; every view
// sees all of an update or nothing of it, in all families; what an update returned is in every view begun later.
func RunParallel(t *testing.T, fresh Fresh) {
	t.Helper()
	each(t, fresh, map[string]func(*testing.T, access.Store){
		"no increment is lost":                      increments,
		"every view is of one moment":               consistentViews,
		"what was written is seen by whoever comes": readYourWrites,
		"sums are kept while money moves":           transfers,
	})
}

func increments(t *testing.T, s access.Store) {
	const callers, rounds = 16, 40
	var all sync.WaitGroup
	for c := range callers {
		own := "own/" + strconv.Itoa(c)
		all.Go(func() {
			for n := range rounds {
				err := s.Update(context.Background(), func(tx access.Tx) error {
					return errors.Join(count(tx, "shared"), count(tx, own), count(tx, "pair/"+strconv.Itoa(n%2)))
				})
				if err != nil {
					t.Errorf("update: %v", err)
				}
			}
		})
	}
	all.Wait()
	if got := counter(t, s, "shared"); got != callers*rounds {
		t.Errorf("the shared count is %d, want %d", got, callers*rounds)
	}
	for c := range callers {
		if got := counter(t, s, "own/"+strconv.Itoa(c)); got != rounds {
			t.Errorf("count %d is %d, want %d", c, got, rounds)
		}
	}
}

// writeStep makes all families of one lane say n. Every fifth step seals it, so that the next one unseals it.
func writeStep(tx access.Tx, lane string, n int) error {
	id := access.RequestID(lane)
	err := errors.Join(
		tx.Put(access.Requests, lane, n, "at/"+strconv.Itoa(n), "parity/"+strconv.Itoa(n%2)),
		tx.Append(access.Event{Request: id, Seq: n}),
		tx.PutEffect(access.Effect{ID: lane, Rev: n, Rank: n % 7}),
		tx.SetTimer(access.Timer{ID: lane, At: noon().Add(time.Duration(n) * time.Second), Request: id}),
	)
	if n%5 == 0 {
		err = errors.Join(err, tx.Seal(id))
	}
	return err
}

// readStep returns the n that all families of a lane say, or an error that says who differs.
func readStep(tx access.Tx, lane string) (int, error) {
	n := 0
	if err := tx.Get(access.Requests, lane, &n); err != nil && !errors.Is(err, access.ErrNotFound) {
		return 0, err
	}
	chain, err := tx.Events(access.RequestID(lane), 0)
	if err != nil {
		return 0, err
	}
	for i, e := range chain {
		if e.Seq != i+1 {
			return 0, fmt.Errorf("lane %s: event %d is number %d", lane, i+1, e.Seq)
		}
	}
	if len(chain) != n {
		return 0, fmt.Errorf("lane %s: the record says %d, there are %d events", lane, n, len(chain))
	}
	if n == 0 {
		return 0, nil
	}
	e, err := tx.Effect(lane)
	if err != nil {
		return 0, err
	}
	if e.Rev != n {
		return 0, fmt.Errorf("lane %s: the record says %d, the effect %d", lane, n, e.Rev)
	}
	return n, readIndex(tx, lane, n)
}

// readIndex checks the index entries and the timer of a lane that is at n.
func readIndex(tx access.Tx, lane string, n int) error {
	for index, want := range map[string]bool{
		"at/" + strconv.Itoa(n): true, "at/" + strconv.Itoa(n-1): false,
		"parity/" + strconv.Itoa(n%2): true, "parity/" + strconv.Itoa(1-n%2): false,
	} {
		list, err := tx.IDs(access.Requests, index, "", 0)
		if err != nil {
			return err
		}
		if slices.Contains(list, lane) != want {
			return fmt.Errorf("lane %s is at %d, but index %s lists %q", lane, n, index, list)
		}
	}
	at := noon().Add(time.Duration(n) * time.Second)
	timers, err := tx.Due(farFuture(), 0)
	if err != nil {
		return err
	}
	for _, w := range timers {
		if w.ID == lane && !w.At.Equal(at) {
			return fmt.Errorf("lane %s is at %d, but its timer at %v", lane, n, w.At)
		}
	}
	if !slices.ContainsFunc(timers, func(w access.Timer) bool { return w.ID == lane }) {
		return fmt.Errorf("lane %s is at %d, but has no timer", lane, n)
	}
	return nil
}

func consistentViews(t *testing.T, s access.Store) {
	const lanes, rounds = 4, 30
	var writers, readers sync.WaitGroup
	over := make(chan struct{})
	for l := range lanes {
		lane := "lane" + strconv.Itoa(l)
		writers.Go(func() {
			for n := 1; n <= rounds; n++ {
				if err := s.Update(context.Background(), func(tx access.Tx) error { return writeStep(tx, lane, n) }); err != nil {
					t.Errorf("update: %v", err)
				}
			}
		})
		readers.Go(func() {
			last, views := 0, 0
			for ended := false; !ended; views++ {
				select {
				case <-over:
					ended = true // One more view after the last write.
				default:
				}
				err := s.View(context.Background(), func(tx access.Tx) error {
					n, err := readStep(tx, lane)
					if n < last {
						t.Errorf("%s went back from %d to %d", lane, last, n)
					}
					last = n
					return err
				})
				if err != nil {
					t.Errorf("view %d: %v", views, err)
					return
				}
			}
			if last != rounds {
				t.Errorf("the last view of %s saw %d, want %d", lane, last, rounds)
			}
		})
	}
	writers.Wait()
	close(over)
	readers.Wait()
}

func readYourWrites(t *testing.T, s access.Store) {
	var all sync.WaitGroup
	for c := range 8 {
		id := strconv.Itoa(c)
		all.Go(func() {
			for n := 1; n <= 15; n++ {
				update(t, s, func(tx access.Tx) error { return count(tx, id) })
				if got := counter(t, s, id); got != n {
					t.Errorf("caller %s wrote %d and reads %d", id, n, got)
				}
			}
		})
	}
	all.Wait()
}

func transfers(t *testing.T, s access.Store) {
	const accounts, each = 8, 100
	name := func(i int) string { return "account" + strconv.Itoa(i%accounts) }
	update(t, s, func(tx access.Tx) error {
		for i := range accounts {
			if err := tx.Put(access.Keys, name(i), each, "accounts"); err != nil {
				return err
			}
		}
		return nil
	})
	move := func(tx access.Tx, from, to string, n int) error {
		var a, b int
		if err := errors.Join(tx.Get(access.Keys, from, &a), tx.Get(access.Keys, to, &b)); err != nil {
			return err
		}
		if err := tx.Put(access.Keys, from, a-n, "accounts"); err != nil {
			return err
		}
		if a < n {
			return errOnPurpose // After the first half was written.
		}
		return tx.Put(access.Keys, to, b+n, "accounts")
	}
	var all sync.WaitGroup
	for c := range 8 {
		all.Go(func() {
			for n := range 20 {
				err := s.Update(context.Background(), func(tx access.Tx) error {
					return move(tx, name(c), name(c+1+n%(accounts-1)), 10+n)
				})
				if err != nil && !errors.Is(err, errOnPurpose) {
					t.Errorf("update: %v", err)
				}
				view(t, s, func(tx access.Tx) error { return sum(tx, accounts*each) })
			}
		})
	}
	all.Wait()
}

func sum(tx access.Tx, want int) error {
	list, err := tx.IDs(access.Keys, "accounts", "", 0)
	if err != nil {
		return err
	}
	total := 0
	for _, id := range list {
		n := 0
		if err := tx.Get(access.Keys, id, &n); err != nil {
			return err
		}
		total += n
	}
	if total != want {
		return fmt.Errorf("the accounts hold %d, want %d", total, want)
	}
	return nil
}
