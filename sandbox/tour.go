package sandbox

import (
	"context"
	"fmt"
	"time"

	"usher/sandbox/slacksim"
)

// Product is the running product, as far as the tour needs to handle it.
type Product interface {
	// Stop ends it as an operator would.
	Stop(ctx context.Context) error
	// Start starts it again on the same database.
	Start(ctx context.Context) error
}

// Step is one step of the tour as it is told.
type Step struct {
	Number int    `json:"number"`
	Of     int    `json:"of"` // How many there are.
	Title  string `json:"title"`
	// Seen are the lines that were checked against the vendors' own truth.
	Seen []string `json:"seen"`
	// Screen is what a person has before them, as plain text; empty where there is nothing to show.
	Screen string        `json:"screen,omitempty"`
	Error  string        `json:"error,omitempty"`
	Took   time.Duration `json:"took"`
}

// Audience is told of the tour. Nil functions are fine.
type Audience struct {
	// Begins is told of a step before it is played; Ends after, with what was seen.
	Begins, Ends func(Step)
}

// Tour plays the whole story and tells each step. It ends at the first untruth with an error that names the step.
func (w *World) Tour(ctx context.Context, p Product, to Audience) error {
	t := &tour{w: w, product: p}
	story := t.story()
	for i, s := range story {
		t.step = Step{Number: i + 1, Of: len(story), Title: s.title}
		if to.Begins != nil {
			to.Begins(t.step)
		}
		start := time.Now()
		err := s.play(ctx)
		t.step.Took = time.Since(start)
		if err != nil {
			t.step.Error = err.Error()
		}
		if to.Ends != nil {
			to.Ends(t.step)
		}
		if err != nil {
			return fmt.Errorf("step %d, %s: %w", i+1, s.title, err)
		}
	}
	return nil
}

type scene struct {
	title string
	play  func(ctx context.Context) error
}

// tour carries what one step learned to the next.
type tour struct {
	w       *World
	product Product
	step    Step
	ask     slacksim.Message // the approver's copy of the question in hand
	issue   string
	forged  int // clicks that were made up so far
}

// seen records a line that was checked.
func (t *tour) seen(format string, args ...any) {
	t.step.Seen = append(t.step.Seen, fmt.Sprintf(format, args...))
}

// patience bounds every wait of the tour, in real time.
const patience = 15 * time.Second

// until waits until cond holds, looking again after every change in Slack and several times a second.
func (t *tour) until(ctx context.Context, what string, cond func() bool) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !cond() {
		select {
		case <-ctx.Done():
			return fmt.Errorf("expected %s, and it did not come about within %s", what, patience)
		case <-tick.C:
		}
	}
	t.seen("%s", what)
	return nil
}
