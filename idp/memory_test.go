package idp_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"usher/idp"
)

func TestAMemoryTrustsForAsLongAsItMay(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	m := idp.NewMemory[string](func() time.Time { return now }, idp.TrustedFor)
	known := func(key, want string, still bool) {
		t.Helper()
		if v, ok := m.Recall(key); ok != still || ok && v != want {
			t.Errorf("of %s it knows %q, %v", key, v, ok)
		}
	}
	m.Keep("fine", "")
	m.Keep("refused", "A rule fills it.")
	known("never", "", false)
	now = now.Add(idp.RefusedFor - time.Second)
	known("refused", "A rule fills it.", true)
	now = now.Add(time.Second)
	known("refused", "", false)
	known("fine", "", true)
	now = now.Add(-time.Hour)
	known("fine", "", false) // The clock went back.
	now = now.Add(time.Hour)
	known("fine", "", true)
	m.Forget("fine")
	known("fine", "", false)
}

func TestAMemoryFindsOutOnceForAll(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := idp.NewMemory[string](time.Now, func(int) time.Duration { return time.Hour })
		var mu sync.Mutex
		tries := 0
		find := func() (int, error) {
			time.Sleep(time.Second)
			mu.Lock()
			defer mu.Unlock()
			if tries++; tries == 1 {
				return 0, errors.New("not now")
			}
			return 7, nil
		}
		var all sync.WaitGroup
		failed := 0
		for range 20 {
			all.Go(func() {
				v, err := m.Learn(t.Context(), "look", "a", find)
				mu.Lock()
				defer mu.Unlock()
				if err != nil {
					failed++
				} else if v != 7 {
					t.Errorf("got %d", v)
				}
			})
		}
		all.Wait()
		if tries != 2 || failed != 1 {
			t.Errorf("%d tries, %d failed", tries, failed)
		}
		all.Go(func() { _, _ = m.Learn(t.Context(), "look", "b", find) })
		defer all.Wait()
		synctest.Wait()
		short, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if _, err := m.Learn(short, "look", "b", find); idp.KindOf(err) != idp.Unavailable {
			t.Errorf("while another finds out: %v", err)
		}
	})
}
