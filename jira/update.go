package jira

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"usher/access"
)

// Update writes the events as one comment and moves the issue to the status. Both go in one write where the transition
// has a screen: Jira takes a comment along only then, and drops it without a word otherwise, so the comment is read back
// and written by itself if it did not arrive. An issue that already has the status is left there.
//
// A status that cannot be reached is a permanent error, but the comment is written all the same and not repeated.
func (t *Tracker) Update(ctx context.Context, i access.Issue, r access.IssueRecord) error {
	const op = "update issue"
	if err := t.checkIssue(op, i); err != nil {
		return err
	}
	if !t.keys.request.MatchString(string(r.Request.ID)) {
		return permanent(op, errors.New("the request id is malformed"))
	}
	n, err := t.pendingNote(ctx, i.Key, r)
	if err != nil {
		return err
	}
	err = t.move(ctx, i.Key, r, n)
	if err == nil && !n.ended {
		err = t.writeEnd(ctx, i.Key, r)
	}
	if err == nil {
		err = n.err
	}
	if err != nil && n.posted {
		return mustLook(err)
	}
	return err
}

// writeEnd brings the field that shows the end of the access up to date when the access begins or is extended. It costs
// a write of its own unless a transition's screen has the field, and is skipped unless such a field is configured.
func (t *Tracker) writeEnd(ctx context.Context, key string, r access.IssueRecord) error {
	id := t.cfg.Fields[FieldEndsAt]
	if id == "" || !slices.ContainsFunc(r.Events, setsEnd) {
		return nil
	}
	screen, err := t.createScreen(ctx, false)
	if err != nil {
		return err
	}
	at := slices.IndexFunc(screen, func(f metaField) bool { return f.id() == id })
	if at < 0 {
		return nil
	}
	v, ok := format(screen[at], contentOf(FieldEndsAt, r))
	if !ok {
		return nil
	}
	_, err = t.call(ctx, query{
		op: "write end of access", method: http.MethodPut, path: "issue/" + key, write: true, done: http.StatusNoContent,
		body: map[string]any{"fields": map[string]any{id: v}},
	}, nil)
	if err != nil && !transient(err) {
		t.log.WarnContext(ctx, "jira refused the field for the end of access", "request", string(r.Request.ID),
			"issue", key, "err", err)
		return nil
	}
	return err
}

func setsEnd(e access.Event) bool {
	return e.Kind == access.EventActive || e.Kind == access.EventExtended
}
