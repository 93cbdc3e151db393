package cli_test

import (
	"context"
	"slices"
	"strings"
	"testing"
)

// From each point of a life on, the disk has no room for seven minutes. What was acknowledged is kept, what was not is asked
// again by people and by the runner, and nothing is done twice.
func TestAFullDiskFromEveryPointOnDelaysOnly(t *testing.T) {
	t.Parallel()
	all := slices.DeleteFunc(points(t), func(p string) bool { return strings.HasPrefix(p, "lost ") })
	met, played := 0, 0
	each(t, all, all, func(t *testing.T, entry string) {
		report(t, inTown(t, setup{full: entry}, func(ctx context.Context, w *town) []string {
			faults := w.live(ctx)
			w.mu.Lock()
			defer w.mu.Unlock()
			if played++; w.refused > 0 {
				met++
			}
			return faults
		}))
	})
	t.Logf("at %d of %d points something was to be written meanwhile", met, played)
	if played >= len(all) && met < len(all)*9/10 {
		t.Error("the disk was hardly ever full when it mattered")
	}
}
