package browser

// Shift is one jump of the layout.
type Shift struct {
	// Value is the share of the window that moved times how far, as browsers count it.
	Value float64
	// At is when, in milliseconds since the page was loaded.
	At float64
	// Expected reports that somebody clicked or typed in the last half second, which browsers forgive.
	Expected bool
	// Moved says what moved from where to where.
	Moved []string
}

// Shifts are all jumps since the page was loaded, the earliest first.
func (tab *Tab) Shifts() []Shift {
	tab.t.Helper()
	var out []Shift
	tab.Eval("usherTest.shifts()", &out)
	return out
}

// LayoutShift is Cumulative Layout Shift since the page was loaded, see [LayoutShift].
func (tab *Tab) LayoutShift() float64 {
	tab.t.Helper()
	return LayoutShift(tab.Shifts())
}

// LayoutShift is the Cumulative Layout Shift of jumps in the order of their times: the largest burst of those that nobody
// caused by a click or a key, where a burst has less than a second between two jumps and lasts five seconds at most. 0 is
// none, and up to 0.1 is called good. Source: https://web.dev/articles/cls
func LayoutShift(shifts []Shift) float64 {
	largest, burst, began, last := 0.0, 0.0, 0.0, 0.0
	for _, s := range shifts {
		if s.Expected {
			continue
		}
		if burst == 0 || s.At-last >= 1000 || s.At-began >= 5000 {
			burst, began = 0, s.At
		}
		burst, last = burst+s.Value, s.At
		largest = max(largest, burst)
	}
	return largest
}
