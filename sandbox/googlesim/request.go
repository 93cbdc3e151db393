package googlesim

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const maxBody = 1 << 20

// request is one call on its way through the server.
type request struct {
	*http.Request
	at      time.Time
	route   route
	refusal *reply // set when the path or method is unknown
	vars    []string
	query   url.Values
	body    []byte
	who     *principal
	call    *Call
	fault   Fault
}

// reply is what a handler decided.
type reply struct {
	status  int
	body    any // nil: no body
	header  http.Header
	changed bool
}

// answer is a reply in bytes.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func ok(body any) reply { return reply{status: http.StatusOK, body: body} }

// receive reads the request, finds its route, writes the call down and takes a fault.
func (s *Server) receive(r *http.Request) *request {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
	q := &request{Request: r, query: r.URL.Query(), body: body}
	q.route, q.vars, q.refusal = findRoute(s.routes, r.Method, r.URL.EscapedPath())
	if err != nil && q.refusal == nil {
		rep := adminError(http.StatusBadRequest, "badRequest", "Bad Request")
		q.refusal = &rep
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	q.at = s.clock()
	s.inflight++
	s.callSeq++
	q.call = &Call{Seq: s.callSeq, At: q.at, Method: r.Method, Path: r.URL.EscapedPath(), Query: r.URL.RawQuery, Name: q.route.name, Body: clip(body)}
	if q.route.open {
		q.call.Query, q.call.Body = "", ""
	}
	s.calls = append(s.calls, q.call)
	if len(s.calls) > maxCalls {
		s.calls = append([]*Call(nil), s.calls[len(s.calls)-maxCalls/2:]...)
	}
	q.fault = s.takeFault(q.route.name)
	if s.closed {
		q.fault = Fault{Kind: Down}
	}
	q.call.Fault = string(q.fault.Kind)
	s.bump()
	return q
}

// finish turns a reply into bytes. The caller holds the lock.
func (s *Server) finish(rep reply) answer {
	a := answer{status: rep.status, header: http.Header{}}
	for k, v := range rep.header {
		a.header[k] = v
	}
	a.header.Set("Date", s.clock().Format(http.TimeFormat))
	a.header.Set("Cache-Control", "no-cache, no-store, max-age=0, must-revalidate")
	a.header.Set("Server", "ESF")
	a.header.Set("X-Content-Type-Options", "nosniff")
	if rep.body != nil {
		a.header.Set("Content-Type", "application/json; charset=UTF-8")
		a.body = encode(rep.body)
	}
	return a
}

// send writes an answer and notes it in the call log.
func (s *Server) send(w http.ResponseWriter, q *request, a answer) {
	s.note(q, a.status, a.body)
	for k, v := range a.header {
		w.Header()[k] = v
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body) // the client may be gone; there is nobody to tell
}

func (s *Server) note(q *request, status int, body []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q.call.Status = status
	if !q.route.open {
		q.call.Reply = clip(body)
	}
}

func encode(v any) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return []byte("{}") // only plain maps are encoded, and custom fields that JSON cannot hold end here
	}
	return b.Bytes()
}

// decode reads a JSON object from the body of a write; false if there is none.
func (q *request) decode(into any) bool {
	kind, _, _ := strings.Cut(q.Header.Get("Content-Type"), ";")
	return strings.TrimSpace(strings.ToLower(kind)) == "application/json" && json.Unmarshal(q.body, into) == nil
}

// number reads a query parameter: fallback when missing, false when it is no number of at least 1; more than most is cut.
func (q *request) number(name string, fallback, most int) (int, bool) {
	text := q.query.Get(name)
	if text == "" {
		return fallback, true
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return 0, false
	}
	return min(n, most), true
}
