package slacksim

import (
	"context"
	"time"
)

// Carriage is how one envelope travels to the app. The zero value is once, at once and well.
type Carriage struct {
	// Delay is how long the envelope is on its way to the socket. The person's patience ends after AckTimeout as ever.
	Delay time.Duration
	// Again are further sendings of the same envelope, that long after the first.
	Again []time.Duration
	// LoseAcks is how many acknowledgements of the envelope get lost on their way back, the first ones.
	LoseAcks int
	// Cut cuts the socket as soon as the envelope is written to it.
	Cut bool
}

// carriage asks for the way of an envelope, and starts what comes later than its first sending.
func (s *Server) carriage(e envelope) Carriage {
	if s.cfg.Carry == nil {
		return Carriage{}
	}
	way := s.cfg.Carry(e.kind, e.payload)
	if way.LoseAcks > 0 {
		s.mu.Lock()
		s.wire.lose[e.id] = way.LoseAcks
		s.mu.Unlock()
	}
	for _, d := range way.Again {
		s.later(e, way.Delay+d)
	}
	return way
}

// later sends an envelope after a while, when nobody waits for its acknowledgement any more.
func (s *Server) later(e envelope, after time.Duration) {
	s.spawn(func() {
		if !s.pause(context.Background(), after) {
			return
		}
		if _, c := s.begin(e); c != nil {
			_ = c.sendEnvelope(e)
		}
	})
}

// await lets the delay pass. Its error says that the person's patience, the caller's or the server ended before; the
// envelope then arrives later all the same.
func (s *Server) await(ctx context.Context, e envelope, delay time.Duration) error {
	if delay < s.cfg.AckTimeout {
		if s.pause(ctx, delay) {
			return nil
		}
	} else {
		s.later(e, delay)
		if s.pause(ctx, s.cfg.AckTimeout) {
			return errNotAcked
		}
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return ErrClosed
}

// frame is the envelope as it goes over the socket.
func (e envelope) frame() []byte {
	head := map[string]any{"envelope_id": e.id, "type": e.kind, "accepts_response_payload": e.accepts}
	if e.kind == "events_api" {
		head["retry_attempt"], head["retry_reason"] = e.attempt, e.reason
	}
	out := encode(head)
	out = append(out[:len(out)-1], `,"payload":`...)
	return append(append(out, e.payload...), '}')
}
