package jira

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"usher/access"
)

const (
	// issueLimit is Jira's reason for a limit on writes to one issue; others may be written meanwhile.
	issueLimit = "jira-per-issue-on-write"
	// slow is the wait after an answer that only an admin can change.
	slow = time.Minute
	// longestWait bounds what a header may ask for.
	longestWait = time.Hour
	// maxMessage is the longest part of one vendor message kept in an error, in characters.
	maxMessage = 200
)

// refusal is an answer other than success. Its text holds Jira's own words without anything that they quote.
type refusal struct {
	status   int
	reason   string            // Of a rate limit, as Jira names it.
	messages []string          // As Jira put them.
	fields   map[string]string // Complaints by field id.
	hint     string
}

// Error returns one line: the status, what it means and what Jira said.
func (r *refusal) Error() string {
	parts := []string{"Jira answered " + strconv.Itoa(r.status)}
	if r.hint != "" {
		parts = append(parts, r.hint)
	}
	for _, m := range r.messages {
		parts = append(parts, redact(m))
	}
	for _, id := range sorted(r.fields) {
		parts = append(parts, redact(id)+": "+redact(r.fields[id]))
	}
	return strings.Join(parts, "; ")
}

// refused turns an answer other than success into an error.
func (t *Tracker) refused(q query, resp *http.Response, raw []byte) error {
	r := parseRefusal(resp.StatusCode, raw)
	te := &access.TargetError{Target: access.TargetJira, Op: q.op, Err: r}
	switch s := resp.StatusCode; {
	case s == http.StatusTooManyRequests:
		r.reason = resp.Header.Get("RateLimit-Reason")
		r.hint = "too many calls"
		if r.reason != "" {
			r.hint += " (" + redact(r.reason) + ")"
		}
		te.Transient, te.RetryAfter, te.Only = true, t.wait(resp.Header), r.reason == issueLimit
	case s == http.StatusUnauthorized, s == http.StatusForbidden:
		// Nothing is lost by waiting: an admin renews the token or mends the rights. A missing right may concern one issue.
		r.hint = "token expired or lacks rights"
		te.Transient, te.RetryAfter, te.Only = true, slow, s == http.StatusForbidden
	case s < 400, s == http.StatusNotFound && len(r.messages) == 0:
		r.hint = "no Jira under this address"
		te.Transient, te.RetryAfter = true, slow
	case s >= 500:
		// A proxy may give up on a request that Jira goes on to finish.
		te.Transient, te.RetryAfter, te.Sent = true, t.wait(resp.Header), q.write
	case s == http.StatusRequestTimeout:
		te.Transient, te.Sent = true, q.write
	case s == http.StatusConflict:
		r.hint = "somebody changed it at the same moment"
		te.Transient, te.Only = true, true
	}
	return te
}

// parseRefusal reads both forms of error bodies, the platform's and Jira Service Management's. Anything else, such as
// the page of a proxy, leaves the status alone.
func parseRefusal(status int, raw []byte) *refusal {
	r := &refusal{status: status}
	var body struct {
		ErrorMessages []string                   `json:"errorMessages"`
		Errors        map[string]json.RawMessage `json:"errors"`
		ErrorMessage  string                     `json:"errorMessage"`
		Message       string                     `json:"message"`
	}
	if json.Unmarshal(raw, &body) != nil {
		return r
	}
	r.messages = body.ErrorMessages
	for _, m := range []string{body.ErrorMessage, body.Message} {
		if m != "" {
			r.messages = append(r.messages, m)
		}
	}
	for id, v := range body.Errors {
		if r.fields == nil {
			r.fields = map[string]string{}
		}
		var s string
		if json.Unmarshal(v, &s) != nil {
			s = "refused"
		}
		r.fields[id] = s
	}
	return r
}

// wait reads how long the vendor wants to be left alone: Retry-After in seconds or as a date, else the reset time. Dates are
// compared with the vendor's own clock if the answer tells it.
func (t *Tracker) wait(h http.Header) time.Duration {
	now := t.cfg.Now()
	if date, err := http.ParseTime(h.Get("Date")); err == nil {
		now = date
	}
	var d time.Duration
	if v := h.Get("Retry-After"); v != "" {
		if seconds, err := strconv.ParseFloat(v, 64); err == nil && seconds > 0 {
			d = time.Duration(min(seconds, longestWait.Seconds()) * float64(time.Second))
		} else if at, err := http.ParseTime(v); err == nil {
			d = at.Sub(now)
		}
	} else if at, ok := resetTime(h.Get("X-RateLimit-Reset")); ok {
		d = at.Sub(now)
	}
	return min(max(d, 0), longestWait)
}

// resetTime reads a date as Jira writes it, with seconds or without.
func resetTime(v string) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04Z07:00"} {
		if at, err := time.Parse(layout, v); err == nil {
			return at, true
		}
	}
	return time.Time{}, false
}

// redact keeps Jira's words but not what they quote, unless that is a plain identifier, and no addresses.
func redact(s string) string {
	quoted := regexp.MustCompile(`'[^']*'|"[^"]*"|“[^”]*”|‘[^’]*’`)
	name := regexp.MustCompile(`^[A-Za-z0-9_.:-]{1,64}$`)
	s = quoted.ReplaceAllStringFunc(s, func(q string) string {
		r := []rune(q)
		if name.MatchString(string(r[1 : len(r)-1])) {
			return q
		}
		return string(r[0]) + "…" + string(r[len(r)-1])
	})
	s = regexp.MustCompile(`\S+@\S+`).ReplaceAllString(s, "…")
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > maxMessage {
		s = string(r[:maxMessage]) + "…"
	}
	return s
}

// refusalOf returns Jira's answer in err; nil if there was none.
func refusalOf(err error) *refusal {
	var r *refusal
	if errors.As(err, &r) {
		return r
	}
	return nil
}

// denied reports whether Jira definitely refused with one of these statuses.
func denied(err error, status ...int) bool {
	r := refusalOf(err)
	if r == nil {
		return false
	}
	for _, s := range status {
		if r.status == s {
			return true
		}
	}
	return false
}

// mustLook adds to an error that earlier writes of the same call were done, so that the next try looks first.
func mustLook(err error) error {
	var te *access.TargetError
	if errors.As(err, &te) {
		c := *te
		c.Sent = true
		return &c
	}
	return fmt.Errorf("update issue: %w", err)
}
