package store

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"go.etcd.io/bbolt"

	"usher/access"
)

// The names of the counts; records are counted by kind.
const (
	countRecords = "records/"
	countEvents  = "events"
	countEffects = "effects"
	countTimers  = "timers"
	countSealed  = "sealed"
)

// Stats is a look at the store for metrics. Getting it costs a few microseconds, however much there is.
type Stats struct {
	// FileBytes is the size of the file, FreeBytes how much of it can be reused. The file never shrinks.
	FileBytes, FreeBytes int64
	// Records by kind.
	Records                 map[access.Kind]int
	Events, Effects, Timers int
	// Sealed is how many requests are sealed. Their records and events are counted above, too.
	Sealed int
	// Waiting updates at this moment.
	Waiting int
	// Updates that ended since Open, Failed those of them that returned an error; Commits they needed, and CommitTime
	// how long the commits took in all.
	Updates, Failed, Commits int
	CommitTime               time.Duration
}

// tally counts what the committer did.
type tally struct {
	updates, failed, commits int
	commitTime               time.Duration
}

// Stats returns the numbers of this moment.
func (s *Store) Stats(ctx context.Context) (Stats, error) {
	var out Stats
	err := s.read(ctx, out.count)
	if err != nil {
		return Stats{}, err
	}
	db := s.db.Stats()
	out.FreeBytes = int64(db.FreePageN+db.PendingPageN) * int64(s.db.Info().PageSize)
	s.mu.Lock()
	defer s.mu.Unlock()
	out.Waiting = len(s.queue)
	out.Updates, out.Failed, out.Commits = s.tally.updates, s.tally.failed, s.tally.commits
	out.CommitTime = s.tally.commitTime
	return out, nil
}

// count takes what the file says of itself.
func (st *Stats) count(b *bbolt.Tx) error {
	st.FileBytes, st.Records = b.Size(), map[access.Kind]int{}
	return counts(b, func(name string, n int) {
		kind, isRecord := strings.CutPrefix(name, countRecords)
		switch {
		case isRecord:
			st.Records[access.Kind(kind)] = n
		case name == countEvents:
			st.Events = n
		case name == countEffects:
			st.Effects = n
		case name == countTimers:
			st.Timers = n
		case name == countSealed:
			st.Sealed = n
		}
	})
}

// counts calls f for each count.
func counts(b *bbolt.Tx, f func(name string, n int)) error {
	bucket := b.Bucket([]byte(bucketCounts))
	if bucket == nil {
		return errors.New("store: bucket counts is missing")
	}
	return bucket.ForEach(func(k, v []byte) error {
		n, err := strconv.Atoi(string(v))
		if err != nil {
			return fmt.Errorf("count %s: %w", k, err)
		}
		f(string(k), n)
		return nil
	})
}

// saveCounts adds the changes of one transaction to the counts.
func saveCounts(b *bbolt.Tx, deltas map[string]int) error {
	bucket := b.Bucket([]byte(bucketCounts))
	for name, d := range deltas {
		if d == 0 {
			continue
		}
		n := 0
		if old := bucket.Get([]byte(name)); old != nil {
			var err error
			if n, err = strconv.Atoi(string(old)); err != nil {
				return fmt.Errorf("count %s: %w", name, err)
			}
		}
		if err := bucket.Put([]byte(name), strconv.AppendInt(nil, int64(n+d), 10)); err != nil {
			return fmt.Errorf("count %s: %w", name, err)
		}
	}
	return nil
}
