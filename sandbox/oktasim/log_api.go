package oktasim

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

const (
	logRetention = 90 * 24 * time.Hour
	logOldest    = 180 * 24 * time.Hour
	logDefault   = 7 * 24 * time.Hour
)

// logQuery is a checked query of the System Log.
type logQuery struct {
	since, until time.Time // until is zero in polling
	polling      bool
	descending   bool
	filter       *expr
	words        []string
	limit        int
}

// listLogs answers a bounded query (until given, or descending) by published time, without a next link at the end; and a polling query by time
// of persistence, with a next link always.
func (s *Server) listLogs(q *request) reply {
	lq, refusal := s.readLogQuery(q)
	if refusal.fail != nil {
		return refusal
	}
	if lq.polling {
		return s.pollLogs(q, lq)
	}
	var rows []row
	for _, e := range s.visible(q.at) {
		if !e.published.Before(lq.since) && !e.published.After(lq.until) && lq.wants(e) {
			rows = append(rows, row{eventKey(e.published, e.seq), e.body})
		}
	}
	order(rows, lq.descending)
	return s.pageInOrder(q, rows, lq.limit)
}

// visible are the events that have appeared and are not too old to be kept.
func (s *Server) visible(now time.Time) []*event {
	var out []*event
	for _, e := range s.events {
		if !e.persisted.After(now) && !e.published.Before(now.Add(-logRetention)) {
			out = append(out, e)
		}
	}
	return out
}

// pollLogs gives the events that appeared after the cursor. The next cursor stands after the last event that was looked at, wanted or not.
func (s *Server) pollLogs(q *request, lq logQuery) reply {
	last := eventKey(lq.since, 0)
	if after := q.query.Get("after"); after != "" {
		key, valid := openCursor(q.route.name, after)
		if !valid {
			return invalid("after", "after: The cursor is not valid")
		}
		last = key
	}
	out := []any{}
	for _, e := range s.visible(q.at) {
		key := eventKey(e.persisted, e.seq)
		if key <= last {
			continue
		}
		if len(out) == lq.limit {
			break
		}
		last = key
		if lq.wants(e) {
			out = append(out, e.body)
		}
	}
	rep := ok(out)
	rep.header = s.links(q, last, lq.limit)
	return rep
}

// eventKey orders by time and then by sequence, as text.
func eventKey(t time.Time, seq int) string {
	return fmt.Sprintf("%020d.%09d", t.UnixNano(), seq)
}

func (lq logQuery) wants(e *event) bool {
	if lq.filter != nil && !lq.filter.matches(e.body, false) {
		return false
	}
	for _, w := range lq.words {
		if !containsWord(e.body, w) {
			return false
		}
	}
	return true
}

func containsWord(v any, word string) bool {
	switch t := v.(type) {
	case string:
		return strings.Contains(strings.ToLower(t), word)
	case map[string]any:
		for _, el := range t {
			if containsWord(el, word) {
				return true
			}
		}
	case []any:
		for _, el := range t {
			if containsWord(el, word) {
				return true
			}
		}
	}
	return false
}

func (s *Server) readLogQuery(q *request) (logQuery, reply) {
	lq := logQuery{words: strings.Fields(strings.ToLower(q.query.Get("q"))), limit: 100}
	switch order := q.query.Get("sortOrder"); order {
	case "", "ASCENDING":
	case "DESCENDING":
		lq.descending = true
	default:
		return lq, invalid("sortOrder", "sortOrder: The sort order is not valid")
	}
	if text := q.query.Get("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 || n > 1000 {
			return lq, invalid("limit", "limit: Must be between 0 and 1000")
		}
		lq.limit = n
	}
	if text := q.query.Get("filter"); text != "" {
		e, err := parseExpr(text, logFilterAllows)
		if err != nil {
			return lq, badFilter(text, err.Error())
		}
		lq.filter = e
	}
	if err := lq.readTimes(q); err != nil {
		return lq, invalid("since", err.Error())
	}
	return lq, reply{}
}

var (
	errLogTime  = errors.New("since, until: Must be a valid ISO 8601 date time")
	errLogOld   = errors.New("since: Must not be more than 180 days ago")
	errLogOrder = errors.New("until: Must not be before since")
)

func (lq *logQuery) readTimes(q *request) error {
	var err error
	until := q.at
	if text := q.query.Get("until"); text != "" {
		if until, err = logTime(text); err != nil {
			return errLogTime
		}
	} else {
		lq.polling = !lq.descending
	}
	lq.since, lq.until = until.Add(-logDefault), until
	if text := q.query.Get("since"); text != "" {
		if lq.since, err = logTime(text); err != nil {
			return errLogTime
		}
	}
	if lq.since.Before(q.at.Add(-logOldest)) {
		return errLogOld
	}
	if lq.until.Before(lq.since) && !lq.polling {
		return errLogOrder
	}
	return nil
}

func logTime(text string) (time.Time, error) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02"} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, errLogTime
}

// logFilterAllows lets any property of an event be compared by any operator of the grammar.
func logFilterAllows(attr, op string) bool {
	root, _, _ := strings.Cut(attr, ".")
	return oneOf(root, "uuid", "published", "eventType", "version", "severity", "legacyEventType", "displayMessage", "actor", "client",
		"authenticationContext", "outcome", "target", "securityContext", "debugContext", "transaction", "request") &&
		oneOf(op, "eq", "ne", "gt", "ge", "lt", "le", "sw", "co", "ew", "pr")
}
