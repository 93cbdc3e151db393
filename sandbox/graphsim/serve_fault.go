package graphsim

import (
	"encoding/json"
	"fmt"
	"math"
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
		a := s.finish(q, s.faultReply(q))
		s.mu.Unlock()
		s.send(w, q, a)
	}
}

// faultReply is the answer of the kinds that refuse without working.
func (s *Server) faultReply(q *request) reply {
	switch q.fault.Kind {
	case RateLimit, RateLimitDecimal, RateLimitBare:
		return s.faultThrottle(q)
	case Error500Empty:
		return reply{status: http.StatusInternalServerError}
	case Error503:
		return unavailable()
	case Unauthorized:
		return unauthorized("Access token validation failure.")
	case Forbidden:
		return requestDenied()
	case Gone:
		id := "unknown"
		if len(q.vars) > 0 {
			id = q.vars[len(q.vars)-1]
		}
		return notFound(id)
	default:
		return internalError()
	}
}

func (s *Server) faultThrottle(q *request) reply {
	wait := q.fault.After
	if wait <= 0 {
		wait = time.Second
	}
	rep := tooManyRequests()
	switch q.fault.Kind {
	case RateLimit:
		rep.header.Set("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
	case RateLimitDecimal:
		rep.header.Set("Retry-After", strconv.FormatFloat(wait.Seconds(), 'f', 3, 64))
	default:
	}
	return rep
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
	h.Set("Content-Type", "text/html")
	page := "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n</body>\r\n</html>\r\n"
	return answer{http.StatusBadGateway, h, []byte(page)}
}

// truncate keeps the first half of a body. An answer without one becomes the first byte of an object.
func truncate(a answer) answer {
	if len(a.body) == 0 {
		a.body = []byte("{}")
		a.header.Set("Content-Type", "application/json")
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
	var v any = map[string]any{"id": "x"}
	if len(a.body) > 0 {
		if err := json.Unmarshal(a.body, &v); err != nil {
			return a
		}
	}
	if a.status == http.StatusNoContent {
		a.status = http.StatusOK
	}
	a.header.Set("Content-Type", "application/json")
	a.body = encode(twist(v))
	return a
}

func twist(v any) any {
	switch t := v.(type) {
	case map[string]any:
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
