package slacksim

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

const bodyMax = 4 << 20

// Server is one workspace with one installed app. All methods may be called from any goroutine.
type Server struct {
	cfg     Config
	app     app
	kit     *kit
	methods map[string]*method
	done    chan struct{}
	wg      sync.WaitGroup

	mu       sync.Mutex
	url      string
	closed   bool
	changed  chan struct{}
	seq      int // of calls
	ids      int // of made-up ids
	calls    []*Call
	faults   []*activeFault
	release  chan struct{}
	hanging  map[string]int
	waiters  map[string][]chan struct{}
	refused  map[string]string // tokens that stopped working, with Slack's word for it
	recent   map[string][]time.Time
	users    map[string]*User
	userIDs  []string
	channels map[string]*channel
	triggers map[string]*trigger
	hooks    map[string]*hook
	views    map[string]*view
	stacks   map[string][]*view // open modals of each user, bottom first
	homes    map[string]*view
	wire     wire
}

// New makes a workspace. It does no I/O; serve it and call SetURL with the address.
func New(cfg Config) (*Server, error) {
	if err := cfg.fill(); err != nil {
		return nil, err
	}
	a, err := readManifest(cfg.Manifest)
	if err != nil {
		return nil, err
	}
	s := &Server{
		cfg: cfg, app: a, kit: newKit(), done: make(chan struct{}),
		changed: make(chan struct{}), release: make(chan struct{}),
		hanging: map[string]int{}, waiters: map[string][]chan struct{}{}, refused: map[string]string{},
		recent: map[string][]time.Time{}, users: map[string]*User{}, channels: map[string]*channel{},
		triggers: map[string]*trigger{}, hooks: map[string]*hook{}, views: map[string]*view{},
		stacks: map[string][]*view{}, homes: map[string]*view{}, wire: newWire(),
	}
	s.methods = methodTable()
	s.seed()
	return s, nil
}

// SetURL tells the absolute URL under which the server is reached, such as http://127.0.0.1:4011.
func (s *Server) SetURL(base string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.url = strings.TrimRight(base, "/")
}

// APIURL is the base that clients are given, with the slash that they need at its end.
func (s *Server) APIURL() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.url + "/api/"
}

// Close ends sockets and hanging answers and waits for them. It is safe to call twice.
func (s *Server) Close() {
	s.mu.Lock()
	if !s.closed {
		s.closed = true
		close(s.done)
	}
	for _, c := range s.wire.conns {
		_ = c.ws.Close()
	}
	s.mu.Unlock()
	s.wg.Wait()
}

// enter counts a piece of work that Close waits for; it refuses once the server is closed.
func (s *Server) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.wg.Add(1)
	return true
}

// spawn runs work that Close waits for; false after Close, which runs nothing.
func (s *Server) spawn(work func()) bool {
	if !s.enter() {
		return false
	}
	go func() {
		defer s.wg.Done()
		work()
	}()
	return true
}

// bump wakes everybody who waits for a change. The lock must be held.
func (s *Server) bump() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// Changed returns a channel that is closed at the next change of the workspace, of its views and messages, of the sockets, of
// the list of calls (one that arrives and one that ends) or of the faults. Take the channel first, then look at the workspace,
// then wait: so no change is missed. After Close it may never be closed.
func (s *Server) Changed() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changed
}

// Wait returns nil once cond holds. It looks again after every change of the workspace, so nobody needs to sleep.
func (s *Server) Wait(ctx context.Context, cond func() bool) error {
	for {
		s.mu.Lock()
		changed := s.changed
		s.mu.Unlock()
		if cond() {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		case <-s.done:
			return ErrClosed
		}
	}
}

// ServeHTTP is Slack's side of the wire: /api/METHOD, the socket at /link/ and response URLs.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !s.enter() {
		http.Error(w, "closed", http.StatusServiceUnavailable)
		return
	}
	defer s.wg.Done()
	w.Header().Set("Date", s.cfg.Now().UTC().Format(http.TimeFormat))
	path := r.URL.Path
	switch {
	case strings.HasPrefix(path, "/api/"):
		s.operate(w, r, strings.TrimPrefix(path, "/api/"), s.callMethod)
	case strings.HasPrefix(path, "/commands/"), strings.HasPrefix(path, "/actions/"), strings.HasPrefix(path, "/app/"):
		s.operate(w, r, "response_url", s.postToHook)
	case path == "/link/" || path == "/link":
		s.serveSocket(w, r)
	default:
		htmlAnswer(http.StatusNotFound).write(w)
	}
}

// operate logs a call, lets the faults at it, and does the work between them.
func (s *Server) operate(w http.ResponseWriter, r *http.Request, name string, work func(*http.Request, string, []byte) answer) {
	body, err := io.ReadAll(io.LimitReader(r.Body, bodyMax))
	if err != nil {
		return
	}
	c := &Call{Method: r.Method, Path: r.URL.Path, Query: r.URL.RawQuery, Name: name}
	s.logCall(c, body)
	fault, hit := s.takeFault(name)
	if hit && s.faultBefore(w, r, c, fault) {
		return
	}
	a := work(r, name, body)
	if !hit {
		s.endCall(c, a.status, a.body, a.changed, "")
		a.write(w)
		return
	}
	s.faultAfter(w, r, c, fault, a)
}

// id makes a new Slack-like id. The lock must be held.
func (s *Server) id(prefix string) string {
	s.ids++
	n := strings.ToUpper(strconv.FormatInt(int64(s.ids)+60466176, 36)) // begins at 1000000 so that ids are equally long
	return prefix + "0SIM" + n
}

// ts makes a message timestamp, unique and rising. The lock must be held.
func (s *Server) ts() string {
	s.ids++
	return fmt.Sprintf("%d.%06d", s.cfg.Now().Unix(), s.ids%1000000)
}

// secret makes an unguessable word.
func secret() string {
	b := make([]byte, 16)
	_, _ = rand.Read(b) // never fails, says crypto/rand
	return hex.EncodeToString(b)
}
