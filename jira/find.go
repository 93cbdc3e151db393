package jira

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"usher/access"
)

const (
	// keysBefore and keysAfter are how many keys around the newest one that search shows are read one by one.
	keysBefore = 30
	keysAfter  = 60
)

// found is an issue as the look-ups return it.
type found struct {
	ID     string `json:"id"`
	Key    string `json:"key"`
	Fields struct {
		Labels  []string `json:"labels"`
		Creator struct {
			AccountID string `json:"accountId"`
		} `json:"creator"`
	} `json:"fields"`
}

// find looks for the issue of a request. An empty issue means that none can be seen, which is no proof that none exists.
//
// Search by label is the main look-up; it lags. The second one asks for the issues around the newest key by their keys,
// which Jira answers from the issues themselves, so a fresh issue is mostly found at once. Neither proves absence: the
// key may lie further on, and a create may still be under way inside Jira.
func (t *Tracker) find(ctx context.Context, r access.IssueRecord) (created, error) {
	id := r.Request.ID
	all, err := t.search(ctx, `project = "`+t.cfg.Project+`" AND labels = "`+label(id)+`" ORDER BY created ASC`, 50)
	if err != nil {
		return created{}, err
	}
	all, err = t.ours(ctx, all, id)
	if err == nil && len(all) == 0 {
		if all, err = t.recent(ctx); err == nil {
			all, err = t.ours(ctx, all, id)
		}
	}
	if err != nil || len(all) == 0 {
		return created{}, err
	}
	slices.SortFunc(all, func(a, b found) int { return cmp.Compare(number(a.ID), number(b.ID)) })
	keep := all[0]
	for _, extra := range all[1:] {
		t.settle(ctx, extra, keep, r)
	}
	return created{ID: keep.ID, Key: keep.Key}, nil
}

// number is the order in which Jira made its issues.
func number(id string) int64 {
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil {
		return 1<<63 - 1
	}
	return n
}

func (t *Tracker) search(ctx context.Context, jql string, limit int) ([]found, error) {
	var page struct {
		Issues []found `json:"issues"`
	}
	q := query{
		op: "search issues", method: http.MethodPost, path: "search/jql",
		body: map[string]any{"jql": jql, "fields": []string{"labels", "creator"}, "maxResults": limit},
	}
	_, err := t.call(ctx, q, &page)
	if err == nil && page.Issues == nil {
		err = q.lost(errNotJira, true)
	}
	return page.Issues, err
}

// ours keeps the issues that carry the request's label and were created by the bot: a label alone anybody can set.
func (t *Tracker) ours(ctx context.Context, all []found, id access.RequestID) ([]found, error) {
	var labeled []found
	for _, f := range all {
		if slices.Contains(f.Fields.Labels, label(id)) && t.keys.issue.MatchString(f.Key) &&
			strings.HasPrefix(f.Key, t.cfg.Project+"-") {
			labeled = append(labeled, f)
		}
	}
	if len(labeled) == 0 {
		return nil, nil
	}
	me, err := t.me(ctx)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(labeled, func(f found) bool { return f.Fields.Creator.AccountID != me }), nil
}

// recent reads the issues around the newest key that search shows.
func (t *Tracker) recent(ctx context.Context) ([]found, error) {
	newest, err := t.search(ctx, `project = "`+t.cfg.Project+`" ORDER BY created DESC`, 1)
	if err != nil {
		return nil, err
	}
	last := 0
	if len(newest) > 0 {
		_, n, _ := strings.Cut(newest[0].Key, "-")
		if last, err = strconv.Atoi(n); err != nil {
			return nil, nil //nolint:nilerr // A key of another form: this look-up is only the second.
		}
	}
	var keys []string
	for n := max(1, last-keysBefore); n <= last+keysAfter; n++ {
		keys = append(keys, t.cfg.Project+"-"+strconv.Itoa(n))
	}
	var page struct {
		Issues []found `json:"issues"`
	}
	_, err = t.call(ctx, query{
		op: "read recent issues", method: http.MethodPost, path: "issue/bulkfetch",
		body: map[string]any{"issueIdsOrKeys": keys, "fields": []string{"labels", "creator"}},
	}, &page)
	if err != nil && !transient(err) {
		return nil, nil // A site that refuses it leaves us with search and the wait.
	}
	return page.Issues, err
}

// settle links a second issue of the same request to the first and closes it. The first stays valid whether or not that
// works, so failures are only logged.
func (t *Tracker) settle(ctx context.Context, extra, keep found, r access.IssueRecord) {
	_, err := t.call(ctx, query{
		op: "link duplicate issue", method: http.MethodPost, path: "issueLink", write: true, done: http.StatusCreated,
		body: map[string]any{
			"type":         map[string]any{"name": "Duplicate"},
			"inwardIssue":  map[string]any{"key": extra.Key},
			"outwardIssue": map[string]any{"key": keep.Key},
		},
	}, nil)
	if err == nil {
		err = t.move(ctx, extra.Key, access.IssueRecord{Request: r.Request, Status: access.IssueCanceled}, &note{done: true})
	}
	log := t.log.With("request", string(r.Request.ID), "issue", keep.Key, "duplicate", extra.Key)
	if err != nil {
		log.WarnContext(ctx, "duplicate issue could not be closed", "err", err)
		return
	}
	log.WarnContext(ctx, "duplicate issue closed")
}
