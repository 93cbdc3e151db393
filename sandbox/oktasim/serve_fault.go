package oktasim

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
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
	case Late:
		s.workLater(q)
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

// workLater admits the call now and does its work after a while, for nobody. Close ends the wait, and then nothing is done.
func (s *Server) workLater(q *request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if rep := s.admit(q); rep.fail != nil || rep.status != 0 {
		return
	}
	wait := q.fault.After
	if wait <= 0 {
		wait = time.Second
	}
	go func() {
		if !s.pause(context.Background(), wait) {
			return
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		q.at = s.clock()
		q.call.Changed = q.route.serve(s, q).changed
		s.bump()
	}()
}

// faultReply is the answer of the kinds that refuse without working.
func (s *Server) faultReply(q *request) reply {
	switch q.fault.Kind {
	case RateLimit:
		wait := q.fault.After
		if wait <= 0 {
			wait = time.Second
		}
		limit := max(1, s.orgLimit(q.route.bucket)*s.cfg.TokenShare/100)
		q.rate = rateState{true, limit, 0, q.at.Add(wait)}
		return tooManyRequests()
	case RateLimitBare:
		rep := tooManyRequests()
		rep.bare = true
		return rep
	case RateConcurrency:
		return s.concurrencyExceeded()
	case Error500Empty:
		return reply{status: http.StatusInternalServerError}
	case Error503:
		return readOnlyMode()
	case Unauthorized:
		return invalidToken()
	case Forbidden:
		return forbidden()
	case Gone:
		id := "unknown"
		if len(q.vars) > 0 {
			id = q.vars[len(q.vars)-1]
		}
		return notFound(id, "Resource")
	default:
		return internalError()
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
