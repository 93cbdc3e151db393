package cli_test

import (
	"context"
	"fmt"
	"syscall"
	"testing"
	"time"
)

// A year on one file: twelve months follow each other on the same store, with accesses of an hour up to three months and
// their extensions. The oracle judges the end of each month, of the year, and of everything that was given in it; the file
// must have kept to its size. With each commit it is a year of short months; ten whole years are a night.
func TestAYearOnOneFile(t *testing.T) {
	t.Parallel()
	people, asks := size(300, 1000, 5000), size(10, 15, 300)
	month := time.Duration(size(1, 1, 30)) * 24 * time.Hour
	first := seed(t)
	each(t, numbers(first, 1), numbers(first, 10), func(t *testing.T, entry string) {
		report(t, inTown(t, village(people), func(ctx context.Context, w *town) []string {
			return w.course(dice(entry), people, asks, month).year(ctx)
		}))
	})
}

func (c *course) year(ctx context.Context) (faults []string) {
	for month := range 12 {
		began := realNow(c.t)
		c.play(ctx)
		for _, f := range c.judged(ctx) {
			faults = append(faults, fmt.Sprintf("month %d: %s", month+1, f))
		}
		c.t.Logf("month %d took %s: %s", month+1, realNow(c.t).Sub(began).Round(time.Second), c.summary(ctx))
		if len(faults) > 0 {
			return faults // What comes after it says nothing new.
		}
	}
	return c.over(ctx)
}

// over lets so much time pass that all is over, and has that judged.
func (c *course) over(ctx context.Context) []string {
	c.leap(ctx, 300*24*time.Hour) // Longer than anything that was given.
	c.calm(ctx)
	faults := append(c.judged(ctx), c.nothingLeft(ctx)...)
	c.t.Logf("and when all is over: %s", c.summary(ctx))
	return append(faults, c.eventful()...)
}

// eventful wants that enough has happened to prove anything, unless it is too little for that.
func (c *course) eventful() (faults []string) {
	if c.asks < 300 {
		return nil
	}
	deaths, _ := c.counts()
	c.did["deaths"] = deaths
	for _, what := range []string{
		"asked", "approved", "denied", "canceled", "extended", "released", "revoked", "left", "joined", "faults", "outages", "jumps", "restarts", "deaths",
	} {
		if c.did[what] == 0 {
			faults = append(faults, "it never came about, so that nothing is proven of it: "+what)
		}
	}
	return faults
}

// realNow is the time outside the bubble.
func realNow(t *testing.T) time.Time {
	t.Helper()
	var tv syscall.Timeval
	if err := syscall.Gettimeofday(&tv); err != nil {
		t.Fatal(err)
	}
	return time.Unix(tv.Unix())
}
