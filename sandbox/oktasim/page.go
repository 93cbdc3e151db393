package oktasim

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// row is one element of a list with the key that it is ordered by. Keys are unique within a list.
type row struct {
	key  string
	body any
}

// page cuts one page out of rows, ordered by key, and adds the Link headers: self always, next when more is left.
func (s *Server) page(q *request, rows []row, limit int) reply {
	order(rows, false)
	return s.pageInOrder(q, rows, limit)
}

func order(rows []row, down bool) {
	slices.SortFunc(rows, func(a, b row) int {
		if down {
			a, b = b, a
		}
		return strings.Compare(a.key, b.key)
	})
}

// pageInOrder is page for rows whose order is not that of their keys.
func (s *Server) pageInOrder(q *request, rows []row, limit int) reply {
	from := 0
	if after := q.query.Get("after"); after != "" {
		key, valid := openCursor(q.route.name, after)
		if !valid {
			return invalid("after", "after: The cursor is not valid")
		}
		from = position(rows, key)
	}
	to := min(from+limit, len(rows))
	out := make([]any, 0, to-from)
	for _, r := range rows[from:to] {
		out = append(out, r.body)
	}
	next := ""
	if to < len(rows) && to > from {
		next = rows[to-1].key
	}
	rep := ok(out)
	rep.header = s.links(q, next, limit)
	return rep
}

// position is the index after the row with the key. A row that has gone meanwhile is found by order, ascending or descending as the list is.
func position(rows []row, key string) int {
	for i, r := range rows {
		if r.key == key {
			return i + 1
		}
	}
	down := len(rows) > 1 && rows[0].key > rows[1].key
	for i, r := range rows {
		if (!down && r.key > key) || (down && r.key < key) {
			return i
		}
	}
	return len(rows)
}

// links gives self and next as header lines of their own, with absolute URLs, as Okta does.
func (s *Server) links(q *request, next string, limit int) http.Header {
	h := http.Header{}
	self := s.url(q.Request) + q.URL.EscapedPath()
	query := q.URL.RawQuery
	h.Add("Link", "<"+joinQuery(self, query)+`>; rel="self"`)
	if next != "" {
		v := url.Values{}
		for k, old := range q.query {
			v[k] = old
		}
		v.Set("after", sealCursor(q.route.name, next))
		v.Set("limit", itoa(limit))
		h.Add("Link", "<"+joinQuery(self, v.Encode())+`>; rel="next"`)
	}
	return h
}

func joinQuery(path, query string) string {
	if query == "" {
		return path
	}
	return path + "?" + query
}

// url is the base of absolute links. The caller holds the lock.
func (s *Server) url(r *http.Request) string {
	if s.base != "" {
		return s.base
	}
	return "http://" + r.Host
}

func sealCursor(op, key string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(op + "\x00" + key))
}

func openCursor(op, text string) (string, bool) {
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return "", false
	}
	return strings.CutPrefix(string(raw), op+"\x00")
}
