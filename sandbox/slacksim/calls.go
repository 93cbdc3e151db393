package slacksim

import (
	"strings"
	"time"
)

const callBodyMax = 64 << 10

// Call is one request that reached the server, as the log keeps it.
type Call struct {
	Seq     int
	At      time.Time // by Config.Now
	Method  string    // HTTP method
	Path    string
	Query   string // tokens removed
	Name    string // Web API method, "response_url" or "socket.connect"
	Status  int    // 0 while the call runs, and for a connection that was cut
	Fault   string // kind of the fault that hit it, if any
	Changed bool   // it changed the workspace
	Body    string // request body, tokens removed, at most 64 KiB
	Reply   string // answer that was made, even when a fault kept it back
}

// Calls returns the log in order of arrival. Calls in progress are in it with status 0.
func (s *Server) Calls() []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]Call, len(s.calls))
	for i, c := range s.calls {
		out[i] = *c
	}
	return out
}

// ResetCalls empties the log; numbering goes on.
func (s *Server) ResetCalls() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = nil
	s.bump()
}

func (s *Server) logCall(c *Call, body []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seq++
	c.Seq = s.seq
	c.At = s.cfg.Now()
	text := string(body)
	if len(text) > callBodyMax {
		text = text[:callBodyMax]
	}
	c.Body = s.hideTokens(text)
	c.Query = s.hideTokens(c.Query)
	s.calls = append(s.calls, c)
	if most := s.cfg.CallsMax; most > 0 && len(s.calls) >= 2*most {
		s.calls = append([]*Call(nil), s.calls[len(s.calls)-most:]...)
	}
	s.bump()
}

func (s *Server) endCall(c *Call, status int, reply []byte, changed bool, fault FaultKind) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c.Status = status
	c.Fault = string(fault)
	c.Changed = changed
	c.Reply = string(reply)
	s.bump()
}

// hideTokens blanks every word that begins like a Slack token.
func (s *Server) hideTokens(text string) string {
	for _, t := range []string{s.cfg.BotToken, s.cfg.AppToken} {
		text = strings.ReplaceAll(text, t, "[token]")
	}
	var b strings.Builder
	for {
		i := strings.Index(text, "xox")
		if j := strings.Index(text, "xapp-"); j >= 0 && (i < 0 || j < i) {
			i = j
		}
		if i < 0 {
			b.WriteString(text)
			return b.String()
		}
		b.WriteString(text[:i])
		b.WriteString("[token]")
		end := strings.IndexFunc(text[i:], func(r rune) bool { return strings.ContainsRune("&\"' \n,}", r) })
		if end < 0 {
			return b.String()
		}
		text = text[i+end:]
	}
}
