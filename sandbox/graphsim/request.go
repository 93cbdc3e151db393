package graphsim

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
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
	who     *client
	usage   usage
	call    *Call
	fault   Fault
}

// reply is what a handler decided.
type reply struct {
	status  int
	body    any // nil: no body; string: plain text
	fail    *failure
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
		rep := badRequest("The request body could not be read.")
		q.refusal = &rep
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	q.at = s.clock()
	s.callSeq++
	q.call = &Call{
		Seq: s.callSeq, At: q.at, Method: r.Method, Path: r.URL.Path, Query: r.URL.RawQuery, Name: q.route.name, Body: clip(body),
	}
	if q.route.name == opToken {
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
	s.bump() // of a fault that is used up as well
	return q
}

// finish turns a reply into bytes. The caller holds the lock.
func (s *Server) finish(q *request, rep reply) answer {
	a := answer{status: rep.status, header: http.Header{}}
	for k, v := range rep.header {
		a.header[k] = v
	}
	id := s.newID()
	clientID := q.Header.Get("Client-Request-Id")
	if clientID == "" {
		clientID = id
	}
	a.header.Set("Request-Id", id)
	a.header.Set("Client-Request-Id", clientID)
	a.header.Set("Date", s.clock().Format(http.TimeFormat))
	a.header.Set("Cache-Control", "no-cache")
	if !q.route.open {
		q.usage.headers(a.header)
	}
	body := rep.body
	if f := rep.fail; f != nil {
		a.status = f.status
		body = f.body(id, clientID, s.clock())
	}
	switch text := body.(type) {
	case nil:
	case string:
		a.header.Set("Content-Type", "text/plain")
		a.body = []byte(text)
	default:
		a.header.Set("Content-Type", "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8")
		a.body = encode(body)
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
	if q.route.name != opToken {
		q.call.Reply = clip(body)
	}
}

func encode(v any) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return []byte("{}") // only plain maps are encoded
	}
	return bytes.TrimRight(b.Bytes(), "\n")
}

// decode reads a JSON object from the body of a write.
func (q *request) decode(into any) (reply, bool) {
	kind, _, _ := strings.Cut(q.Header.Get("Content-Type"), ";")
	if !strings.EqualFold(strings.TrimSpace(kind), "application/json") {
		return badRequest("Write requests (excluding DELETE) must contain the Content-Type header declaration."), false
	}
	if err := json.Unmarshal(q.body, into); err != nil {
		return badRequest("Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON format."), false
	}
	return reply{}, true
}

// url is the root of all links.
func (s *Server) url(r *http.Request) string {
	if s.base != "" {
		return s.base
	}
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	return scheme + "://" + r.Host
}
