package access

import (
	"testing"
	"time"
)

// The percentiles are of the newest removals: an outage of last month is not told for ever.
func TestLatenessIsThatOfTheNewest(t *testing.T) {
	t.Parallel()
	var d delays
	for i := range 2 * latenessKept {
		late := time.Hour
		if i >= latenessKept {
			late = time.Second
		}
		d.add(late)
	}
	if l := d.lateness(); l.Count != 2*latenessKept || l.P50 != time.Second || l.P99 != time.Second || l.Max != time.Second {
		t.Errorf("%+v", l)
	}
}
