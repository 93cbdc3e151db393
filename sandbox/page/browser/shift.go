package browser

// Shift is one jump of the layout.
type Shift struct {
	// Value is the share of the window that moved times how far, as browsers count it.
	Value float64
	// Expected reports that somebody clicked or typed in the last half second, which browsers forgive.
	Expected bool
	// Moved says what moved from where to where.
	Moved []string
}

// Shifts are all jumps since the page was loaded.
func (tab *Tab) Shifts() []Shift {
	tab.t.Helper()
	var out []Shift
	tab.Eval("usherTest.shifts()", &out)
	return out
}

// LayoutShift is the sum of the jumps that nobody caused by a click or a key since the page was loaded; 0 is none, and up to
// 0.1 is called good.
func (tab *Tab) LayoutShift() float64 {
	tab.t.Helper()
	sum := 0.0
	for _, s := range tab.Shifts() {
		if !s.Expected {
			sum += s.Value
		}
	}
	return sum
}
