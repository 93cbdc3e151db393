package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"usher/sandbox"
)

// playTour plays the whole story in the company and tells it. An error names the step that was not true.
func (d *demo) playTour(ctx context.Context, asJSON bool) error {
	start := time.Now()
	steps := 0
	err := d.world.Tour(ctx, d, sandbox.Audience{Ends: func(s sandbox.Step) {
		steps++
		d.tell(s, asJSON)
	}})
	if err != nil {
		return fmt.Errorf("the tour ended at %w%s", err, d.tail())
	}
	if !asJSON {
		say(d.app.Stdout, "All %d steps were true, in %.1f s.\n", steps, time.Since(start).Seconds())
	}
	return nil
}

func (d *demo) tell(s sandbox.Step, asJSON bool) {
	out := d.app.Stdout
	if asJSON {
		_ = json.NewEncoder(out).Encode(s) // A closed output ends the program by its signal.
		return
	}
	mark := "ok"
	if s.Error != "" {
		mark = "FAILED"
	}
	say(out, "%2d  %s  (%s, %d ms)\n", s.Number, s.Title, mark, s.Took.Milliseconds())
	for _, line := range s.Seen {
		say(out, "      %s\n", line)
	}
	for _, line := range strings.Split(strings.TrimRight(s.Screen, "\n"), "\n") {
		if line != "" {
			say(out, "      | %s\n", line)
		}
	}
	if s.Error != "" {
		say(out, "      %s\n", s.Error)
	}
	say(out, "\n")
}
