package slacksim

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"slices"
	"sync"
	"time"
)

// Frame is an envelope that a person has caused and that is not sent yet. Each of its sendings by Burst has its own
// envelope id unless EnvelopeID is set.
type Frame struct {
	EnvelopeID string
	Type       string // events_api, interactive, slash_commands
	Payload    json.RawMessage
	EventID    string // of events
}

// Typed is Run without the sending.
func (s *Server) Typed(userID, command, text string) (Frame, error) {
	return s.frame("slash_commands", func() (map[string]any, error) {
		return s.slashPayload(userID, GeneralChannel, command, text)
	})
}

// Pressed is Click without the sending.
func (s *Server) Pressed(userID string, at Place, actionID string, pick ...Pick) (Frame, error) {
	return s.frame("interactive", func() (map[string]any, error) {
		u, err := s.person(userID)
		if err != nil {
			return nil, err
		}
		screen, err := s.screen(u, at)
		if err != nil {
			return nil, err
		}
		return s.press(u, screen, actionID, pick, &ClickResult{})
	})
}

// PressedStale is ClickStale without the sending.
func (s *Server) PressedStale(userID string, snapshot Message, actionID string, pick ...Pick) (Frame, error) {
	return s.frame("interactive", func() (map[string]any, error) {
		return s.pressStale(userID, snapshot, actionID, pick, &ClickResult{})
	})
}

// Submitted is SubmitView without the sending; what the app answers has no effect on the view.
func (s *Server) Submitted(userID, viewID string) (Frame, error) {
	return s.frame("interactive", func() (map[string]any, error) {
		u, err := s.person(userID)
		if err != nil {
			return nil, err
		}
		at, err := s.screen(u, InView(viewID))
		if err != nil {
			return nil, err
		}
		return s.submission(u, at.view), nil
	})
}

// Opened is OpenHome without the sending.
func (s *Server) Opened(userID string) (Frame, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u, err := s.person(userID)
	if err != nil {
		return Frame{}, err
	}
	e := s.eventEnvelope(s.homeOpened(u), s.cfg.Now())
	return Frame{Type: e.kind, Payload: e.payload, EventID: e.eventID}, nil
}

func (s *Server) frame(kind string, build func() (map[string]any, error)) (Frame, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, err := build()
	if err != nil {
		return Frame{}, err
	}
	return Frame{Type: kind, Payload: encode(p)}, nil
}

// Burst deals frames to all sockets in turn, each of which takes its own as fast as it can, and returns once each is
// acknowledged or the time of the last has run out. Nothing of it gets into the log of deliveries; the result, in the order
// of the frames, has no payloads.
func (s *Server) Burst(ctx context.Context, frames []Frame) ([]Delivery, error) {
	s.mu.Lock()
	conns := slices.Clone(s.wire.conns)
	s.mu.Unlock()
	if len(conns) == 0 {
		return nil, errNoConnection
	}
	sent := make([]*Delivery, len(frames))
	errs := make([]error, len(conns))
	var work sync.WaitGroup
	for n, c := range conns {
		if tcp, ok := c.watch.Conn.(*net.TCPConn); ok {
			_ = tcp.SetWriteBuffer(inFlight) // the clock of an envelope starts when it leaves, not when the kernel piles it up
		}
		work.Go(func() {
			for i := n; i < len(frames) && errs[n] == nil; i += len(conns) {
				sent[i] = s.burstOne(c, frames[i])
				errs[n] = s.goesOn(ctx)
			}
		})
	}
	work.Wait()
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return s.afterBurst(ctx, sent)
}

// goesOn says why there is nothing more to send.
func (s *Server) goesOn(ctx context.Context) error {
	select {
	case <-s.done:
		return ErrClosed
	default:
		return ctx.Err()
	}
}

// inFlight is about how many bytes a far server has on their way over one socket.
const inFlight = 128 << 10

func (s *Server) burstOne(c *conn, f Frame) *Delivery {
	e := envelope{id: f.EnvelopeID, kind: f.Type, payload: f.Payload, accepts: f.Type != "events_api", eventID: f.EventID}
	if e.id == "" {
		e.id = uuid()
	}
	d := &Delivery{EnvelopeID: e.id, Type: e.kind, EventID: e.eventID, Connection: c.number, SentAt: time.Now(), done: make(chan struct{})}
	s.mu.Lock()
	s.wire.expect(d)
	s.mu.Unlock()
	_ = c.sendEnvelope(e) // a dead socket shows as a missing acknowledgement
	return d
}

func (s *Server) afterBurst(ctx context.Context, sent []*Delivery) ([]Delivery, error) {
	t := time.NewTimer(s.cfg.AckTimeout)
	defer t.Stop()
	over := false
	out := make([]Delivery, len(sent))
	for i, d := range sent {
		if !over {
			select {
			case <-d.done:
			case <-t.C:
				over = true
			case <-ctx.Done():
				return nil, ctx.Err()
			case <-s.done:
				return nil, ErrClosed
			}
		}
		s.mu.Lock()
		d.over = true
		out[i] = d.copy()
		s.mu.Unlock()
	}
	return out, nil
}
