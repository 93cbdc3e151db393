package cli_test

import (
	"cmp"
	"context"
	"hash/fnv"
	"slices"
	"strconv"
	"strings"
	"testing"

	"usher/sandbox/battery"
)

// story is something that is played in a town and judged at its end.
type story func(w *town, ctx context.Context) []string

// points runs one life without a crash and returns every point at which the product can die: before and after each
// durable write and each outside write, and in the middle of each outside write.
func points(t *testing.T) (list []string) {
	t.Helper()
	report(t, inTown(t, setup{}, func(ctx context.Context, w *town) []string {
		faults := w.live(ctx)
		_, list = w.counts()
		return faults
	}))
	return withLost(list)
}

// withLost adds the points in the middle of the outside writes that are among the points, and sorts them.
func withLost(list []string) []string {
	for _, p := range list {
		name, ok := strings.CutPrefix(p, "before ")
		if _, op := operation(name); ok && op != "" {
			list = append(list, "lost "+name)
		}
	}
	slices.Sort(list)
	return list
}

func report(t *testing.T, faults []string) {
	t.Helper()
	for _, f := range faults {
		t.Error(f)
	}
}

// recovery plays a life that dies at a point and returns the points at which the next life can die.
func recovery(t *testing.T, p string) (list []string) {
	t.Helper()
	report(t, inTown(t, setup{deaths: []string{p}}, func(ctx context.Context, w *town) []string {
		faults := w.live(ctx)
		list = w.recovery()
		return faults
	}))
	return withLost(list)
}

// die plays a story in which the product dies at each of the planned points. Which call comes third may differ from run to
// run: a story in which a point was not met proves nothing and is played again. One that never comes about is false, or a
// failure unless it may be void.
func die(t *testing.T, play story, void bool, p ...string) bool {
	t.Helper()
	for range 5 {
		deaths := 0
		report(t, inTown(t, setup{deaths: p}, func(ctx context.Context, w *town) []string {
			faults := play(w, ctx)
			deaths, _ = w.counts()
			return faults
		}))
		if deaths == len(p) || t.Failed() {
			return true
		}
	}
	if !void {
		t.Errorf("the product never died at %s", strings.Join(p, " and then at "))
	}
	return false
}

// At night, fifty other lives besides, each with a death at each of its own points.
func TestCrashAtEveryPointLosesAndDoublesNothing(t *testing.T) {
	t.Parallel()
	all := points(t)
	night := all
	if nightly() {
		night = append(slices.Clone(all), livesOf(t, 50)...)
	}
	deaths, void := 0, 0
	battery.Entries{Commit: all, Night: night, Thin: true, Open: true}.Play(t, func(t *testing.T, entry string) {
		point, play := playOf(entry)
		if die(t, play, strings.Contains(entry, "~"), point) {
			deaths++
		} else {
			void++
		}
	})
	t.Logf("%d crash points, %d deaths, %d void", len(all), deaths, void)
	if void > deaths/20 {
		t.Errorf("%d of %d deaths did not come about", void, void+deaths)
	}
}

// The second death comes at a point that the recovery from the first one really meets.
func TestCrashDuringRecoveryLosesAndDoublesNothing(t *testing.T) {
	t.Parallel()
	n := seed(t)
	all := shuffled(points(t), n)
	const spare = 30
	wanted := size(100, 300, len(all)*len(all))
	var pairs []string
	for _, a := range all {
		if len(pairs) >= wanted+spare {
			break
		}
		list := recovery(t, a)
		byLot := func(x, y string) int { return cmp.Compare(lot(n, a, x), lot(n, a, y)) }
		slices.SortFunc(list, byLot) // So that one point more or less changes none of the others.
		for _, b := range list[:min(len(list), size(5, 5, len(list)))] {
			pairs = append(pairs, a+","+b)
		}
	}
	twice, void := 0, 0
	play := func(t *testing.T, entry string) {
		p := strings.Split(strings.ReplaceAll(entry, "_", " "), ",") // As -run spells what is in the list of another day.
		// Whoever finds that a write was done does not write, so there may be no middle of it; and whether a person has to
		// press again is a matter of luck. Another pair is played in the place of each that is void.
		if die(t, (*town).live, true, p...) {
			twice++
		} else {
			void++
		}
	}
	first := min(wanted, len(pairs))
	battery.Entries{Commit: pairs[:first], Night: pairs, Thin: true, Open: true}.Play(t, play)
	t.Logf("%d pairs with two deaths, %d void", twice, void)
	for more := pairs[first:]; void > 0 && twice > 0 && !nightly(); {
		if void > len(more) {
			t.Fatalf("%d pairs of %d did not come about", spare, wanted)
		}
		next := more[:void]
		more, void = more[void:], 0
		each(t, next, next, play)
	}
	t.Logf("%d pairs with two deaths in all", twice)
	if nightly() && void > len(pairs)/10 {
		t.Errorf("%d of %d pairs did not come about", void, len(pairs))
	}
}

func lot(seed uint64, words ...string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(strconv.FormatUint(seed, 10) + strings.Join(words, ",")))
	return h.Sum64()
}

// A day of several people, without a death.
func TestADayInACompany(t *testing.T) {
	t.Parallel()
	battery.Alone(t)
	report(t, inTown(t, setup{}, func(ctx context.Context, w *town) []string { return w.day(ctx) }))
}

// The same day with a death at some of its hundreds of points.
func TestADayWithADeath(t *testing.T) {
	t.Parallel()
	var hits []string
	report(t, inTown(t, setup{}, func(ctx context.Context, w *town) []string {
		faults := w.day(ctx)
		_, hits = w.counts()
		return faults
	}))
	if t.Failed() {
		return
	}
	hits = shuffled(hits, seed(t))
	deaths := 0
	each(t, hits[:60], hits, func(t *testing.T, entry string) {
		die(t, (*town).day, false, entry)
		deaths++
	})
	t.Logf("%d crash points in a day, %d deaths", len(hits), deaths)
}
