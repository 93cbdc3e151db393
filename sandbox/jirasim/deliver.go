package jirasim

import (
	"encoding/json"
	"net"
	"net/http"
	"strconv"
	"time"
)

// deliver does the work of a call and sends the answer, as far as a fault lets it.
func (s *Server) deliver(w http.ResponseWriter, c *call, f *Fault) {
	if f == nil {
		s.send(w, c, s.work(c))
		return
	}
	ctx := c.r.Context()
	switch f.Kind {
	case FaultDown:
		cut(w, false)
	case FaultResetBefore:
		cut(w, true)
	case FaultHangBefore:
		s.faults.hang(ctx, c.name)
		cut(w, false)
	case FaultLostAnswer:
		s.work(c)
		cut(w, false)
	case FaultHangAfter:
		ans := s.work(c)
		if s.faults.hang(ctx, c.name) {
			s.send(w, c, ans)
			return
		}
		cut(w, false)
	case FaultSlow:
		ans := s.work(c)
		if s.faults.pause(ctx, f.After) {
			s.send(w, c, ans)
			return
		}
		cut(w, false)
	case FaultSlowDrip:
		s.drip(w, c, s.work(c), f.After)
	case FaultTruncated:
		ans := s.work(c)
		ans.body = ans.body[:len(ans.body)/2]
		s.send(w, c, ans)
	case FaultWrongTypes:
		ans := s.work(c)
		ans.body = twist(ans.body)
		s.send(w, c, ans)
	default:
		s.send(w, c, s.unworked(c, f))
	}
}

func (s *Server) work(c *call) rendered {
	ans := s.answer(c)
	s.calls.worked(c, ans)
	return ans
}

func (s *Server) send(w http.ResponseWriter, c *call, ans rendered) {
	head(w, ans)
	s.calls.update(c.seq, func(e *Call) { e.Reply = capped(ans.body) })
	s.calls.sent(c, ans.status)
	_, _ = w.Write(ans.body) // the client may be gone, which is its own business
}

func head(w http.ResponseWriter, ans rendered) {
	for k, v := range ans.header {
		w.Header()[k] = v
	}
	if ans.status != http.StatusNoContent {
		w.Header().Set("Content-Length", strconv.Itoa(len(ans.body)))
	}
	w.WriteHeader(ans.status)
}

func (s *Server) drip(w http.ResponseWriter, c *call, ans rendered, over time.Duration) {
	if over <= 0 {
		over = time.Second
	}
	head(w, ans)
	s.calls.sent(c, ans.status)
	step := over / time.Duration(len(ans.body)+1)
	rc := http.NewResponseController(w)
	for i := range ans.body {
		if !s.faults.pause(c.r.Context(), step) {
			return
		}
		if _, err := w.Write(ans.body[i : i+1]); err != nil {
			return
		}
		if rc.Flush() != nil {
			return
		}
	}
}

// cut ends the connection without an answer; reset makes the client see a reset instead of an end of file.
func cut(w http.ResponseWriter, reset bool) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // the documented way to cut a connection that cannot be taken over
	}
	if tcp, isTCP := conn.(*net.TCPConn); isTCP && reset {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

// twist gives every value of a JSON text another type.
func twist(body []byte) []byte {
	var v any
	if len(body) == 0 || json.Unmarshal(body, &v) != nil {
		return []byte(`"text"`)
	}
	return marshal(twistValue(v))
}

func twistValue(v any) any {
	switch v := v.(type) {
	case string:
		return 4711
	case float64:
		return "text"
	case bool:
		return "yes"
	case []any:
		return object{"values": len(v)}
	case map[string]any:
		out := object{}
		for k, e := range v {
			out[k] = twistValue(e)
		}
		return out
	}
	return []any{}
}
