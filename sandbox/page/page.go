package page

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"sync"
	"time"

	"usher/sandbox"
	"usher/sandbox/page/blockkit"
	"usher/sandbox/page/directorypane"
	"usher/sandbox/page/jirapane"
	"usher/sandbox/page/slackpane"
	"usher/sandbox/page/web"
)

//go:embed static
var static embed.FS

// Stage is a company at work with the product in it.
type Stage struct {
	World   *sandbox.World
	Product sandbox.Product
	// NextDue is when the product wakes next by itself; the zero time if nothing is planned.
	NextDue func() time.Time
}

// Config is what the page needs.
type Config struct {
	Stage Stage
	// Fresh ends the stage that it is given and makes a new one in its first state.
	Fresh func(context.Context, Stage) (Stage, error)
	// Story is whether the tour can be played: it is about the built-in company.
	Story bool
	// Pace is how long what a step of the tour has shown stands; its title stands half as long before it is played. Default
	// 2.5 s, negative none.
	Pace time.Duration
}

// Server is the page. It is an http.Handler, safe for concurrent use.
type Server struct {
	cfg     Config
	handler http.Handler
	hub     *hub
	tour    tour
	stopped chan struct{}
	once    sync.Once

	turn   sync.Mutex // One reset at a time.
	closed bool       // No more of them.

	mu    sync.Mutex
	stage *stage
}

// stage is a Stage with its panes.
type stage struct {
	Stage
	panes  map[string]http.Handler
	faults map[string]string // Chosen on the page, by vendor.
	end    context.CancelFunc
}

// New makes the page for a stage that is up. Close ends its streams.
func New(cfg Config) (*Server, error) {
	if cfg.Pace == 0 {
		cfg.Pace = 2500 * time.Millisecond
	}
	s := &Server{cfg: cfg, hub: newHub(), stopped: make(chan struct{})}
	s.enter(cfg.Stage)
	var err error
	if s.handler, err = s.routes(); err != nil {
		return nil, err
	}
	return s, nil
}

// ServeHTTP serves the page.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// Stage is the one that is shown now, for its owner to end.
func (s *Server) Stage() Stage { return s.now().Stage }

// Close ends the tour and the streams to the browsers. It is safe to call twice.
func (s *Server) Close() {
	s.once.Do(func() {
		close(s.stopped)
		s.turn.Lock()
		defer s.turn.Unlock()
		s.closed = true
		s.tour.stop()
		s.now().end()
	})
}

func (s *Server) now() *stage {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stage
}

// enter puts a stage on the page.
func (s *Server) enter(to Stage) {
	w := to.World
	ctx, end := context.WithCancel(context.Background())
	st := &stage{Stage: to, faults: map[string]string{}, end: end, panes: map[string]http.Handler{
		"slack": slackpane.New(w).Handler(), "jira": jirapane.New(w).Handler(), "directory": directorypane.New(w).Handler(),
	}}
	for name, changed := range map[string]func() <-chan struct{}{
		"slack": w.Slack.Changed, "jira": w.Jira.Changed, "directory": w.Directory.Changed,
	} {
		go s.hub.changes(ctx, name, changed)
	}
	w.Clock.OnMove(func() { s.hub.tell(event{"moved", nil}) })
	s.mu.Lock()
	old := s.stage
	s.stage = st
	s.mu.Unlock()
	if old != nil {
		old.end()
	}
}

// reset puts everything back into its first state.
func (s *Server) reset(ctx context.Context, then func(*stage)) error {
	s.turn.Lock()
	defer s.turn.Unlock()
	if s.closed {
		return errors.New("the demo is being stopped")
	}
	s.tour.stop()
	old := s.now()
	old.end()
	fresh, err := s.cfg.Fresh(ctx, old.Stage)
	if err != nil {
		return fmt.Errorf("start the company anew: %w", err)
	}
	s.enter(fresh)
	s.hub.tell(event{"reset", nil})
	then(s.now())
	return nil
}

func (s *Server) routes() (http.Handler, error) {
	mux := http.NewServeMux()
	mux.Handle("GET /{$}", web.Fragment(s.index))
	mux.Handle("GET /bar/{$}", web.Fragment(s.bar))
	mux.Handle("GET /calls/{$}", web.Fragment(s.calls))
	mux.Handle("GET /events", s.hub.serve(s.stopped))
	mux.Handle("POST /clock", web.Act(s.moveClock))
	mux.Handle("POST /faults", web.Act(s.setFault))
	mux.Handle("POST /reset", web.Act(func(ctx context.Context, _ struct{}) (any, error) {
		return map[string]bool{"ok": true}, s.reset(context.WithoutCancel(ctx), func(*stage) {})
	}))
	mux.Handle("POST /tour", web.Act(s.directTour))
	for _, name := range paneNames() {
		mux.Handle("/"+name+"/", s.pane(name))
	}
	mux.HandleFunc("/_sandbox/", func(w http.ResponseWriter, r *http.Request) {
		st := s.now()
		st.World.ControlWith(st.Product).ServeHTTP(w, r)
	})
	own, err := fs.Sub(static, "static")
	if err != nil {
		return nil, fmt.Errorf("read the page's files: %w", err)
	}
	for name, files := range map[string]fs.FS{"": own, "slack/": slackpane.Assets(), "jira/": jirapane.Assets(), "directory/": directorypane.Assets()} {
		mux.Handle("GET /static/"+name, http.StripPrefix("/static/"+name, http.FileServerFS(files)))
	}
	mux.HandleFunc("GET /static/blockkit.css", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/css; charset=utf-8")
		_, _ = w.Write(blockkit.CSS()) // The browser went away.
	})
	mux.HandleFunc("GET /favicon.ico", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	return guard(mux), nil
}

// paneNames are the vendors' panes, in the order of the columns. That of the directory has the name of the usual one.
func paneNames() []string { return []string{"slack", "jira", "directory"} }

// pane hands over to the pane of the stage that is up.
func (s *Server) pane(name string) http.Handler {
	return http.StripPrefix("/"+name, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.now().panes[name].ServeHTTP(w, r)
	}))
}
