package slacksim

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gorilla/websocket"
)

const (
	maxConnections = 10
	ticketLife     = 30 * time.Second
	debugLife      = 360 * time.Second // of a connection with debug_reconnects
	warningBefore  = 10 * time.Second
	writeWait      = 5 * time.Second
)

// wire is the state of Socket Mode; Server.mu guards it.
type wire struct {
	tickets  map[string]time.Time // unused tickets and when they were made, real time
	conns    []*conn
	lastConn int
	waiting  map[string][]*Delivery // sendings without an acknowledgement, by envelope id
	lose     map[string]int         // acknowledgements that will get lost, by envelope id
	kept     map[string]envelope    // every envelope ever sent, for Redeliver
	log      []*Delivery
	disabled bool // Socket Mode is switched off
}

func newWire() wire {
	return wire{tickets: map[string]time.Time{}, waiting: map[string][]*Delivery{}, lose: map[string]int{}, kept: map[string]envelope{}}
}

// turn lets one at a time through, like a mutex, but whoever waits for it does not hold up the virtual time of a test.
type turn chan struct{}

func (t turn) take() (release func()) {
	t <- struct{}{}
	return func() { <-t }
}

// conn is one socket of the app.
type conn struct {
	number int
	ws     *websocket.Conn
	watch  *frameWatch
	write  turn
	gone   chan struct{}
}

func (c *conn) send(v any) error {
	defer c.write.take()()
	return c.sendLocked(v)
}

func (c *conn) sendLocked(v any) error { return c.writeText(encode(v)) }

// sendEnvelope sends an envelope without encoding its payload once more.
func (c *conn) sendEnvelope(e envelope) error {
	defer c.write.take()()
	return c.writeText(e.frame())
}

func (c *conn) writeText(text []byte) error {
	_ = c.ws.SetWriteDeadline(time.Now().Add(writeWait))
	return c.ws.WriteMessage(websocket.TextMessage, text)
}

// socketURL makes the answer of apps.connections.open. The lock must be held.
func (s *Server) socketURL() string {
	ticket := secret()
	s.wire.tickets[ticket] = time.Now()
	base := s.url
	if rest, ok := strings.CutPrefix(base, "http"); ok {
		base = "ws" + rest
	}
	return base + "/link/?" + url.Values{"ticket": {ticket}, "app_id": {s.cfg.AppID}}.Encode()
}

func (s *Server) serveSocket(w http.ResponseWriter, r *http.Request) {
	const name = "socket.connect"
	c := &Call{Method: r.Method, Path: r.URL.Path, Query: r.URL.RawQuery, Name: name}
	s.logCall(c, nil)
	if fault, hit := s.takeFault(name); hit && s.faultBefore(w, r, c, fault) {
		return
	}
	query := r.URL.Query()
	if !s.redeem(query.Get("ticket"), query.Get("app_id")) {
		s.endCall(c, http.StatusForbidden, nil, false, "")
		textAnswer(http.StatusForbidden, "invalid ticket").write(w)
		return
	}
	watch := &frameWatch{}
	up := websocket.Upgrader{
		ReadBufferSize: 4096, WriteBufferSize: 4096,
		CheckOrigin: func(*http.Request) bool { return true }, // clients send https://api.slack.com
	}
	ws, err := up.Upgrade(&watchedWriter{ResponseWriter: w, watch: watch}, r, nil)
	if err != nil {
		s.endCall(c, http.StatusBadRequest, nil, false, "")
		return
	}
	s.endCall(c, http.StatusSwitchingProtocols, nil, false, "")
	s.serveConn(&conn{ws: ws, watch: watch, write: make(turn, 1), gone: make(chan struct{})}, query.Get("debug_reconnects") == "true")
}

// redeem uses up a ticket.
func (s *Server) redeem(ticket, appID string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	made, ok := s.wire.tickets[ticket]
	delete(s.wire.tickets, ticket)
	return ok && time.Since(made) < ticketLife && appID == s.cfg.AppID && !s.wire.disabled
}

func (s *Server) serveConn(c *conn, debug bool) {
	defer func() { _ = c.ws.Close() }()
	s.mu.Lock()
	if len(s.wire.conns) >= maxConnections {
		s.mu.Unlock()
		_ = c.send(s.disconnectFrame("too_many_websockets"))
		s.sayGoodbye(c)
		return
	}
	s.wire.lastConn++
	c.number = s.wire.lastConn
	s.wire.conns = append(s.wire.conns, c)
	closed := s.closed
	hello := s.hello(debug)
	done := c.write.take() // envelopes that choose this socket from now on wait for the hello
	s.bump()
	s.mu.Unlock()
	defer s.drop(c)
	err := c.sendLocked(hello)
	done()
	if closed || err != nil {
		return
	}
	life := s.cfg.ConnectionLife
	if debug {
		life = debugLife
	}
	s.spawn(func() { s.keepAlive(c, life) })
	s.readAcks(c)
}

// drop forgets a connection that ended.
func (s *Server) drop(c *conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	close(c.gone)
	s.wire.conns = slices.DeleteFunc(s.wire.conns, func(o *conn) bool { return o == c })
	s.bump()
}

func (s *Server) hello(debug bool) map[string]any {
	life := s.cfg.ConnectionLife
	if debug {
		life = debugLife
	}
	return map[string]any{
		"type": "hello", "num_connections": len(s.wire.conns),
		"connection_info": map[string]any{"app_id": s.cfg.AppID},
		"debug_info": map[string]any{
			"host": "applink-sandbox", "build_number": 1, "started": s.cfg.Now().UTC().Format("2006-01-02 15:04:05.000"),
			"approximate_connection_time": int(life / time.Second),
		},
	}
}

func (s *Server) disconnectFrame(reason string) map[string]any {
	return map[string]any{
		"type": "disconnect", "reason": reason,
		"debug_info": map[string]any{"host": "applink-sandbox"},
	}
}

// keepAlive pings a connection and ends it, with a warning, when its life is over.
func (s *Server) keepAlive(c *conn, life time.Duration) {
	ping := time.NewTicker(s.cfg.PingEvery)
	defer ping.Stop()
	warn := time.NewTimer(max(life-warningBefore, 0))
	defer warn.Stop()
	end := time.NewTimer(life)
	defer end.Stop()
	for {
		select {
		case <-c.gone:
			return
		case <-ping.C:
			if c.ws.WriteControl(websocket.PingMessage, []byte("Ping from sandbox"), time.Now().Add(writeWait)) != nil {
				_ = c.ws.Close()
				return
			}
		case <-warn.C:
			if life > warningBefore {
				_ = c.send(s.disconnectFrame("warning"))
			}
		case <-end.C:
			_ = c.send(s.disconnectFrame("refresh_requested"))
			s.closeLater(c)
			return
		}
	}
}

// closeLater gives the client ten seconds to leave by itself.
func (s *Server) closeLater(c *conn) {
	t := time.NewTimer(warningBefore)
	defer t.Stop()
	select {
	case <-c.gone:
	case <-s.done:
	case <-t.C:
		s.sayGoodbye(c)
		_ = c.ws.Close()
	}
}

func (s *Server) sayGoodbye(c *conn) {
	text := websocket.FormatCloseMessage(websocket.CloseNormalClosure, "")
	_ = c.ws.WriteControl(websocket.CloseMessage, text, time.Now().Add(writeWait))
}

// Connections tells how many sockets the app has; each gets its hello before anything else.
func (s *Server) Connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.wire.conns)
}

// WaitConnected returns once at least n sockets are up.
func (s *Server) WaitConnected(ctx context.Context, n int) error {
	return s.Wait(ctx, func() bool { return s.Connections() >= n })
}

// Disconnect sends the disconnect frame to every socket. "warning" leaves it at that; any other reason closes
// the socket 10 s later if the app has not; "link_disabled" also turns Socket Mode off until EnableSocketMode.
func (s *Server) Disconnect(reason string) {
	s.mu.Lock()
	conns := slices.Clone(s.wire.conns)
	if reason == "link_disabled" {
		s.wire.disabled = true
	}
	s.mu.Unlock()
	for _, c := range conns {
		_ = c.send(s.disconnectFrame(reason))
		switch reason {
		case "warning":
		case "link_disabled":
			s.sayGoodbye(c)
			_ = c.ws.Close()
		default:
			s.spawn(func() { s.closeLater(c) })
		}
	}
}

// EnableSocketMode undoes Disconnect("link_disabled").
func (s *Server) EnableSocketMode() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wire.disabled = false
}

// KillConnections cuts every socket without a word, as a failing network does.
func (s *Server) KillConnections() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.wire.conns {
		_ = c.ws.NetConn().Close()
	}
}
