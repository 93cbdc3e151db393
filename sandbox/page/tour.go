package page

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"usher/sandbox"
)

// caption is what is told of the tour while it plays.
type caption struct {
	Playing bool
	Over    bool // It has been played, and its last caption stands.
	sandbox.Step
}

// tour is the story, played on the page.
type tour struct {
	mu      sync.Mutex
	shown   caption
	cancel  context.CancelFunc
	playing chan struct{} // Closed when the one that plays has ended.
}

func (t *tour) caption() caption {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.shown
}

// show tells where the one that plays with ctx is, unless it was stopped.
func (t *tour) show(ctx context.Context, c caption) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if ctx.Err() == nil {
		t.shown = c
	}
}

// stop ends the tour and waits for it, whoever else does so at the same time.
func (t *tour) stop() {
	t.mu.Lock()
	playing := t.playing
	if t.cancel != nil {
		t.cancel()
	}
	t.shown = caption{}
	t.mu.Unlock()
	if playing != nil {
		<-playing
	}
}

// directTour plays the story from the start, in a company in its first state, or stops it.
func (s *Server) directTour(ctx context.Context, ask struct{ Do string }) (any, error) {
	if !s.cfg.Story {
		return nil, errors.New("the tour is about the built-in company; start the demo without -company and -catalog")
	}
	switch ask.Do {
	case "play":
		if err := s.reset(context.WithoutCancel(ctx), s.play); err != nil {
			return nil, err
		}
	case "stop":
		s.tour.stop()
	default:
		return nil, fmt.Errorf("do is %q; use play or stop", ask.Do)
	}
	s.hub.tell(event{"changed", "bar"})
	return map[string]bool{"ok": true}, nil
}

// play starts the story on a stage in the background. The page follows whoever acts. No other one plays.
func (s *Server) play(st *stage) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	s.tour.mu.Lock()
	s.tour.cancel, s.tour.playing, s.tour.shown = cancel, done, caption{Playing: true}
	s.tour.mu.Unlock()
	st.World.OnLook(func(handle, place string) { s.look(ctx, handle, place) })
	go func() {
		defer close(done)
		defer cancel()
		err := st.World.Tour(ctx, st.Product, sandbox.Audience{
			Begins: func(step sandbox.Step) { s.begins(ctx, step) },
			Ends:   func(step sandbox.Step) { s.ends(ctx, st, step) },
		})
		st.World.OnLook(nil)
		if ctx.Err() == nil {
			last := s.tour.caption()
			last.Playing, last.Over = false, true
			if err != nil && last.Error == "" {
				last.Error = err.Error()
			}
			s.tour.show(ctx, last)
			s.hub.tell(event{"changed", "bar"})
		}
	}()
}

// look has the page follow somebody to a place in Slack.
func (s *Server) look(ctx context.Context, handle, place string) {
	if ctx.Err() != nil {
		return
	}
	to := map[string]string{"who": handle}
	if place != "" {
		to["tab"] = place
	}
	s.hub.tell(event{"follow", to})
}

// begins shows what is about to be played, for long enough to be read.
func (s *Server) begins(ctx context.Context, step sandbox.Step) {
	s.tour.show(ctx, caption{Playing: true, Step: step})
	s.hub.tell(event{"changed", "bar"})
	pause(ctx, s.cfg.Pace/2)
}

// ends shows what a step has proved, and the issue that it was about.
func (s *Server) ends(ctx context.Context, st *stage, step sandbox.Step) {
	if ctx.Err() != nil {
		return
	}
	s.tour.show(ctx, caption{Playing: true, Step: step})
	if list := st.World.Jira.Issues(); len(list) > 0 {
		s.hub.tell(event{"follow", map[string]string{"issue": list[len(list)-1].Key}})
	}
	s.hub.tell(event{"changed", "bar"})
	pause(ctx, s.cfg.Pace)
}

func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}
