package jira

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"usher/access"
)

// move is one transition that Jira offers.
type move struct {
	ID        string               `json:"id"`
	Name      string               `json:"name"`
	To        option               `json:"to"`
	HasScreen bool                 `json:"hasScreen"`
	Fields    map[string]metaField `json:"fields"`
}

func (m move) to(want string) bool { return m.To.ID == want || strings.EqualFold(m.To.Name, want) }

// missing names a required field that Usher cannot fill in; empty if there is none.
func (m move) missing() string {
	for _, id := range sorted(m.Fields) {
		f := m.Fields[id]
		if f.Required && !f.HasDefault && id != "comment" && (id != "resolution" || len(f.Allowed) == 0) {
			return f.Name
		}
	}
	return ""
}

// pick finds the transition to take next: to the status itself, or else to the nearest station before it. Where the issue
// is not sure to stand at p, only what is known is used: what Jira offers belongs to where the issue really stands.
func (t *Tracker) pick(ctx context.Context, key string, p place, to access.IssueStatus, sure bool) (move, error) {
	for _, fresh := range []bool{false, true} {
		list, known := t.knownMoves(p)
		if !sure && (fresh || !known) {
			return move{}, errElsewhere
		}
		if fresh || !known {
			var err error
			if list, err = t.moves(ctx, key, p); err != nil {
				return move{}, err
			}
			fresh = true
		}
		if m, ok := t.choose(list, t.cfg.Statuses[to]); ok {
			return m, nil
		}
		for _, s := range stations(to) {
			want := t.cfg.Statuses[s]
			if want != "" && p.is(want) {
				break // Never back.
			}
			if m, ok := t.choose(list, want); ok {
				return m, nil
			}
		}
		if fresh {
			return move{}, permanent("move issue", noWay(p, t.cfg.Statuses[to], list))
		}
	}
	return move{}, nil
}

// stations are the statuses on the way to one, nearest first. They matter when several changes are written at once and
// the workflow knows no short cut.
func stations(to access.IssueStatus) []access.IssueStatus {
	return map[access.IssueStatus][]access.IssueStatus{
		access.IssueActive: {access.IssueApproved},
		access.IssueEnded:  {access.IssueActive, access.IssueApproved},
		access.IssueFailed: {access.IssueApproved},
	}[to]
}

// choose prefers a transition that carries a comment, then the one listed first.
func (t *Tracker) choose(list []move, want string) (move, bool) {
	var best move
	ok := false
	for _, m := range list {
		if want == "" || !m.to(want) || m.missing() != "" {
			continue
		}
		if !ok || m.HasScreen && !best.HasScreen {
			best, ok = m, true
		}
	}
	return best, ok
}

// noWay explains what an admin has to change.
func noWay(p place, want string, list []move) error {
	var offered []string
	for _, m := range list {
		s := fmt.Sprintf("%q to %q", m.Name, m.To.Name)
		if f := m.missing(); f != "" {
			s += fmt.Sprintf(" (needs field %q)", f)
		}
		offered = append(offered, s)
	}
	if len(offered) == 0 {
		return fmt.Errorf("no transition leads from status %q to %q: Jira offers none at all; give the bot the permission "+
			"Transition Issues, or add the transition to the workflow", p.name, want)
	}
	return fmt.Errorf("no transition leads from status %q to %q; Jira offers %s: add one to the workflow, or correct the "+
		"configured status name", p.name, want, strings.Join(offered, ", "))
}

// knownMoves returns the transitions from p as they were lately read.
func (t *Tracker) knownMoves(p place) ([]move, bool) {
	t.cache.mu.Lock()
	defer t.cache.mu.Unlock()
	return t.cache.moves[p.step], t.cfg.Now().Before(t.cache.movesUntil[p.step])
}

// moves reads the transitions that are open to the bot from p, where the issue stands. Issues of one type in one status
// have the same ones, so the list is kept for a while.
func (t *Tracker) moves(ctx context.Context, key string, p place) ([]move, error) {
	var got struct {
		Transitions []move `json:"transitions"`
	}
	q := query{op: "read transitions", method: http.MethodGet, path: "issue/" + key + "/transitions"}
	q.values = url.Values{"expand": {"transitions.fields"}}
	if _, err := t.call(ctx, q, &got); err != nil {
		return nil, err
	}
	if got.Transitions == nil {
		return nil, q.lost(errNotJira, true)
	}
	t.cache.mu.Lock()
	defer t.cache.mu.Unlock()
	t.cache.moves[p.step], t.cache.movesUntil[p.step] = got.Transitions, t.cfg.Now().Add(cacheLength)
	return got.Transitions, nil
}

func (t *Tracker) forgetMoves() {
	t.cache.mu.Lock()
	defer t.cache.mu.Unlock()
	clear(t.cache.moves)
	clear(t.cache.movesUntil)
}

func (t *Tracker) isBare(id string) bool {
	t.cache.mu.Lock()
	defer t.cache.mu.Unlock()
	return t.cfg.Now().Before(t.cache.bare[id])
}

func (t *Tracker) setBare(id string) {
	t.cache.mu.Lock()
	defer t.cache.mu.Unlock()
	t.cache.bare[id] = t.cfg.Now().Add(bareLength)
	delete(t.cache.proven, id)
}

func (t *Tracker) isProven(id string) bool {
	t.cache.mu.Lock()
	defer t.cache.mu.Unlock()
	return t.cfg.Now().Before(t.cache.proven[id])
}

func (t *Tracker) setProven(id string) {
	t.cache.mu.Lock()
	defer t.cache.mu.Unlock()
	t.cache.proven[id] = t.cfg.Now().Add(cacheLength)
}
