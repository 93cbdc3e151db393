package cli

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"usher/sandbox"
	"usher/sandbox/page"
)

// pageAddr is where the page is unless something else is asked for.
const pageAddr = "127.0.0.1:8080"

// pageHost keeps the company that the page shows, and begins it anew when somebody asks for that.
type pageHost struct {
	app   *App
	start startState
	fell  chan error // Why a product ended without having been told to.

	mu  sync.Mutex
	now *demo
}

// servePage shows a company until ctx ends. Meanwhile the story is told on the output, played in a company of its own.
func (a *App) servePage(ctx context.Context, start startState, addr string) (err error) {
	h := &pageHost{app: a, start: start, fell: make(chan error, 1)}
	stage, err := h.begin(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.end()) }()
	p, err := page.New(page.Config{Stage: stage, Fresh: h.fresh, Story: !start.own})
	if err != nil {
		return err
	}
	defer p.Close()
	l, err := sandbox.Listen(addr, pageAddr)
	if err != nil {
		return err
	}
	srv := &http.Server{Handler: p, ReadHeaderTimeout: 10 * time.Second}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(l) }()
	url := "http://" + l.Addr().String()
	h.welcome(stage.World, url)
	told := make(chan error, 1)
	go func() { told <- h.story(ctx, stage.World.Directory, url) }()
	select {
	case <-ctx.Done():
		say(a.Stdout, "Stopping.\n")
	case err = <-h.fell:
	case err = <-served:
	}
	p.Close()
	return errors.Join(err, srv.Close(), <-told)
}

func (h *pageHost) welcome(w *sandbox.World, url string) {
	out := h.app.Stdout
	say(out, "Usher's demo: a simulated company, %s, with %s as its directory and the production bot in it. Nothing leaves this machine.\n\n", w.Company.Name, w.Directory.Label())
	for _, line := range h.start.added {
		say(out, "  added for the catalog: %s\n", line)
	}
	say(out, "  Open %s\n\n", url)
}

// story plays the tour in a company of its own, so that the output shows what is true while the page is for trying.
func (h *pageHost) story(ctx context.Context, directory sandbox.Directory, url string) error {
	if h.start.own {
		say(h.app.Stdout, "Stop with Ctrl-C.\n")
		return nil
	}
	say(h.app.Stdout, "Meanwhile the whole story is played here, in a second company, and every step is checked:\n\n")
	if err := h.app.tourBeside(ctx, h.start); err != nil {
		if ctx.Err() != nil {
			return nil //nolint:nilerr // Stopped in the middle of it.
		}
		say(h.app.Stdout, "%v\nThe page is still there: %s\n", err, url)
		return err
	}
	say(h.app.Stdout, tryNext, url, directory.Name(), directory.Label())
	return nil
}

func (a *App) tourBeside(ctx context.Context, start startState) error {
	d, err := a.newDemo(start)
	if err != nil {
		return err
	}
	if err = d.Start(ctx); err == nil {
		err = d.playTour(ctx, false)
	}
	return errors.Join(err, d.close())
}

// begin makes the company in its first state, with the product at work in it.
func (h *pageHost) begin(ctx context.Context) (page.Stage, error) {
	d, err := h.app.newDemo(h.start)
	if err != nil {
		return page.Stage{}, err
	}
	if err := d.Start(ctx); err != nil {
		return page.Stage{}, errors.Join(fmt.Errorf("start usher: %w%s", err, d.tail()), d.close())
	}
	h.mu.Lock()
	h.now = d
	h.mu.Unlock()
	go h.watch(d)
	return page.Stage{World: d.world, Product: d, NextDue: d.nextDue}, nil
}

// watch passes on that a product ended by itself.
func (h *pageHost) watch(d *demo) {
	select {
	case err := <-d.fell:
		select {
		case h.fell <- fmt.Errorf("usher stopped by itself: %w%s", err, d.tail()):
		default: // One is enough.
		}
	case <-d.closed:
	}
}

// fresh puts a new company into the place of the one that is shown.
func (h *pageHost) fresh(ctx context.Context, _ page.Stage) (page.Stage, error) {
	if err := h.end(); err != nil {
		return page.Stage{}, err
	}
	return h.begin(ctx)
}

// end closes the company that is shown, if there is one.
func (h *pageHost) end() error {
	h.mu.Lock()
	d := h.now
	h.now = nil
	h.mu.Unlock()
	if d == nil {
		return nil
	}
	return d.close()
}
