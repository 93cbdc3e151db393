package ldapsim

import (
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"
)

// Server is one directory. All methods are safe for concurrent use.
type Server struct {
	cfg      Config
	now      func() time.Time
	password string // of slapd's administrator
	done     chan struct{}
	names    map[string]string // ids by distinguished names in small letters
	dns      map[string]string // distinguished names by ids

	slapd    *slapd
	admin    *client
	listener net.Listener
	wait     sync.WaitGroup

	mu      sync.Mutex
	closed  bool
	changed chan struct{} // closed at the next change; nil while nobody listens
	conns   map[net.Conn]bool
	history map[string][]Change // by group
	calls   []*Call
	callSeq int
	faults  []*armed
	release chan struct{}
}

// New checks the configuration. It does no I/O; the error names the first contradiction in cfg.
func New(cfg Config) (*Server, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if err := cfg.check(); err != nil {
		return nil, fmt.Errorf("ldap simulator: %w", err)
	}
	s := &Server{
		cfg: cfg, now: cfg.Now, password: rand.Text(), done: make(chan struct{}), names: map[string]string{}, dns: map[string]string{},
		conns: map[net.Conn]bool{}, history: map[string][]Change{}, release: make(chan struct{}),
	}
	for _, p := range cfg.People {
		s.name(p.ID, cfg.person(p.UID))
	}
	for _, g := range cfg.Groups {
		s.name(g.ID, cfg.group(g.Name))
	}
	return s, nil
}

func (s *Server) name(id, dn string) { s.names[strings.ToLower(dn)], s.dns[id] = id, dn }

// idOf is the id of the entry of this name; empty for the account, the units and whatever else.
func (s *Server) idOf(dn string) string { return s.names[strings.ToLower(dn)] }

// AccountDN is the name that the program signs in with.
func (s *Server) AccountDN() string { return s.cfg.account() }

// Start starts slapd and serves the listener until Close, which closes it. [ErrNotInstalled] where there is no slapd.
func (s *Server) Start(l net.Listener) (err error) {
	if s.slapd, err = startSlapd(s.cfg, s.password); err != nil {
		return errors.Join(err, l.Close())
	}
	if s.admin, err = s.signIn(); err != nil {
		return errors.Join(err, l.Close())
	}
	s.listener = l
	s.wait.Go(func() { s.serve(l) })
	return nil
}

// Close ends the connections, slapd, and its folder. It may be called twice, and without a Start.
func (s *Server) Close() {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return
	}
	s.closed = true
	close(s.done)
	for c := range s.conns {
		_ = c.Close()
	}
	s.mu.Unlock()
	if s.listener != nil {
		_ = s.listener.Close()
	}
	s.wait.Wait()
	if s.admin != nil {
		_ = s.admin.conn.Close()
	}
	if s.slapd != nil {
		_ = s.slapd.stop() // What is left lies in the folder for temporary files.
	}
}

// track keeps a connection for Close; false when it is too late.
func (s *Server) track(c net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conns[c] = true
	return !s.closed
}

func (s *Server) forget(c net.Conn) {
	_ = c.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, c)
}

// Changed returns a channel that is closed at the next change of a member or an account, of the list of requests (one that
// arrives and one that ends) or of the faults. Take the channel first, then look at the directory, then wait: so no change is
// missed. After Close it may never be closed.
func (s *Server) Changed() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.changed == nil {
		s.changed = make(chan struct{})
	}
	return s.changed
}

// bump wakes everybody who waits for a change. The caller holds the lock.
func (s *Server) bump() {
	if s.changed != nil {
		close(s.changed)
		s.changed = nil
	}
}
