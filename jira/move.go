package jira

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"usher/access"
)

// maxHops bounds the transitions of one update.
const maxHops = 4

// place is where an issue stands.
type place struct {
	step
	name string // Of the status.
}

func (p place) is(want string) bool { return p.status == want || strings.EqualFold(p.name, want) }

// errElsewhere says that an issue does not stand where it was taken to stand; nothing was done.
var errElsewhere = errors.New("the issue stands elsewhere")

// move brings the issue to the status that the record names, and the note with it.
//
// It starts from where this process left the issue, without asking, so that a step of a life is one call. People may have
// moved it meanwhile: then Jira refuses the transition, and the issue is looked at. It is looked at, too, when it seems to
// be there already.
func (t *Tracker) move(ctx context.Context, key string, r access.IssueRecord, n *note) error {
	want := t.cfg.Statuses[r.Status]
	if want == "" {
		return t.post(ctx, key, n)
	}
	p := t.memory.stands(key).place
	sure := false
	if p.is(want) {
		p = place{}
	}
	for range maxHops + 1 { // One may find out that the issue stands elsewhere.
		if p == (place{}) {
			var err error
			if p, err = t.where(ctx, key); err != nil {
				return err
			}
			sure = true
		}
		if p.is(want) {
			return t.post(ctx, key, n)
		}
		made, err := t.hop(ctx, key, p, sure, r, n)
		switch {
		case errors.Is(err, errElsewhere):
			p = place{}
			continue
		case err != nil:
			return err
		case made.to(want):
			return t.post(ctx, key, n)
		}
		p, sure = made.place(p), true
	}
	return permanent("move issue", fmt.Errorf("status %q was not reached in %d transitions", want, maxHops))
}

// hop makes one transition from p, where the issue is sure to stand or merely was left. Whatever goes wrong, the place is
// forgotten.
func (t *Tracker) hop(ctx context.Context, key string, p place, sure bool, r access.IssueRecord, n *note) (move, error) {
	m, err := t.pick(ctx, key, p, r.Status, sure)
	if err != nil {
		t.memory.lost(key)
		if errors.Is(err, errElsewhere) {
			return m, err
		}
		return m, t.stuck(ctx, key, n, err)
	}
	made, err := t.take(ctx, key, m, r, n, sure)
	if err != nil {
		t.memory.lost(key)
		return made, err
	}
	t.memory.left(key, made.place(p), false)
	return made, nil
}

// place is where the transition leads an issue that stands at p.
func (m move) place(p place) place {
	return place{step: step{issueType: p.issueType, status: m.To.ID}, name: m.To.Name}
}

// where reads the status and type of an issue, from the issue itself, which does not lag.
func (t *Tracker) where(ctx context.Context, key string) (place, error) {
	var got struct {
		Fields struct {
			Status option `json:"status"`
			Type   option `json:"issuetype"`
		} `json:"fields"`
	}
	q := query{op: "read issue", method: http.MethodGet, path: "issue/" + key, values: url.Values{"fields": {"status,issuetype"}}}
	if _, err := t.call(ctx, q, &got); err != nil {
		return place{}, err
	}
	f := got.Fields
	if f.Type.ID == "" || f.Status.ID == "" {
		return place{}, q.lost(errNotJira, true)
	}
	p := place{step: step{issueType: f.Type.ID, status: f.Status.ID}, name: f.Status.Name}
	if t.memory.stands(key).fresh {
		t.setInitial(p)
	}
	t.memory.left(key, p, false)
	return p, nil
}

// born notes an issue that was just created: it stands where new issues do.
func (t *Tracker) born(key string) {
	t.cache.mu.Lock()
	p := t.cache.initial
	if !t.cfg.Now().Before(t.cache.initialEnd) {
		p = place{}
	}
	t.cache.mu.Unlock()
	t.memory.left(key, p, true)
}

// setInitial notes where new issues stand. An issue that people moved before it was looked at makes this wrong, which
// costs a refusal; the next look puts it right.
func (t *Tracker) setInitial(p place) {
	t.cache.mu.Lock()
	defer t.cache.mu.Unlock()
	t.cache.initial, t.cache.initialEnd = p, t.cfg.Now().Add(cacheLength)
}

// take performs one transition. It carries the note if the transition has a screen, the fields that Usher can fill in
// and the entity property. If Jira definitely refuses all that, the transition is made by itself; unless it is not sure
// where the issue stands, then the error is errElsewhere. It returns the transition that was made in the end.
func (t *Tracker) take(ctx context.Context, key string, m move, r access.IssueRecord, n *note, sure bool) (move, error) {
	bare := t.isBare(m.ID)
	carry := n.pending() && m.HasScreen && !bare
	if !carry {
		if err := t.post(ctx, key, n); err != nil {
			return m, err
		}
	}
	body := map[string]any{"transition": map[string]any{"id": m.ID}}
	fields := t.moveFields(m, r, bare)
	if len(fields) > 0 {
		body["fields"] = fields
	}
	if !bare {
		body["properties"] = t.properties(r)
	}
	if carry {
		body["update"] = map[string]any{"comment": []any{map[string]any{"add": map[string]any{"body": n.text}}}}
	}
	q := query{op: "move issue", method: http.MethodPost, path: "issue/" + key + "/transitions", write: true, done: http.StatusNoContent, body: body}
	_, err := t.call(ctx, q, nil)
	switch {
	case err == nil:
		_, n.ended = fields[t.cfg.Fields[FieldEndsAt]]
		if carry {
			err = t.prove(ctx, key, m, n)
		}
	case denied(err, http.StatusBadRequest) && !sure:
		return m, errElsewhere
	case denied(err, http.StatusBadRequest):
		t.forgetMoves()
		if bare {
			return m, err
		}
		t.log.WarnContext(ctx, "jira refused what a transition was to carry", "request", string(r.Request.ID), "issue", key,
			"transition", m.ID, "err", err)
		t.setBare(m.ID)
		return t.again(ctx, key, m, r, n)
	}
	return m, err
}

// again repeats a transition that was definitely refused, unless the issue has got there by another way.
func (t *Tracker) again(ctx context.Context, key string, m move, r access.IssueRecord, n *note) (move, error) {
	p, err := t.where(ctx, key)
	if err != nil {
		return m, err
	}
	if p.is(m.To.ID) {
		return m, t.post(ctx, key, n)
	}
	m, err = t.pick(ctx, key, p, r.Status, true)
	if err != nil {
		return m, t.stuck(ctx, key, n, err)
	}
	t.setBare(m.ID)
	return t.take(ctx, key, m, r, n, true)
}

// stuck writes the note of an issue that cannot be moved: what happened belongs there in any case.
func (t *Tracker) stuck(ctx context.Context, key string, n *note, err error) error {
	if transient(err) {
		return err
	}
	if postErr := t.post(ctx, key, n); postErr != nil {
		return postErr
	}
	return err
}

// prove reads the comments back after a transition that carried one, unless this transition has lately been seen to: what
// a screen lets through changes only when an admin changes the screen.
func (t *Tracker) prove(ctx context.Context, key string, m move, n *note) error {
	if t.isProven(m.ID) {
		t.wrote(n)
		return nil
	}
	last, err := t.written(ctx, key, n.request, 1)
	if err != nil {
		return mustLook(err)
	}
	if last >= n.last {
		t.setProven(m.ID)
		t.wrote(n)
		return nil
	}
	t.log.WarnContext(ctx, "jira dropped the comment of a transition", "issue", key, "transition", m.ID)
	t.setBare(m.ID)
	return t.post(ctx, key, n)
}

// moveFields are the fields of the transition's screen that Usher has a value for; if bare, only the required ones.
func (t *Tracker) moveFields(m move, r access.IssueRecord, bare bool) map[string]any {
	out := map[string]any{}
	if f, ok := m.Fields["resolution"]; ok && (f.Required || !bare) {
		if id := resolution(f, r.Status); id != "" {
			out["resolution"] = map[string]any{"id": id}
		}
	}
	id := t.cfg.Fields[FieldEndsAt]
	if f, ok := m.Fields[id]; ok && !bare && slices.ContainsFunc(r.Events, setsEnd) {
		if v, ok := format(f, contentOf(FieldEndsAt, r)); ok {
			out[id] = v
		}
	}
	return out
}

// resolution picks the resolution for the end of a life; any allowed one where the screen insists.
func resolution(f metaField, s access.IssueStatus) string {
	words := map[access.IssueStatus][]string{
		access.IssueEnded:    {"Done", "Fixed"},
		access.IssueDenied:   {"Declined", "Won't Do", "Won't Fix"},
		access.IssueCanceled: {"Canceled", "Cancelled", "Won't Do", "Won't Fix"},
		access.IssueExpired:  {"Won't Do", "Won't Fix"},
		access.IssueFailed:   {"Cannot Reproduce", "Won't Do", "Won't Fix"},
	}[s]
	for _, w := range words {
		for _, o := range f.Allowed {
			if strings.EqualFold(o.Name, w) {
				return o.ID
			}
		}
	}
	if f.Required && !f.HasDefault && len(f.Allowed) > 0 {
		return f.Allowed[0].ID
	}
	return ""
}
