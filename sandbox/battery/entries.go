package battery

import (
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"
)

// Nightly reports whether the batteries run at their nightly size (make battery).
func Nightly() bool { return os.Getenv("USHER_BATTERY") == "nightly" }

// Entries are the cases of a battery by name.
type Entries struct {
	// Commit and Night are what is played with every commit, and with USHER_BATTERY=nightly.
	Commit, Night []string
	// Thin plays a tenth of Commit beside the race detector.
	Thin bool
	// Open lets -run name entries that are in neither list, letter by letter: the lists may differ a little each time.
	Open bool
}

// Play plays the entries, each as a subtest of its name. One that fails prints the command that plays it again. An entry
// that go test -run names is played whatever the size, and naming one that does not exist is a failure.
//
// With USHER_BATTERY_STATE=FOLDER what has passed is remembered there and not played again, unless it is named, so that a
// long run can be stopped and taken up.
func (e Entries) Play(t *testing.T, f func(t *testing.T, entry string)) {
	t.Helper()
	here := directory(t)
	done := progress(t, here)
	list, named := e.chosen(t)
	t.Logf("%d entries, %d done before", len(list), len(done.passed))
	for _, entry := range list {
		if done.has(entry) && !named {
			continue
		}
		t.Run(entry, func(t *testing.T) {
			t.Cleanup(func() { // An entry may run on beside others after t.Run has returned.
				switch {
				case t.Failed():
					t.Logf("replay: %s", command(here, t.Name()))
				case !t.Skipped():
					done.add(t, entry)
				}
			})
			f(t, entry)
		})
	}
}

// chosen are the entries to play, and whether -run names them.
func (e Entries) chosen(t *testing.T) (list []string, named bool) {
	t.Helper()
	usual, others := e.Commit, e.Night
	if Nightly() {
		usual, others = e.Night, e.Commit
	}
	usual, others = once(usual), once(others)
	if match, ok := filter(t.Name()); ok {
		for _, all := range [][]string{usual, others} {
			if list = matching(all, match); len(list) > 0 {
				return list, true
			}
		}
		if n, ok := match.number(); ok && seeds(usual) {
			return []string{n}, true
		}
		if name, ok := match.letters(); ok && e.Open {
			return []string{name}, true
		}
		t.Errorf("-run names no entry of %s", t.Name())
		return nil, true
	}
	if e.Thin && race && !Nightly() {
		for i := rand.IntN(10); i < len(usual); i += 10 { //nolint:gosec // Any tenth will do.
			list = append(list, usual[i])
		}
		return list, false
	}
	return usual, false
}

// once leaves out what the list holds already.
func once(list []string) (out []string) {
	seen := map[string]bool{}
	for _, entry := range list {
		if !seen[entry] {
			seen[entry] = true
			out = append(out, entry)
		}
	}
	return out
}

// seeds reports whether the entries are numbers, so that any other number is one, too.
func seeds(list []string) bool {
	if len(list) == 0 {
		return false
	}
	_, err := strconv.ParseUint(list[0], 10, 64)
	return err == nil
}

// Seed is USHER_SEED, or 1, so that a change is not blamed for what it has not done; USHER_SEED=random takes a new one. It
// is in the log of a test that fails.
func Seed(t *testing.T) uint64 {
	t.Helper()
	n := uint64(1)
	switch s := os.Getenv("USHER_SEED"); s {
	case "":
	case "random":
		n = uint64(time.Now().UnixNano() % 1_000_000) //nolint:gosec // Time before 1970 does not occur.
	default:
		n = Number(t, s)
	}
	t.Logf("USHER_SEED=%d", n)
	return n
}

// Number is the seed that an entry of Numbers stands for.
func Number(t *testing.T, entry string) uint64 {
	t.Helper()
	n, err := strconv.ParseUint(entry, 10, 64)
	if err != nil {
		t.Fatalf("a seed is a number: %v", err)
	}
	return n
}

// Numbers are so many names from first on: entries that are seeds.
func Numbers(first uint64, n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = strconv.FormatUint(first+uint64(i), 10) //nolint:gosec // Small.
	}
	return list
}
