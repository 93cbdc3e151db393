package cli_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"usher/sandbox/battery"
)

// From each point of a life on, the disk has no room for seven minutes. What was acknowledged is kept, what was not is asked
// again by people and by the runner, and nothing is done twice. At night in nineteen other lives besides.
func TestAFullDiskFromEveryPointOnDelaysOnly(t *testing.T) {
	t.Parallel()
	inside := func(p string) bool { return strings.HasPrefix(p, "lost ") }
	all := slices.DeleteFunc(points(t), inside)
	night := all
	if nightly() {
		night = append(slices.Clone(all), slices.DeleteFunc(livesOf(t, 19), inside)...)
	}
	met, played := 0, 0
	battery.Entries{Commit: all, Night: night, Thin: true, Open: true}.Play(t, func(t *testing.T, entry string) {
		point, play := playOf(entry)
		report(t, inTown(t, setup{full: point}, func(ctx context.Context, w *town) []string {
			faults := play(w, ctx)
			w.mu.Lock()
			defer w.mu.Unlock()
			if played++; w.refused > 0 {
				met++
			}
			return faults
		}))
	})
	t.Logf("at %d of %d points something was to be written meanwhile", met, played)
	if played >= len(all) && met < played*9/10 {
		t.Error("the disk was hardly ever full when it mattered")
	}
}
