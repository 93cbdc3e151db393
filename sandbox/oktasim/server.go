package oktasim

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"math/big"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Server is one Okta organization. All methods are safe for concurrent use.
type Server struct {
	cfg  Config
	now  func() time.Time
	done chan struct{}

	mu       sync.Mutex
	base     string
	closed   bool
	changed  chan struct{} // closed at the next change; nil while nobody listens
	ids      int
	routes   []route
	tokens   map[string]*principal // by secret
	access   map[string]*principal // OAuth access tokens
	users    []*userRec
	groups   []*groupRec
	userIDs  map[string]*userRec
	groupIDs map[string]*groupRec
	rules    []*ruleRec
	apps     []*appRec
	events   []*event // ordered by the time of persistence
	eventSeq int

	windows  map[string]*window
	inflight int

	calls      []*Call
	callSeq    int
	changeless int
	faults     []*armed
	release    chan struct{}
	waiters    map[string][]chan struct{}
	hanging    map[string]int
}

// New builds the organization. It does no I/O; the error names the first contradiction in cfg.
func New(cfg Config) (*Server, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.TokenShare == 0 {
		cfg.TokenShare = 50
	}
	if cfg.Concurrency == 0 {
		cfg.Concurrency = 75
	}
	if cfg.CallsMax == 0 {
		cfg.CallsMax = 20_000
	}
	if cfg.SearchLag == 0 {
		cfg.SearchLag = 2 * cfg.MemberLag
	}
	if err := cfg.check(); err != nil {
		return nil, fmt.Errorf("okta simulator: %w", err)
	}
	s := &Server{
		cfg: cfg, now: cfg.Now, done: make(chan struct{}),
		routes: allRoutes(), tokens: map[string]*principal{}, access: map[string]*principal{},
		userIDs: map[string]*userRec{}, groupIDs: map[string]*groupRec{},
		windows: map[string]*window{}, release: make(chan struct{}),
		waiters: map[string][]chan struct{}{}, hanging: map[string]int{},
	}
	s.seed()
	return s, nil
}

// seed fills the state from the configuration.
func (s *Server) seed() {
	start := s.now().UTC()
	for _, u := range s.cfg.Users {
		s.seedUser(u, start)
	}
	for _, g := range s.cfg.Groups {
		s.seedGroup(g, start)
	}
	s.seedEveryone(start)
	for _, r := range s.cfg.Rules {
		s.seedRule(r, start)
	}
	for _, a := range s.cfg.Apps {
		s.apps = append(s.apps, &appRec{App: a, created: start.AddDate(-1, 0, 0)})
	}
	for _, l := range s.cfg.Logins {
		s.recordSSO(l, l.At.Add(l.Late))
	}
	for _, t := range s.cfg.Tokens {
		s.tokens[t.Secret] = &principal{token: t.ID, owner: t.OwnerUserID, role: t.Admin}
	}
}

// SetURL tells the absolute URL under which the server is reached, for links. Until then the Host header is used.
func (s *Server) SetURL(base string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.base = strings.TrimRight(base, "/")
}

// Close ends hanging and slow answers. It may be called twice; later calls are answered by cutting the connection.
func (s *Server) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.closed = true
		close(s.done)
	}
}

// ServeHTTP answers one API call. Faults that cut the connection hijack it, or panic with [http.ErrAbortHandler] where it cannot be hijacked.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q := s.receive(r)
	defer s.leave()
	if q.fault.Kind != "" {
		s.serveFaulty(w, r, q)
		return
	}
	s.send(w, q, s.work(q))
}

// work does what the call asks for, under the lock, and returns the answer.
func (s *Server) work(q *request) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.inflight > s.cfg.Concurrency {
		return s.finish(q, s.concurrencyExceeded())
	}
	rep := s.admit(q)
	if rep.fail == nil && rep.status == 0 {
		rep = q.route.serve(s, q)
	}
	if rep.changed {
		q.call.Changed = true
	}
	return s.finish(q, rep)
}

// admit checks path, method, credentials, limits and permission, in this order. A zero reply admits.
func (s *Server) admit(q *request) reply {
	if q.refusal != nil {
		return *q.refusal
	}
	if q.route.open {
		return s.spend(q)
	}
	who, rep := s.identify(q)
	if who == nil {
		return rep
	}
	q.who = who
	if rep := s.spend(q); rep.fail != nil {
		return rep
	}
	if !s.permitted(q) {
		return forbidden()
	}
	return reply{}
}

func (s *Server) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.inflight--
	s.bump()
}

// newID makes an Okta-like identifier of 20 characters. The sequence is the same in each run.
func (s *Server) newID(prefix string) string {
	text := new(big.Int).SetBytes(s.entropy(16)).Text(62)
	return prefix + (text + strings.Repeat("0", 20))[:20-len(prefix)]
}

// requestID makes a value like those of X-Okta-Request-Id.
func (s *Server) requestID() string {
	return base64.RawURLEncoding.EncodeToString(s.entropy(20))
}

func (s *Server) entropy(n int) []byte {
	s.ids++
	sum := sha256.Sum256(fmt.Appendf(nil, "oktasim %d", s.ids))
	return sum[:n]
}

// clock is the time of the organization in UTC.
func (s *Server) clock() time.Time { return s.now().UTC() }

// stamp formats a time as the API does: UTC with milliseconds.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
