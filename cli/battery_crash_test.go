package cli_test

import (
	"context"
	"slices"
	"strings"
	"testing"
)

// points runs one life without a crash and returns every point at which the product can die: before and after each
// durable write and each outside write, and in the middle of each outside write.
func points(t *testing.T) []string {
	t.Helper()
	var list []string
	report(t, inTown(t, setup{}, func(ctx context.Context, w *town) []string {
		faults := w.live(ctx)
		_, list = w.counts()
		return faults
	}))
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

// die plays one life in which the product dies at the planned points, and returns how many of them came about: which
// call comes third may differ from run to run.
func die(t *testing.T, p ...string) (deaths int) {
	t.Helper()
	report(t, inTown(t, setup{deaths: p}, func(ctx context.Context, w *town) []string {
		faults := w.live(ctx)
		deaths, _ = w.counts()
		return faults
	}))
	return deaths
}

func TestCrashAtEveryPointLosesAndDoublesNothing(t *testing.T) {
	t.Parallel()
	all := points(t)
	deaths := 0
	each(t, all, rounds(all, 50), func(t *testing.T, entry string) { deaths += die(t, unrounded(entry)) })
	t.Logf("%d crash points, %d deaths", len(all), deaths)
}

func TestCrashDuringRecoveryLosesAndDoublesNothing(t *testing.T) {
	t.Parallel()
	all := points(t)
	var pairs []string
	for _, a := range all {
		for _, b := range all {
			pairs = append(pairs, a+","+b)
		}
	}
	deaths := 0
	pairs = shuffled(pairs, seed(t))
	each(t, pairs[:300], pairs, func(t *testing.T, entry string) { deaths += die(t, strings.Split(entry, ",")...) })
	t.Logf("%d pairs of crash points, %d deaths", len(pairs), deaths)
}

// A day of several people, without a death.
func TestADayInACompany(t *testing.T) {
	t.Parallel()
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
		report(t, inTown(t, setup{deaths: []string{entry}}, func(ctx context.Context, w *town) []string {
			faults := w.day(ctx)
			n, _ := w.counts()
			deaths += n
			return faults
		}))
	})
	t.Logf("%d crash points in a day, %d deaths", len(hits), deaths)
}
