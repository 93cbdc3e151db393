package jira

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"usher/access"
)

const (
	timeLayout = "2006-01-02 15:04:05 UTC"
	// maxLines is the most events that one text tells one by one.
	maxLines = 200
	// cutNote ends an event that did not fit.
	cutNote = "… (cut here; Usher keeps the whole text)"
	// pageSize and maxPages bound the reading of comments; an issue holds at most 5,000 of them.
	pageSize = 100
	maxPages = 60
)

// note is one comment on its way.
type note struct {
	request access.RequestID
	text    string
	last    int   // Seq of the last event in it.
	done    bool  // It stands on the issue, or there is nothing to say.
	posted  bool  // It was put there by this very call.
	ended   bool  // The end of the access was written along with a transition.
	err     error // A permanent refusal.
}

func (n *note) pending() bool { return n.text != "" && !n.done && n.err == nil }

// newNote writes the events as one comment. Its last line is a small grey marker by which it is found again.
func newNote(id access.RequestID, events []access.Event) *note {
	if len(events) == 0 {
		return &note{request: id, done: true}
	}
	last := events[len(events)-1].Seq
	marker := "\n" + markerLine(id, last)
	return &note{request: id, text: eventLines(events, maxText-units(marker)) + marker, last: last}
}

// markerLine ends every text that tells events: small and grey, since only Usher reads it.
func markerLine(id access.RequestID, last int) string {
	return fmt.Sprintf("{color:#97a0af}usher:%s:%d{color}", id, last)
}

// markerOf returns the event up to which a text of the bot tells; 0 if it has no marker. Only the very end counts: what
// people typed may hold such a marker too, but Usher's own stands behind it.
func markerOf(text string, id access.RequestID) int {
	m := regexp.MustCompile(`usher:` + regexp.QuoteMeta(string(id)) + `:(\d{1,9})\W*(?:\{color\})?\W*$`).FindStringSubmatch(text)
	if m == nil {
		return 0
	}
	n, _ := strconv.Atoi(m[1]) // Nine digits always fit.
	return n
}

// eventLines tells each event on one line, within limit UTF-16 units in all. Where not everything fits, long texts are
// cut, and where there are very many events those in the middle are only counted.
func eventLines(events []access.Event, limit int) string {
	if len(events) == 0 || limit <= 0 {
		return ""
	}
	full := make([]string, 0, len(events))
	for _, e := range events {
		full = append(full, e.At.UTC().Format(timeLayout)+" "+escaped(e.Text))
	}
	if all := strings.Join(full, "\n"); units(all) <= limit {
		return all
	}
	const overhead = len(timeLayout) + len(cutNote) + 2
	keep := min(maxLines, (limit-80)/(overhead+40)) // At least 40 units of each text that is told.
	if keep < 2 {
		return cut(fmt.Sprintf("(%d events are left out here; Usher keeps them)", len(events)), limit)
	}
	left := max(len(events)-keep, 0)
	if left > 0 {
		events = slices.Concat(events[:keep/2], events[len(events)-(keep-keep/2):])
	}
	share := (limit-80)/len(events) - overhead
	var b strings.Builder
	for i, e := range events {
		if left > 0 && i == keep/2 {
			fmt.Fprintf(&b, "(%d more events are left out here; Usher keeps them)\n", left)
		}
		text, short := escape(oneLine(e.Text), share)
		if short {
			text += cutNote
		}
		b.WriteString(e.At.UTC().Format(timeLayout) + " " + text + "\n")
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// pendingNote returns the comment that is still to be written. When an earlier try may have written some of it, the
// issue's own comments tell how far that got.
func (t *Tracker) pendingNote(ctx context.Context, key string, r access.IssueRecord) (*note, error) {
	id := r.Request.ID
	seen := t.memory.writtenTo(id)
	if r.Again && len(r.Events) > 0 {
		onIssue, err := t.written(ctx, key, id, maxPages)
		if err != nil {
			return nil, err
		}
		seen = max(seen, onIssue)
	}
	left := slices.DeleteFunc(slices.Clone(r.Events), func(e access.Event) bool { return e.Seq <= seen })
	return newNote(id, left), nil
}

// written returns the last event that the bot's comments on the issue tell; 0 if there is none.
func (t *Tracker) written(ctx context.Context, key string, id access.RequestID, pages int) (int, error) {
	me, err := t.me(ctx)
	if err != nil {
		return 0, err
	}
	for page := range pages {
		var got struct {
			Comments []struct {
				Body   string `json:"body"`
				Author struct {
					AccountID string `json:"accountId"`
				} `json:"author"`
			} `json:"comments"`
			Total int `json:"total"`
		}
		q := query{op: "read comments", method: http.MethodGet, path: "issue/" + key + "/comment"}
		q.values = url.Values{
			"startAt": {strconv.Itoa(page * pageSize)}, "maxResults": {strconv.Itoa(pageSize)}, "orderBy": {"-created"},
		}
		if _, err := t.call(ctx, q, &got); err != nil {
			return 0, err
		}
		if got.Comments == nil {
			return 0, q.lost(errNotJira, true)
		}
		last := 0
		for _, c := range got.Comments {
			if c.Author.AccountID == me {
				last = max(last, markerOf(c.Body, id))
			}
		}
		if last > 0 || len(got.Comments) == 0 || (page+1)*pageSize >= got.Total {
			return last, nil
		}
	}
	return 0, nil
}

// toldAtCreate returns the last event that the description tells.
func (t *Tracker) toldAtCreate(ctx context.Context, key string, id access.RequestID) (int, error) {
	var got struct {
		Fields *struct {
			Description string `json:"description"`
		} `json:"fields"`
	}
	q := query{op: "read issue", method: http.MethodGet, path: "issue/" + key, values: url.Values{"fields": {"description"}}}
	if _, err := t.call(ctx, q, &got); err != nil {
		return 0, err
	}
	if got.Fields == nil {
		return 0, q.lost(errNotJira, true)
	}
	return markerOf(got.Fields.Description, id), nil
}

// post writes the note as a comment of its own, with its marker as a comment property too. A permanent refusal stays in
// the note, so that the status can still be brought up to date; only a transient error is returned.
func (t *Tracker) post(ctx context.Context, key string, n *note) error {
	if !n.pending() {
		return nil
	}
	err := t.produce(ctx, query{
		op: "write comment", method: http.MethodPost, path: "issue/" + key + "/comment", write: true, done: http.StatusCreated,
		body: map[string]any{
			"body": n.text,
			"properties": []any{map[string]any{
				"key": propertyKey, "value": map[string]any{"request": string(n.request), "seq": n.last},
			}},
		},
	})
	switch {
	case err == nil:
		t.wrote(n)
	case transient(err):
		return err
	default:
		n.err = err
	}
	return nil
}

func (t *Tracker) wrote(n *note) {
	n.done, n.posted = true, true
	t.memory.wrote(n.request, n.last, t.cfg.Now())
}
