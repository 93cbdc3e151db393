package cli_test

import (
	"os"
	"strconv"
	"testing"
	"time"
)

// How much of the batteries runs: a little beside the race detector, which makes everything ten times slower; the whole of
// it per commit without; and far more with USHER_BATTERY=nightly (make battery).
func size(race, commit, nightly int) int {
	switch {
	case os.Getenv("USHER_BATTERY") == "nightly":
		return nightly
	case raceDetector:
		return race
	}
	return commit
}

// some is the part of a list that is played: a tenth beside the race detector, the list per commit, all of the other
// nightly. An entry of a failing run is replayed by its name: go test ./cli -run 'TestX/NAME'.
func some[T any](commit, nightly []T) []T {
	list := commit
	if os.Getenv("USHER_BATTERY") == "nightly" {
		list = nightly
	}
	if !raceDetector {
		return list
	}
	var few []T
	for i := int(time.Now().UnixNano() % 10); i < len(list); i += 10 {
		few = append(few, list[i])
	}
	return few
}

// seed is USHER_SEED, or a new one each time. It is printed with the test's log.
func seed(t *testing.T) uint64 {
	t.Helper()
	n := uint64(time.Now().UnixNano() % 1_000_000)
	if s := os.Getenv("USHER_SEED"); s != "" {
		var err error
		if n, err = strconv.ParseUint(s, 10, 64); err != nil {
			t.Fatalf("USHER_SEED: %v", err)
		}
	}
	t.Logf("USHER_SEED=%d", n)
	return n
}
