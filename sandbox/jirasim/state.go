package jirasim

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

type project struct {
	Project
	last int // number of the newest issue, counting refused ones
}

func newProject(p Project) *project {
	if p.Type == "" {
		p.Type = "software"
	}
	if p.Edit == nil {
		p.Edit = p.Create
	}
	p.Workflow.Statuses = slices.Clone(p.Workflow.Statuses)
	p.Workflow.Transitions = slices.Clone(p.Workflow.Transitions)
	return &project{Project: p}
}

// row is the part of an issue that the index copies. Values in the maps are never changed in place.
type row struct {
	values    map[string]any // by field id; see values.go for the types
	props     map[string]json.RawMessage
	comments  []*comment
	history   []*change
	created   time.Time
	updated   time.Time
	resolved  time.Time
	statusSet time.Time
}

func (r *row) clone() *row {
	c := *r
	c.values = maps.Clone(r.values)
	c.props = maps.Clone(r.props)
	c.comments = slices.Clone(r.comments)
	c.history = slices.Clone(r.history)
	return &c
}

// issue is an issue with its present state and what the index may still show.
type issue struct {
	row
	id       int64
	key      string
	project  *project
	deleted  bool
	dirty    bool            // changed since the last indexing
	index    []indexed       // oldest first
	watchers []string        // account ids
	remote   []*remoteLink   //
	viewers  map[string]bool // account ids that may see it; nil = everybody who may browse the project
}

// indexed is an issue as search sees it from a moment on; a nil row is a deleted one.
type indexed struct {
	at  time.Time
	row *row
}

func (is *issue) num() int64 {
	_, n, _ := strings.Cut(is.key, "-")
	v, err := strconv.ParseInt(n, 10, 64)
	if err != nil {
		return 0
	}
	return v
}

func (is *issue) status() string { return ref(is.values["status"]) }

// touch marks an issue as changed; bump also moves its updated time.
func (s *Server) touch(is *issue, at time.Time, bump bool) {
	s.changes++
	s.news.tell()
	is.dirty = true
	if bump {
		is.updated = at
	}
}

// settle hands every changed issue to the index, which shows it after the lag.
func (s *Server) settle() {
	now := s.cfg.Now()
	for _, is := range s.issues {
		if !is.dirty {
			continue
		}
		is.dirty = false
		var seen *row
		if !is.deleted {
			seen = is.row.clone()
		}
		is.index = append(is.index, indexed{at: now, row: seen})
		visible := 0
		for i, v := range is.index {
			if !v.at.Add(s.cfg.IndexLag).After(now) {
				visible = i
			}
		}
		is.index = is.index[visible:]
	}
}

// inIndex is what search sees of an issue now; nil = nothing.
func (s *Server) inIndex(is *issue, now time.Time) *row {
	var seen *row
	for _, v := range is.index {
		if v.at.Add(s.cfg.IndexLag).After(now) {
			break
		}
		seen = v.row
	}
	return seen
}

// SetIndexLag changes how long search stays behind. States that the index has forgotten do not come back.
func (s *Server) SetIndexLag(lag time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cfg.IndexLag = lag
}

// lookup finds an issue by id or key, without asking who wants it.
func (s *Server) lookup(idOrKey string) *issue {
	for _, is := range s.issues {
		if !is.deleted && (strings.EqualFold(is.key, idOrKey) || strconv.FormatInt(is.id, 10) == idOrKey) {
			return is
		}
	}
	return nil
}

const noIssue = "Issue does not exist or you do not have permission to see it."

// issueFor finds an issue that the caller may see. Unknown and hidden issues are told apart by nobody.
func (c *call) issueFor(idOrKey string) (*issue, error) {
	is := c.s.lookup(idOrKey)
	if is == nil || !c.sees(is) {
		return nil, refuse(404, noIssue)
	}
	return is, nil
}

func (c *call) sees(is *issue) bool {
	return c.has(permBrowse) && (is.viewers == nil || c.who != nil && is.viewers[c.who.AccountID])
}

// writableIssue finds an issue and counts the write that is about to happen.
func (c *call) writableIssue(idOrKey string) (*issue, error) {
	is, err := c.issueFor(idOrKey)
	if err != nil {
		return nil, err
	}
	return is, c.limitIssue(is)
}

func (s *Server) project(idOrKey string) *project {
	for _, p := range s.projects {
		if p.ID == idOrKey || strings.EqualFold(p.Key, idOrKey) {
			return p
		}
	}
	return nil
}

func (c *call) projectFor(idOrKey string) (*project, error) {
	p := c.s.project(idOrKey)
	if p != nil && c.has(permBrowse) {
		return p, nil
	}
	what := "key '" + idOrKey + "'"
	if _, err := strconv.Atoi(idOrKey); err == nil {
		what = "id '" + idOrKey + "'"
	}
	return nil, refuse(404, "No project could be found with "+what+".")
}

// statusByID finds a status of the site; statuses with one id in several workflows are one status.
func (s *Server) statusByID(id string) Status {
	for _, p := range s.projects {
		for _, st := range p.Workflow.Statuses {
			if st.ID == id {
				return st
			}
		}
	}
	return Status{ID: id, Name: id, Category: "new"}
}

func (s *Server) statuses() []Status {
	var out []Status
	seen := map[string]bool{}
	for _, p := range s.projects {
		for _, st := range p.Workflow.Statuses {
			if !seen[st.ID] {
				seen[st.ID] = true
				out = append(out, st)
			}
		}
	}
	return out
}

// RenameStatus renames a status in every workflow that has it. An unknown name is an error.
func (s *Server) RenameStatus(from, to string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	found := false
	for _, p := range s.projects {
		for i := range p.Workflow.Statuses {
			if st := &p.Workflow.Statuses[i]; strings.EqualFold(st.Name, from) {
				st.Name, found = to, true
			}
		}
	}
	if !found {
		return fmt.Errorf("no status %q", from)
	}
	s.news.tell()
	return nil
}

// RemoveTransition takes the transitions of that name out of every workflow. An unknown name is an error.
func (s *Server) RemoveTransition(name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	found := false
	for _, p := range s.projects {
		before := len(p.Workflow.Transitions)
		p.Workflow.Transitions = slices.DeleteFunc(p.Workflow.Transitions, func(t Transition) bool { return strings.EqualFold(t.Name, name) })
		found = found || len(p.Workflow.Transitions) < before
	}
	if !found {
		return fmt.Errorf("no transition %q", name)
	}
	s.news.tell()
	return nil
}
