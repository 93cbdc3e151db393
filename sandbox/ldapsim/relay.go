package ldapsim

import (
	"bufio"
	"context"
	"io"
	"net"
	"time"

	ber "github.com/go-asn1-ber/asn1-ber"
)

// relay is one connection of a client with its own to slapd. Requests are passed on one after the other.
type relay struct {
	s                      *Server
	client, server         net.Conn
	fromClient, fromServer *bufio.Reader
}

// serve takes connections until the listener is closed.
func (s *Server) serve(l net.Listener) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		s.wait.Go(func() { s.relay(conn) })
	}
}

func (s *Server) relay(client net.Conn) {
	defer s.forget(client)
	server, err := s.slapd.dial(context.Background())
	if err != nil {
		return
	}
	defer s.forget(server)
	if !s.track(client) || !s.track(server) {
		return
	}
	r := &relay{s: s, client: client, server: server, fromClient: bufio.NewReader(client), fromServer: bufio.NewReader(server)}
	for {
		request, err := ber.ReadPacket(r.fromClient)
		if err != nil || len(request.Children) < 2 || !r.handle(request) {
			return
		}
	}
}

// handle passes one request on and reports whether the connection goes on.
func (r *relay) handle(request *ber.Packet) bool {
	switch request.Children[1].Tag {
	case tagUnbind:
		return false
	case tagAbandon:
		return true // Requests are done before the next one is read.
	default:
	}
	c, f := r.s.receive(request)
	switch f.Kind {
	case "":
		return r.pass(c, request)
	case Down:
		return false
	case LostAnswer:
		r.ask(c, request)
		return false
	case HangBefore:
		return r.hang()
	case HangAfter:
		r.ask(c, request)
		return r.hang()
	case Slow:
		answers, ok := r.ask(c, request)
		return ok && r.pause(f.After) && r.send(c, answers)
	case Truncated:
		if answers, ok := r.ask(c, request); ok {
			raw := answers[0].Bytes()
			_, _ = r.client.Write(raw[:len(raw)/2]) // The connection ends anyway.
		}
		return false
	default:
		code, words := f.Kind.code(c.Method)
		return r.send(c, []*ber.Packet{refusal(request, code, words)})
	}
}

func (r *relay) pass(c *Call, request *ber.Packet) bool {
	answers, ok := r.ask(c, request)
	return ok && r.send(c, answers)
}

// ask has slapd do the work and reads the whole answer.
func (r *relay) ask(c *Call, request *ber.Packet) ([]*ber.Packet, bool) {
	answers, ok := exchange(r.server, r.fromServer, request)
	if ok {
		r.s.worked(c, resultOf(answers))
	}
	return answers, ok
}

// exchange sends a request and reads the whole answer.
func exchange(server io.Writer, from io.Reader, request *ber.Packet) ([]*ber.Packet, bool) {
	if _, err := server.Write(request.Bytes()); err != nil {
		return nil, false
	}
	var answers []*ber.Packet
	for {
		answer, err := ber.ReadPacket(from)
		if err != nil || len(answer.Children) < 2 {
			return nil, false
		}
		answers = append(answers, answer)
		if tag := answer.Children[1].Tag; tag != tagEntry && tag != tagReference {
			return answers, true
		}
	}
}

// resultOf is the code of the last answer.
func resultOf(answers []*ber.Packet) int64 {
	return integer(child(answers[len(answers)-1].Children[1], 0))
}

func (r *relay) send(c *Call, answers []*ber.Packet) bool {
	r.s.answered(c, resultOf(answers)) // First, so that who has the answer finds it in the log.
	for _, a := range answers {
		if _, err := r.client.Write(a.Bytes()); err != nil {
			return false
		}
	}
	return true
}

// hang waits until somebody releases it or the client leaves.
func (r *relay) hang() bool {
	r.s.mu.Lock()
	release := r.s.release
	r.s.mu.Unlock()
	gone := make(chan struct{})
	r.s.wait.Go(func() {
		_, _ = io.Copy(io.Discard, r.fromClient) // Ends with the connection.
		close(gone)
	})
	select {
	case <-release:
	case <-r.s.done:
	case <-gone:
	}
	return false
}

// pause waits d of real time; false when the server closed.
func (r *relay) pause(d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-r.s.done:
		return false
	}
}
