package cli_test

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// nightly reports whether the batteries run at their nightly size (make battery).
func nightly() bool { return os.Getenv("USHER_BATTERY") == "nightly" }

// size is how much of something a battery plays: a little beside the race detector, which makes everything ten times
// slower, the whole per commit without it, far more at night.
func size(race, commit, night int) int {
	switch {
	case nightly():
		return night
	case raceDetector:
		return race
	}
	return commit
}

// each plays the entries of a battery, each as a subtest of its name: those of commit, or those of night with
// USHER_BATTERY=nightly; beside the race detector a tenth of them. One that fails is replayed by its name:
//
//	go test ./cli -run 'TestX/NAME'
//
// With USHER_BATTERY_STATE=FOLDER what has passed is remembered there and not played again, so that a long run can be
// stopped and taken up.
func each(t *testing.T, commit, night []string, f func(t *testing.T, entry string)) {
	t.Helper()
	list := commit
	if nightly() {
		list = night
	} else if raceDetector {
		var few []string
		for i := rand.IntN(10); i < len(list); i += 10 {
			few = append(few, list[i])
		}
		list = few
	}
	done := progress(t)
	t.Logf("%d entries, %d of them done before", len(list), done.count())
	for _, entry := range list {
		if done.has(entry) {
			continue
		}
		if t.Run(entry, func(t *testing.T) { f(t, entry) }) {
			done.add(t, entry)
		}
	}
}

// state is what a battery has passed, one entry a line.
type state struct {
	path string

	mu     sync.Mutex
	passed map[string]bool
}

func progress(t *testing.T) *state {
	t.Helper()
	s := &state{passed: map[string]bool{}}
	dir := os.Getenv("USHER_BATTERY_STATE")
	if dir == "" {
		return s
	}
	s.path = filepath.Join(dir, t.Name())
	f, err := os.Open(s.path)
	if err != nil {
		return s // Nothing has passed yet.
	}
	defer func() { _ = f.Close() }()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		s.passed[lines.Text()] = true
	}
	return s
}

func (s *state) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.passed)
}

func (s *state) has(entry string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.passed[entry]
}

func (s *state) add(t *testing.T, entry string) {
	t.Helper()
	if s.path == "" {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	f, err := os.OpenFile(s.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Fprintln(f, entry); err != nil {
		t.Error(err)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
}

// seed is USHER_SEED, or 1, so that a change is not blamed for what it has not done; USHER_SEED=random takes a new one. It is
// in the log of a test that fails.
func seed(t *testing.T) uint64 {
	t.Helper()
	n := uint64(1)
	switch s := os.Getenv("USHER_SEED"); s {
	case "":
	case "random":
		n = uint64(time.Now().UnixNano() % 1_000_000) //nolint:gosec // Time before 1970 does not occur.
	default:
		var err error
		if n, err = strconv.ParseUint(s, 10, 64); err != nil {
			t.Fatalf("USHER_SEED: %v", err)
		}
	}
	t.Logf("USHER_SEED=%d", n)
	return n
}

// numbers are so many names from first on: entries that are seeds.
func numbers(first uint64, n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = strconv.FormatUint(first+uint64(i), 10) //nolint:gosec // Small.
	}
	return list
}

// dice are the dice of an entry: the same for the same name.
func dice(entry string) *rand.Rand {
	var sum uint64
	for _, b := range []byte(entry) {
		sum = sum*131 + uint64(b)
	}
	return rand.New(rand.NewPCG(sum, 7))
}

// shuffled is the list in an order that the seed decides.
func shuffled(list []string, seed uint64) []string {
	list = slices.Clone(list)
	rand.New(rand.NewPCG(seed, 0)).Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	return list
}

// rounds are the entries so many times, told apart by a number at the end that played ignores.
func rounds(list []string, n int) []string {
	var all []string
	for i := range n {
		for _, e := range list {
			all = append(all, fmt.Sprintf("%s~%d", e, i+1))
		}
	}
	return all
}

func unrounded(entry string) string {
	entry, _, _ = strings.Cut(entry, "~")
	return entry
}
