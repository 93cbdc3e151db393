package graphsim

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"
)

const defaultTenant = "7d0a6b1c-52f0-4a57-9c38-3f1d5a0e9b11"

// Server is one tenant. All methods are safe for concurrent use.
type Server struct {
	cfg    Config
	now    func() time.Time
	done   chan struct{}
	routes []route

	mu        sync.Mutex
	base      string
	closed    bool
	changed   chan struct{} // closed at the next change; nil while nobody listens
	ids       int
	clients   map[string]*client
	tokens    map[string]*accessToken
	users     []*userRec
	groups    []*groupRec
	userIDs   map[string]*userRec
	userNames map[string]*userRec // by userPrincipalName
	groupIDs  map[string]*groupRec
	apps      []App
	signIns   []*signInRec
	meters    map[string]*meter

	calls   []*Call
	callSeq int
	faults  []*armed
	release chan struct{}
	waiters map[string][]chan struct{}
	hanging map[string]int
}

// New builds the tenant. It does no I/O; the error names the first contradiction in cfg.
func New(cfg Config) (*Server, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.TenantID == "" {
		cfg.TenantID = defaultTenant
	}
	if cfg.IndexLag == 0 {
		cfg.IndexLag = 2 * cfg.MemberLag
	}
	if cfg.TokenLife == 0 {
		cfg.TokenLife = time.Hour
	}
	s := &Server{
		cfg: cfg, now: cfg.Now, done: make(chan struct{}), routes: allRoutes(),
		clients: map[string]*client{}, tokens: map[string]*accessToken{},
		userIDs: map[string]*userRec{}, userNames: map[string]*userRec{}, groupIDs: map[string]*groupRec{}, meters: map[string]*meter{},
		release: make(chan struct{}), waiters: map[string][]chan struct{}{}, hanging: map[string]int{},
	}
	s.fillIDs()
	if err := s.cfg.check(); err != nil {
		return nil, fmt.Errorf("graph simulator: %w", err)
	}
	s.seed()
	return s, nil
}

// fillIDs makes up the ids that the configuration leaves out.
func (s *Server) fillIDs() {
	s.cfg.Users, s.cfg.Groups = append([]User(nil), s.cfg.Users...), append([]Group(nil), s.cfg.Groups...)
	for i := range s.cfg.Users {
		if s.cfg.Users[i].ID == "" {
			s.cfg.Users[i].ID = s.newID()
		}
	}
	for i := range s.cfg.Groups {
		if s.cfg.Groups[i].ID == "" {
			s.cfg.Groups[i].ID = s.newID()
		}
	}
}

func (s *Server) seed() {
	start := s.clock()
	for _, c := range s.cfg.Clients {
		s.clients[strings.ToLower(c.ID)] = &client{Client: c, objectID: s.newID()}
	}
	for _, u := range s.cfg.Users {
		s.addUser(u, start.AddDate(-1, 0, 0))
	}
	for _, g := range s.cfg.Groups {
		s.addGroup(g, start.AddDate(-1, 0, 0))
	}
	s.apps = append([]App(nil), s.cfg.Apps...)
	for _, e := range s.cfg.SignIns {
		s.recordSignIn(e)
	}
}

// SetURL tells the absolute URL under which the server is reached, for links. Until then the Host header is used.
func (s *Server) SetURL(base string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.base = strings.TrimRight(base, "/")
}

// TenantID is the id of the tenant.
func (s *Server) TenantID() string { return s.cfg.TenantID }

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
	s.settle()
	rep := s.admit(q)
	if rep.fail == nil && rep.status == 0 {
		rep = q.route.serve(s, q)
	}
	q.call.Changed = rep.changed
	return s.finish(q, rep)
}

// admit checks path, method, token, permission and limits, in this order. A zero reply admits.
func (s *Server) admit(q *request) reply {
	switch {
	case q.refusal != nil:
		return *q.refusal
	case q.route.open:
		return reply{}
	}
	who, rep := s.identify(q)
	if who == nil {
		return rep
	}
	q.who = who
	if rep := s.spend(q); rep.fail != nil {
		return rep
	}
	if !who.may(q.route.roles) {
		return requestDenied()
	}
	return reply{}
}

func (s *Server) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bump()
}

// newID makes a GUID of version 4. The sequence is the same in each run.
func (s *Server) newID() string {
	s.ids++
	b := sha256.Sum256(fmt.Appendf(nil, "graphsim %d", s.ids))
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[0:4], b[4:6], b[6:8], b[8:10], b[10:16])
}

// clock is the time of the tenant in UTC.
func (s *Server) clock() time.Time { return s.now().UTC() }

// stamp formats a time as the API does.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.0000000Z") }

func stampSeconds(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }
