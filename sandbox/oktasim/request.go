package oktasim

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
	rate    rateState
	call    *Call
	fault   Fault
}

// reply is what a handler decided.
type reply struct {
	status  int
	body    any // nil: no body
	fail    *failure
	header  http.Header
	changed bool
	bare    bool // leave the rate headers out
}

// answer is a reply in bytes.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func ok(body any) reply       { return reply{status: http.StatusOK, body: body} }
func changedTo(v any) reply   { return reply{status: http.StatusOK, body: v, changed: true} }
func noContent(ch bool) reply { return reply{status: http.StatusNoContent, changed: ch} }

// receive reads the request, finds its route, writes the call down and takes a fault.
func (s *Server) receive(r *http.Request) *request {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
	q := &request{Request: r, query: r.URL.Query(), body: body}
	q.route, q.vars, q.refusal = findRoute(s.routes, r.Method, r.URL.EscapedPath())
	if err != nil && q.refusal == nil {
		rep := notWellFormed()
		q.refusal = &rep
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	q.at = s.clock()
	s.inflight++
	s.callSeq++
	q.call = &Call{
		Seq: s.callSeq, At: q.at, Method: r.Method, Path: r.URL.Path, Query: r.URL.RawQuery,
		Name: q.route.name, Body: clip(body),
	}
	if q.route.name == opToken {
		q.call.Query, q.call.Body = "", ""
	}
	s.calls = append(s.calls, q.call)
	if most := s.cfg.CallsMax; len(s.calls) > most {
		s.calls = append([]*Call(nil), s.calls[len(s.calls)-most/2:]...)
	}
	q.fault = s.takeFault(q.route.name)
	if s.closed {
		q.fault = Fault{Kind: Down}
	}
	q.call.Fault = string(q.fault.Kind)
	s.bump() // of a fault that is used up as well
	return q
}

// finish turns a reply into bytes. The caller holds the lock.
func (s *Server) finish(q *request, rep reply) answer {
	a := answer{status: rep.status, header: http.Header{}}
	for k, v := range rep.header {
		a.header[k] = v
	}
	id := s.requestID()
	a.header.Set("X-Okta-Request-Id", id)
	a.header.Set("Date", s.clock().Format(http.TimeFormat))
	a.header.Set("Cache-Control", "no-cache, no-store")
	a.header.Set("Pragma", "no-cache")
	a.header.Set("Expires", "0")
	if !rep.bare {
		s.rateHeaders(q, a.header)
	}
	body := rep.body
	if f := rep.fail; f != nil {
		a.status = f.status
		body = s.errorBody(f)
	}
	if body != nil {
		a.header.Set("Content-Type", "application/json")
		a.body = encode(body)
	}
	return a
}

func (s *Server) errorBody(f *failure) map[string]any {
	causes := []any{}
	for _, c := range f.causes {
		causes = append(causes, map[string]any{"errorSummary": c})
	}
	return map[string]any{
		"errorCode": f.code, "errorSummary": f.summary, "errorLink": f.code,
		"errorId": "oae" + s.requestID()[:22], "errorCauses": causes,
	}
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
	if q.route.name != opToken {
		q.call.Reply = clip(body)
	}
}

func encode(v any) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return []byte("{}") // only plain maps are encoded, and custom attributes that JSON cannot hold end here
	}
	return bytes.TrimRight(b.Bytes(), "\n")
}

// decode reads a JSON object from the body of a write.
func (q *request) decode(into any) (reply, bool) {
	kind, _, _ := strings.Cut(q.Header.Get("Content-Type"), ";")
	if strings.TrimSpace(strings.ToLower(kind)) != "application/json" {
		return wrongContentType(), false
	}
	if err := json.Unmarshal(q.body, into); err != nil {
		return notWellFormed(), false
	}
	return reply{}, true
}

// limit reads the limit parameter: fallback when missing, capped at most.
func (q *request) limit(fallback, most int) (int, bool) {
	text := q.query.Get("limit")
	if text == "" {
		return fallback, true
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return 0, false
	}
	if n == 0 {
		n = fallback
	}
	return min(n, most), true
}
