package jirasim

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

const maxBody = 16 << 20

// Server is one Jira Cloud site. All methods are safe for concurrent use.
type Server struct {
	routes []route
	calls  callLog
	faults faultBox
	news   news

	mu       sync.Mutex // guards all below
	cfg      Config
	url      string
	limits   Limits
	people   []*person
	projects []*project
	fields   []*fieldDef
	issues   []*issue // by id, deleted ones too until the index forgets them
	links    []*link
	nextID   int64 // shared by issues; other counters are their own, as in Jira
	counters map[string]int64
	refused  int
	changes  int // grows with every change of state
	buckets  map[string]*bucket
}

// New makes a site from its configuration. It does no I/O; the error lists everything that is wrong with cfg.
func New(cfg Config) (*Server, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.URL == "" {
		cfg.URL = "http://jira.invalid"
	}
	if cfg.PageCap <= 0 {
		cfg.PageCap = 100
	}
	if cfg.LinkTypes == nil {
		cfg.LinkTypes = defaultLinkTypes()
	}
	if err := cfg.check(); err != nil {
		return nil, fmt.Errorf("jira site: %w", err)
	}
	s := &Server{
		cfg:      cfg,
		url:      strings.TrimRight(cfg.URL, "/"),
		limits:   cfg.Limits.filled(),
		nextID:   10000,
		counters: map[string]int64{},
		buckets:  map[string]*bucket{},
	}
	s.faults.init()
	s.routes = routes()
	s.addPeople()
	for i := range cfg.Projects {
		s.projects = append(s.projects, newProject(cfg.Projects[i]))
	}
	s.fields = allFields(cfg.Fields)
	return s, nil
}

// SetURL says under which absolute address the site is reached; self links use it from now on.
func (s *Server) SetURL(base string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.url = strings.TrimRight(base, "/")
}

// Close ends hanging and slow answers. It is safe to call twice.
func (s *Server) Close() {
	s.faults.close()
}

// ServeHTTP answers one REST call.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if err != nil {
		return // the client went away while it was still talking
	}
	w.Header().Set("Date", s.now().UTC().Format(http.TimeFormat))
	c := &call{s: s, r: r, body: body, query: r.URL.Query()}
	c.find()
	f := s.faults.take(c.name)
	c.seq = s.calls.begin(c, f, s.now())
	s.news.tell() // of a fault that is used up as well
	defer s.news.tell()
	s.deliver(w, c, f)
}

// answer does the work of one call and returns what Jira would send.
func (s *Server) answer(c *call) rendered {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := s.changes
	c.at = s.cfg.Now()
	ans, err := s.handle(c)
	if err != nil {
		var refusal *refusal
		if !errors.As(err, &refusal) {
			refusal = refuse(http.StatusInternalServerError, "Internal server error")
		}
		ans = refusal.reply()
	}
	s.settle()
	c.changed = s.changes != before
	return c.render(ans)
}

func (s *Server) handle(c *call) (reply, error) {
	if len(c.body) > maxBody {
		return reply{}, refuse(http.StatusRequestEntityTooLarge, "The request entity is too large.")
	}
	if c.strange != nil {
		return *c.strange, nil
	}
	if err := c.authenticate(); err != nil {
		return reply{}, err
	}
	if err := c.limit(); err != nil {
		return reply{}, err
	}
	if err := c.checkMedia(); err != nil {
		return reply{}, err
	}
	return c.route.do(c)
}

func (s *Server) now() time.Time {
	return s.cfg.Now()
}

func (s *Server) count(kind string, first int64) string {
	if s.counters[kind] == 0 {
		s.counters[kind] = first - 1
	}
	s.counters[kind]++
	return fmt.Sprint(s.counters[kind])
}

// call is one request on its way through the site.
type call struct {
	s       *Server
	r       *http.Request
	seq     int
	name    string // operation, as in Call.Name
	route   *route
	strange *reply // answer for a path or method that does not exist
	vars    []string
	api     string // "2" or "3"
	gateway bool
	query   url.Values
	body    []byte
	who     *person // nil = anonymous
	at      time.Time
	changed bool
	headers http.Header
}

func (c *call) v3() bool { return c.api == "3" }

// base is the address that links in the answer start with.
func (c *call) base() string {
	if (c.gateway || c.s.cfg.GatewayLink) && c.s.cfg.CloudID != "" {
		at := strings.TrimRight(c.s.cfg.GatewayURL, "/")
		if at == "" {
			at = c.s.url
		}
		return at + "/ex/jira/" + c.s.cfg.CloudID
	}
	return c.s.url
}

// rest is the absolute address of a resource in the version of the call.
func (c *call) rest(path string, args ...any) string {
	return c.base() + "/rest/api/" + c.api + "/" + fmt.Sprintf(path, args...)
}

// date writes a time as the platform API does, in the time zone of the caller's profile.
func (c *call) date(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.In(c.zone()).Format(dateFormat)
}

func (c *call) zone() *time.Location {
	if c.who != nil {
		return c.who.loc
	}
	return time.UTC
}

const dateFormat = "2006-01-02T15:04:05.000-0700"
