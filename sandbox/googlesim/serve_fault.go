package googlesim

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"time"
)

// serveFaulty answers a call that an injected fault hits.
func (s *Server) serveFaulty(w http.ResponseWriter, r *http.Request, q *request) {
	switch q.fault.Kind {
	case Down:
		cut(w, false)
	case ResetBefore:
		cut(w, true)
	case HangBefore:
		s.hang(r.Context(), q.route.name)
		cut(w, false)
	case LostAnswer:
		s.work(q)
		cut(w, false)
	case HangAfter:
		a := s.work(q)
		if !s.hang(r.Context(), q.route.name) {
			cut(w, false)
			return
		}
		s.send(w, q, a)
	case Slow:
		a := s.work(q)
		if !s.pause(r.Context(), q.fault.After) {
			cut(w, false)
			return
		}
		s.send(w, q, a)
	case SlowDrip:
		s.drip(w, r, q, s.work(q))
	case Truncated:
		s.send(w, q, truncate(s.work(q)))
	case WrongTypes:
		s.send(w, q, scramble(s.work(q)))
	case Error502HTML:
		s.send(w, q, badGateway())
	default:
		s.mu.Lock()
		a := s.finish(faultReply(q))
		s.mu.Unlock()
		s.send(w, q, a)
	}
}

// faultReply is the answer of the kinds that refuse without working.
func faultReply(q *request) reply {
	switch q.fault.Kind {
	case RateLimit:
		rep := identityError(http.StatusTooManyRequests, "RESOURCE_EXHAUSTED", "Quota exceeded.")
		if q.route.api == apiAdmin {
			rep = adminError(http.StatusTooManyRequests, "rateLimitExceeded", "Rate Limit Exceeded")
		}
		seconds := max(1, int(q.fault.After/time.Second))
		rep.header = http.Header{"Retry-After": {strconv.Itoa(seconds)}}
		return rep
	case RateLimitBare:
		return tooManyCalls(q.route.api)
	case RateConcurrency:
		return tooConcurrent(q.route.api)
	case Error500Empty:
		return reply{status: http.StatusInternalServerError}
	case Error503:
		return unavailable(q.route.api)
	case Unauthorized:
		return unauthenticated(q.route.api)
	case Forbidden:
		return forbidden(q.route.api)
	case Gone:
		return notFound("resource")
	default:
		return backendError(q.route.api)
	}
}

// drip sends the body byte by byte.
func (s *Server) drip(w http.ResponseWriter, r *http.Request, q *request, a answer) {
	s.note(q, a.status, a.body)
	for k, v := range a.header {
		w.Header()[k] = v
	}
	w.WriteHeader(a.status)
	gap := q.fault.After
	if gap <= 0 {
		gap = 5 * time.Millisecond
	}
	out := http.NewResponseController(w)
	for i := range a.body {
		if !s.pause(r.Context(), gap) {
			panic(http.ErrAbortHandler)
		}
		if _, err := w.Write(a.body[i : i+1]); err != nil {
			return
		}
		_ = out.Flush() // a writer that cannot flush delivers at the end
	}
}

// cut ends the connection without an answer, by FIN or by RST.
func cut(w http.ResponseWriter, reset bool) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if tcp, isTCP := conn.(*net.TCPConn); isTCP && reset {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

func badGateway() answer {
	h := http.Header{}
	h.Set("Content-Type", "text/html; charset=UTF-8")
	page := "<!DOCTYPE html>\n<html lang=en>\n<title>Error 502 (Server Error)!!1</title>\n<p>That's an error.\n<p>The server encountered a temporary error.\n"
	return answer{http.StatusBadGateway, h, []byte(page)}
}

// truncate keeps the first half of a body. An answer without one becomes the first byte of an object.
func truncate(a answer) answer {
	if len(a.body) == 0 {
		a.body = []byte("{}")
		a.header.Set("Content-Type", "application/json; charset=UTF-8")
	}
	if a.status == http.StatusNoContent {
		a.status = http.StatusOK
	}
	a.body = a.body[:(len(a.body)+1)/2]
	a.header.Set("Content-Length", fmt.Sprint(len(a.body)))
	return a
}

// scramble changes the kind of every value in a body.
func scramble(a answer) answer {
	var v any = object{"id": "x"}
	if len(a.body) > 0 {
		if err := json.Unmarshal(a.body, &v); err != nil {
			return a
		}
	}
	if a.status == http.StatusNoContent {
		a.status = http.StatusOK
	}
	a.header.Set("Content-Type", "application/json; charset=UTF-8")
	a.body = encode(twist(v))
	return a
}

func twist(v any) any {
	switch t := v.(type) {
	case object:
		for k := range t {
			t[k] = twist(t[k])
		}
		return t
	case []any:
		for i := range t {
			t[i] = twist(t[i])
		}
		return t
	case string:
		return 7
	case float64:
		return "seven"
	case bool:
		return "true"
	default:
		return []any{}
	}
}
