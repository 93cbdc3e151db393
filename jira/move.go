package jira

import (
	"context"
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

// move brings the issue to the status that the record names, and the note with it.
func (t *Tracker) move(ctx context.Context, key string, r access.IssueRecord, n *note) error {
	want := t.cfg.Statuses[r.Status]
	if want == "" {
		return t.post(ctx, key, n)
	}
	for range maxHops {
		p, err := t.where(ctx, key)
		if err != nil {
			return err
		}
		if p.is(want) {
			return t.post(ctx, key, n)
		}
		m, err := t.pick(ctx, key, p, r.Status)
		if err != nil {
			return t.stuck(ctx, key, n, err)
		}
		made, err := t.take(ctx, key, m, r, n)
		if err != nil {
			return err
		}
		if made.to(want) {
			return t.post(ctx, key, n)
		}
	}
	return permanent("move issue", fmt.Errorf("status %q was not reached in %d transitions", want, maxHops))
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
	return place{step: step{issueType: f.Type.ID, status: f.Status.ID}, name: f.Status.Name}, nil
}

// take performs one transition. It carries the note if the transition has a screen, the fields that Usher can fill in
// and the entity property. If Jira definitely refuses all that, the transition is made by itself. It returns the
// transition that was made in the end.
func (t *Tracker) take(ctx context.Context, key string, m move, r access.IssueRecord, n *note) (move, error) {
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
	q := query{op: "move issue", method: http.MethodPost, path: "issue/" + key + "/transitions", write: true, body: body}
	_, err := t.call(ctx, q, nil)
	switch {
	case err == nil:
		_, n.ended = fields[t.cfg.Fields[FieldEndsAt]]
		if carry {
			err = t.prove(ctx, key, m, n)
		}
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
	m, err = t.pick(ctx, key, p, r.Status)
	if err != nil {
		return m, t.stuck(ctx, key, n, err)
	}
	t.setBare(m.ID)
	return t.take(ctx, key, m, r, n)
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

// prove reads the comments back after a transition that carried one.
func (t *Tracker) prove(ctx context.Context, key string, m move, n *note) error {
	last, err := t.written(ctx, key, n.request, 1)
	if err != nil {
		return mustLook(err)
	}
	if last >= n.last {
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
