package jira

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"usher/access"
)

// Open creates the issue of a request, or finds the one that an earlier try created.
//
// Jira has no idempotency key, and its search sees a new issue only seconds to minutes later. So when an earlier try may
// have been done, Open looks first, and as long as the look finds nothing it answers with a transient error until
// Config.SearchLag has passed since that try was last under way. Only then is the create repeated.
func (t *Tracker) Open(ctx context.Context, r access.IssueRecord) (access.Issue, error) {
	const op = "open issue"
	id := r.Request.ID
	if !t.keys.request.MatchString(string(id)) {
		return access.Issue{}, permanent(op, errors.New("the request id is malformed"))
	}
	made, lost := t.memory.known(id)
	if made.Key == "" && (r.Again || lost) {
		var err error
		if made, err = t.find(ctx, r); err != nil {
			return access.Issue{}, err
		}
		if wait := t.patience(id); made.Key == "" && wait > 0 {
			return access.Issue{}, &access.TargetError{
				Target: access.TargetJira, Op: op, Transient: true, RetryAfter: wait, Sent: true, Only: true,
				Err: errors.New("an earlier try may have created the issue; waiting until Jira's search would show it"),
			}
		}
	}
	fresh := made.Key == ""
	if fresh {
		var err error
		if made, err = t.create(ctx, r); err != nil {
			t.memory.created(id, t.cfg.Now(), sent(err))
			return access.Issue{}, err
		}
	}
	if err := t.catchUp(ctx, made.Key, r, fresh); err != nil {
		t.memory.opened(id, t.cfg.Now(), made)
		return access.Issue{}, mustLook(err)
	}
	t.memory.forget(id)
	return t.issue(made), nil
}

// catchUp brings a new issue up to the record. A fresh one tells all events in its description already; one that an
// earlier try created may lack some. A request that is over has its issue moved right away, since nothing else will move
// it; any other status follows with the next update. Only transient errors are returned: the issue is there.
func (t *Tracker) catchUp(ctx context.Context, key string, r access.IssueRecord, fresh bool) error {
	n := &note{request: r.Request.ID, done: true}
	if !fresh && len(r.Events) > 0 {
		told, err := t.toldAtCreate(ctx, key, r.Request.ID)
		if err != nil {
			return err
		}
		later := slices.DeleteFunc(slices.Clone(r.Events), func(e access.Event) bool { return e.Seq <= told })
		again := r
		again.Events, again.Again = later, true
		if n, err = t.pendingNote(ctx, key, again); err != nil {
			return err
		}
	}
	var err error
	if over(r.Status) {
		err = t.move(ctx, key, r, n)
	} else {
		err = t.post(ctx, key, n)
	}
	if transient(err) {
		return err
	}
	if err = errors.Join(err, n.err); err != nil {
		t.log.WarnContext(ctx, "new issue is not up to date", "request", string(r.Request.ID), "issue", key, "err", err)
	}
	return nil
}

func over(s access.IssueStatus) bool {
	switch s {
	case access.IssueEnded, access.IssueDenied, access.IssueCanceled, access.IssueExpired, access.IssueFailed:
		return true
	case access.IssueWaiting, access.IssueApproved, access.IssueActive:
	}
	return false
}

// patience returns how long to wait before the next look; 0 means that no create is in doubt any more. The waits grow
// with the time that has passed, from 5 seconds on.
func (t *Tracker) patience(id access.RequestID) time.Duration {
	now := t.cfg.Now()
	since, doubt := t.memory.doubted(id, now)
	passed := now.Sub(since)
	if !doubt || passed >= t.cfg.SearchLag {
		return 0
	}
	return min(max(passed, 5*time.Second), t.cfg.SearchLag-passed)
}

// created is Jira's answer to a create.
type created struct {
	ID  string `json:"id"`
	Key string `json:"key"`
}

// create makes the issue with one write. If Jira definitely refuses because of fields that the issue can do without, it
// is asked once more without them: an issue that lacks a field is better than access that nobody can be given.
func (t *Tracker) create(ctx context.Context, r access.IssueRecord) (created, error) {
	q := query{op: "open issue", method: http.MethodPost, path: "issue", write: true, done: http.StatusCreated}
	fields, optional, err := t.issueFields(ctx, r)
	if err != nil {
		return created{}, err
	}
	all := maps.Clone(fields)
	maps.Copy(all, optional)
	q.body = map[string]any{"fields": all, "properties": t.properties(r)}
	var got created
	_, err = t.call(ctx, q, &got)
	if dropped := refusedOptional(err, optional); len(dropped) > 0 {
		t.forgetScreen()
		t.log.WarnContext(ctx, "jira refused optional fields of an issue", "request", string(r.Request.ID),
			"fields", strings.Join(dropped, ","), "err", err)
		for _, f := range dropped {
			delete(all, f)
		}
		got = created{}
		_, err = t.call(ctx, q, &got)
	}
	if err != nil {
		return created{}, err
	}
	if !t.keys.issue.MatchString(got.Key) {
		return created{}, q.lost(errors.New("the answer names no issue"), true)
	}
	t.born(got.Key)
	return got, nil
}

// refusedOptional returns the fields that a 400 complains about, if the issue can do without all of them.
func refusedOptional(err error, optional map[string]any) []string {
	if !denied(err, http.StatusBadRequest) {
		return nil
	}
	r := refusalOf(err)
	if len(r.messages) > 0 {
		return nil
	}
	names := sorted(r.fields)
	for _, id := range names {
		if _, ok := optional[id]; !ok {
			return nil
		}
	}
	return names
}

// issue builds the address from the configured site: Jira's own links may point to its API gateway.
func (t *Tracker) issue(c created) access.Issue {
	return access.Issue{ID: c.ID, Key: c.Key, URL: t.site + "/browse/" + c.Key}
}

// checkIssue refuses keys that could lead a path astray.
func (t *Tracker) checkIssue(op string, i access.Issue) error {
	if !t.keys.issue.MatchString(i.Key) {
		return permanent(op, errors.New("the issue key is malformed"))
	}
	return nil
}
