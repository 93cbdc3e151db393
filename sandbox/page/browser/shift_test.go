package browser

import (
	"math"
	"testing"
)

func TestTheLargestBurstOfJumpsCounts(t *testing.T) {
	t.Parallel()
	jump := func(at, value float64) Shift { return Shift{At: at, Value: value} }
	for name, c := range map[string]struct {
		shifts []Shift
		want   float64
	}{
		"none":                 {nil, 0},
		"one":                  {[]Shift{jump(10, 0.1)}, 0.1},
		"one after the other":  {[]Shift{jump(10, 0.1), jump(900, 0.1), jump(1800, 0.1)}, 0.3},
		"a second between":     {[]Shift{jump(10, 0.1), jump(1010, 0.2), jump(2010, 0.1)}, 0.2},
		"longer than 5 s":      {[]Shift{jump(0, 0.1), jump(900, 0.1), jump(1800, 0.1), jump(2700, 0.1), jump(3600, 0.1), jump(4500, 0.1), jump(5400, 0.1)}, 0.6},
		"what a click brought": {[]Shift{jump(10, 0.1), {At: 20, Value: 0.5, Expected: true}}, 0.1},
	} {
		if got := LayoutShift(c.shifts); math.Abs(got-c.want) > 1e-9 {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}
