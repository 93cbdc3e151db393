package store_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"usher/access"
	"usher/store"
)

// rawPairs measures how many pairs of write and fdatasync, the least that one bbolt commit can cost, the disk does in a
// second beside nothing else.
func rawPairs(b *testing.B, pairs int) float64 {
	b.Helper()
	f, err := os.Create(filepath.Join(b.TempDir(), "raw"))
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	if err := f.Truncate(1 << 20); err != nil {
		b.Fatal(err)
	}
	page := make([]byte, 4096)
	once := func(i int) {
		for j := range 2 {
			if _, err := f.WriteAt(page, int64((2*i+j)%256)*4096); err != nil {
				b.Fatal(err)
			}
			if err := syscall.Fdatasync(int(f.Fd())); err != nil { //nolint:gosec // A file number.
				b.Fatal(err)
			}
		}
	}
	for i := range 256 { // So that the blocks exist.
		once(i)
	}
	start := time.Now()
	for i := range pairs {
		once(i)
	}
	return float64(pairs) / time.Since(start).Seconds()
}

func benchStore(b *testing.B, cfg store.Config) *store.Store {
	b.Helper()
	if cfg.Path == "" {
		cfg.Path = filepath.Join(b.TempDir(), "usher.db")
	}
	cfg.Logger = quiet()
	s, err := store.Open(cfg)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = s.Close() })
	return s
}

// BenchmarkUpdate measures durable updates of one record with one index entry, by 1, 8 and 64 callers at once. The
// metric x_raw is their rate divided by that of bare pairs of write and fdatasync before and after.
func BenchmarkUpdate(b *testing.B) {
	for _, callers := range []int{1, 8, 64} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			s := benchStore(b, store.Config{})
			value := map[string]string{"text": string(make([]byte, 160))} // About 1 KB in JSON.
			raw := rawPairs(b, 300)
			b.ResetTimer()
			var all sync.WaitGroup
			for c := range callers {
				all.Go(func() {
					for i := c; i < b.N; i += callers {
						err := s.Update(context.Background(), func(tx access.Tx) error {
							return tx.Put(access.Requests, newID(), value, "all")
						})
						if err != nil {
							b.Error(err)
						}
					}
				})
			}
			all.Wait()
			rate := float64(b.N) / b.Elapsed().Seconds()
			b.StopTimer()
			raw = (raw + rawPairs(b, 300)) / 2
			st, err := s.Stats(context.Background())
			if err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(rate, "updates/s")
			b.ReportMetric(float64(st.Updates)/float64(st.Commits), "updates/commit")
			b.ReportMetric(float64(st.CommitTime.Microseconds())/float64(st.Commits), "µs/commit")
			b.ReportMetric(rate/raw, "x_raw")
		})
	}
}

// newID makes ids as the core does: sorted by the millisecond, random behind.
func newID() string {
	return fmt.Sprintf("%012x%016x", time.Now().UnixMilli(), rand.Uint64()) //nolint:gosec // No secret.
}

// BenchmarkDue measures finding the due timers among many, none or ten of them due. Fetching the next due time is part
// of it.
func BenchmarkDue(b *testing.B) {
	for _, waiting := range []int{1_000, 100_000, 1_000_000} {
		s := benchStore(b, store.Config{NoSync: true})
		start := time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
		for i := 0; i < waiting; i += 10_000 {
			err := s.Update(context.Background(), func(tx access.Tx) error {
				for j := i; j < min(i+10_000, waiting); j++ {
					at := start.Add(time.Duration(j) * time.Second)
					if err := tx.SetTimer(access.Timer{ID: fmt.Sprintf("due/%08d", j), Kind: access.TimerDue, At: at}); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				b.Fatal(err)
			}
		}
		for _, due := range []int{0, 10} {
			b.Run(fmt.Sprintf("waiting=%d/due=%d", waiting, due), func(b *testing.B) {
				now := start.Add(time.Duration(due-1) * time.Second)
				for b.Loop() {
					err := s.View(context.Background(), func(tx access.Tx) error {
						list, err := tx.Due(now, 0)
						if len(list) != due {
							b.Fatalf("%d are due, want %d", len(list), due)
						}
						if _, _, err := tx.NextDue(); err != nil {
							return err
						}
						return err
					})
					if err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
