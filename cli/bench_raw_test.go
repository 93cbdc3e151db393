package cli_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// rawCommit is how long two writes with an fdatasync each take, the least that one commit of the database can cost: the median
// of some hundred, in place, in a file that is there already.
func rawCommit(b *testing.B) time.Duration {
	b.Helper()
	f, err := os.Create(filepath.Join(b.TempDir(), "raw"))
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	const pages = 256
	page := make([]byte, 4096)
	put := func(i int) {
		if _, err := f.WriteAt(page, int64(i%pages)*int64(len(page))); err != nil {
			b.Fatal(err)
		}
	}
	for i := range pages {
		put(i)
	}
	if err := f.Sync(); err != nil {
		b.Fatal(err)
	}
	var took []time.Duration
	for i := range 500 {
		start := time.Now()
		for j := range 2 {
			put(2*i + j)
			if err := datasync(f); err != nil {
				b.Fatal(err)
			}
		}
		took = append(took, time.Since(start))
	}
	slices.Sort(took)
	return took[len(took)/2]
}

// quantiles gives the median and the 99th percentile. It sorts the list.
func quantiles(list []time.Duration) (p50, p99 time.Duration) {
	slices.Sort(list)
	return list[len(list)/2], list[len(list)*99/100]
}

func inMS(d time.Duration) float64 { return d.Seconds() * 1000 }
