package cli_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"usher/sandbox/battery"
)

// nightly reports whether the batteries run at their nightly size (make battery).
func nightly() bool { return battery.Nightly() }

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
// USHER_BATTERY=nightly; beside the race detector a tenth of them. One that fails prints the command that replays it.
func each(t *testing.T, commit, night []string, f func(t *testing.T, entry string)) {
	t.Helper()
	battery.Entries{Commit: commit, Night: night, Thin: true}.Play(t, f)
}

func seed(t *testing.T) uint64 {
	t.Helper()
	return battery.Seed(t)
}

// numbers are so many names from first on: entries that are seeds.
func numbers(first uint64, n int) []string { return battery.Numbers(first, n) }

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
