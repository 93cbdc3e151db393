package googlesim

import (
	"crypto/sha256"
	"fmt"
	"math/big"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Server is one company. All methods are safe for concurrent use.
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
	tokens   map[string]*principal // access tokens
	users    []*userRec
	groups   []*groupRec
	keys     map[string]any // lower-case address or id: *userRec or *groupRec, also of the deleted
	events   []*event       // oldest first
	ending   []ending
	windows  map[string]*quota
	inflight int

	calls   []*Call
	callSeq int
	faults  []*armed
	release chan struct{}
	waiters map[string][]chan struct{}
	hanging map[string]int
}

// New builds the company. It does no I/O; the error names the first contradiction in cfg.
func New(cfg Config) (*Server, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Customer == "" {
		cfg.Customer = "C0sandbox"
	}
	if len(cfg.Domains) == 0 {
		cfg.Domains = []string{"acme.example"}
	}
	if cfg.Quota == 0 {
		cfg.Quota = 2400
	}
	if cfg.IdentityQuota == 0 {
		cfg.IdentityQuota = 2400
	}
	if cfg.Concurrency == 0 {
		cfg.Concurrency = 100
	}
	if err := cfg.check(); err != nil {
		return nil, fmt.Errorf("google simulator: %w", err)
	}
	s := &Server{
		cfg: cfg, now: cfg.Now, done: make(chan struct{}), routes: allRoutes(), tokens: map[string]*principal{},
		keys: map[string]any{}, windows: map[string]*quota{}, release: make(chan struct{}),
		waiters: map[string][]chan struct{}{}, hanging: map[string]int{},
	}
	if err := s.seed(); err != nil {
		return nil, fmt.Errorf("google simulator: %w", err)
	}
	return s, nil
}

func (s *Server) seed() error {
	start := s.clock()
	for _, u := range s.cfg.Users {
		s.makeUser(u, start.AddDate(-1, 0, 0))
	}
	for _, g := range s.cfg.Groups {
		s.makeGroup(g, start.AddDate(-1, 0, 0))
	}
	for _, g := range s.cfg.Groups {
		rec := s.groupByKey(g.Email)
		for role, keys := range map[string][]string{Owner: g.Owners, Manager: g.Managers, Member: g.Members} {
			for _, key := range keys {
				who, ok := s.memberByKey(key)
				if !ok {
					return fmt.Errorf("group %q: no member %q", g.Email, key)
				}
				s.setMember(rec, who, memberState{present: true, role: role}, time.Time{})
			}
		}
	}
	return nil
}

// SetURL tells the absolute URL under which the server is reached: the audience of assertions is that of its token endpoint.
// Until then the Host header is used.
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

// ServeHTTP answers one call. Faults that cut the connection hijack it, or panic with [http.ErrAbortHandler] where it cannot
// be hijacked.
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
	s.expire()
	rep := s.admit(q)
	if rep.status == 0 {
		rep = q.route.serve(s, q)
	}
	if rep.changed {
		q.call.Changed = true
		s.bump()
	}
	return s.finish(rep)
}

// admit checks path, credentials, scope, quota and role, in this order. A zero reply admits.
func (s *Server) admit(q *request) reply {
	if q.refusal != nil {
		return *q.refusal
	}
	if q.route.open {
		return reply{}
	}
	who := s.identify(q)
	if who == nil {
		return unauthenticated(q.route.api)
	}
	q.who = who
	if !who.hasScope(q.route.scopes) {
		return insufficientScope(q.route.api)
	}
	if rep := s.spend(q); rep.status != 0 {
		return rep
	}
	if s.inflight > s.cfg.Concurrency {
		return tooConcurrent(q.route.api)
	}
	if !s.mayCall(who, q.route) {
		return forbidden(q.route.api)
	}
	return reply{}
}

func (s *Server) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.inflight--
	s.bump()
}

// clock is the time of the company in UTC.
func (s *Server) clock() time.Time { return s.now().UTC() }

// entropy makes bytes that are the same in each run.
func (s *Server) entropy(n int) []byte {
	s.ids++
	sum := sha256.Sum256(fmt.Appendf(nil, "googlesim %d", s.ids))
	return sum[:n]
}

// userID makes an id like those of people: 21 digits that begin with 1.
func (s *Server) userID() string {
	digits := new(big.Int).SetBytes(s.entropy(16)).String() + strings.Repeat("0", 20)
	return "1" + digits[:20]
}

// groupID makes an id like those of groups: 15 letters and digits that begin with 0.
func (s *Server) groupID() string {
	return "0" + (new(big.Int).SetBytes(s.entropy(16)).Text(36) + strings.Repeat("0", 14))[:14]
}

// stamp formats a time as the Admin SDK does: UTC with milliseconds.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// etag makes an entity tag.
func etag(parts ...any) string {
	sum := sha256.Sum256(fmt.Append(nil, parts...))
	return fmt.Sprintf("%q", fmt.Sprintf("%x", sum[:12]))
}
