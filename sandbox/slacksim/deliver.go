package slacksim

import (
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/gorilla/websocket"
)

// ackMax is the size from which Slack silently drops an acknowledgement.
const ackMax = 20480

var (
	errNoConnection = errors.New("no socket is connected")
	errNotAcked     = errors.New("not acknowledged in time")
)

// envelope is one frame to the app.
type envelope struct {
	id      string
	kind    string // events_api, interactive, slash_commands
	payload json.RawMessage
	accepts bool
	eventID string
	attempt int
	reason  string
}

// Delivery is one sending of one envelope, as the log keeps it. Times are real.
type Delivery struct {
	EnvelopeID string
	Type       string // events_api, interactive, slash_commands
	Payload    json.RawMessage
	EventID    string // of events
	Attempt    int    // retry_attempt
	SentAt     time.Time
	At         time.Time // of the sending, by Config.Now
	Connection int       // number of the socket it went to, 0 when there was none

	Acked         bool
	AckedIn       time.Duration
	AckConnection int
	Ack           json.RawMessage // payload of the acknowledgement, if any
	Ignored       []string        // acknowledgements not counted: "too large", "fragmented", "late", "lost"

	done chan struct{}
	over bool // the timer ran out
}

// Deliveries returns the log of envelopes in the order of sending.
func (s *Server) Deliveries() []Delivery {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]Delivery, len(s.wire.log))
	for i, d := range s.wire.log {
		out[i] = d.copy()
	}
	return out
}

func (d *Delivery) copy() Delivery {
	c := *d
	c.done, c.Ignored = nil, slices.Clone(d.Ignored)
	return c
}

func (s *Server) newEnvelope(kind string, payload any) envelope {
	s.mu.Lock()
	defer s.mu.Unlock()
	return envelope{id: uuid(), kind: kind, payload: encode(payload), accepts: kind != "events_api"}
}

func uuid() string {
	h := secret()
	return h[:8] + "-" + h[8:12] + "-4" + h[13:16] + "-a" + h[17:20] + "-" + h[20:32]
}

// transmit hands an envelope to one live socket and waits for the acknowledgement.
// Its error is errNoConnection, errNotAcked or that of ctx.
func (s *Server) transmit(ctx context.Context, e envelope) (Delivery, error) {
	way := s.carriage(e)
	if way.Delay > 0 {
		if err := s.await(ctx, e, way.Delay); err != nil {
			return Delivery{EnvelopeID: e.id, Type: e.kind, Payload: e.payload, EventID: e.eventID, Attempt: e.attempt}, err
		}
	}
	d, c := s.begin(e)
	if c == nil {
		return d.copy(), errNoConnection
	}
	_ = c.sendEnvelope(e) // a dead socket shows as a missing acknowledgement
	if way.Cut {
		_ = c.ws.NetConn().Close()
	}
	t := time.NewTimer(max(s.cfg.AckTimeout-way.Delay, 0))
	defer t.Stop()
	var err error
	select {
	case <-d.done:
	case <-t.C:
		err = errNotAcked
	case <-ctx.Done():
		err = ctx.Err()
	case <-s.done:
		err = ErrClosed
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	d.over = true
	if d.Acked {
		err = nil
	}
	return d.copy(), err
}

func (s *Server) begin(e envelope) (*Delivery, *conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := &Delivery{
		EnvelopeID: e.id, Type: e.kind, Payload: e.payload, EventID: e.eventID, Attempt: e.attempt,
		SentAt: time.Now(), At: s.cfg.Now(), done: make(chan struct{}),
	}
	s.wire.log = append(s.wire.log, d)
	s.wire.kept[e.id] = e
	s.bump()
	live := s.wire.conns
	if len(live) == 0 {
		return d, nil
	}
	c := live[s.pick(len(live))]
	d.Connection = c.number
	s.wire.expect(d)
	return d, c
}

func (s *Server) pick(n int) int {
	if s.cfg.Pick == nil {
		return rand.IntN(n)
	}
	return max(0, min(s.cfg.Pick(n), n-1))
}

// expect notes a sending whose acknowledgement may come.
func (w *wire) expect(d *Delivery) {
	open := slices.DeleteFunc(w.waiting[d.EnvelopeID], func(o *Delivery) bool { return o.Acked })
	w.waiting[d.EnvelopeID] = append(open, d)
}

// asked finds the sending that an acknowledgement answers: the oldest that still waits, or the newest that waited in
// vain. Nil when all are answered or none is known.
func (w *wire) asked(envelopeID string) *Delivery {
	var late *Delivery
	for _, d := range w.waiting[envelopeID] {
		switch {
		case d.Acked:
		case !d.over:
			return d
		default:
			late = d
		}
	}
	return late
}

// readAcks reads a socket until it ends. Acknowledgements count on whichever socket they come.
func (s *Server) readAcks(c *conn) {
	for {
		kind, data, err := c.ws.ReadMessage()
		if err != nil {
			return
		}
		split := c.watch.next()
		if kind != websocket.TextMessage {
			continue
		}
		s.takeAck(c, data, split)
	}
}

func (s *Server) takeAck(c *conn, data []byte, split bool) {
	var ack struct {
		EnvelopeID string          `json:"envelope_id"`
		Payload    json.RawMessage `json:"payload"`
	}
	if json.Unmarshal(data, &ack) != nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.wire.asked(ack.EnvelopeID)
	if d == nil {
		return
	}
	defer s.bump()
	switch {
	case s.wire.lose[ack.EnvelopeID] > 0:
		s.wire.lose[ack.EnvelopeID]--
		d.Ignored = append(d.Ignored, "lost")
	case len(data) >= ackMax:
		d.Ignored = append(d.Ignored, "too large")
	case split:
		d.Ignored = append(d.Ignored, "fragmented")
	case d.over:
		d.Ignored = append(d.Ignored, "late")
	default:
		d.Acked, d.AckedIn, d.AckConnection, d.Ack = true, time.Since(d.SentAt), c.number, ack.Payload
		close(d.done)
	}
}

// Send delivers a raw envelope, forged if need be, and waits for its acknowledgement or the end of the timer.
// A missing acknowledgement is in the Delivery, not an error; the error is that of ctx or of the payload.
func (s *Server) Send(ctx context.Context, kind string, payload any) (Delivery, error) {
	raw, err := json.Marshal(payload)
	if err != nil {
		return Delivery{}, err
	}
	return s.sendRaw(ctx, s.newEnvelope(kind, json.RawMessage(raw)))
}

// Redeliver sends an envelope of the log once more, with the same envelope id, as a confused Slack does.
func (s *Server) Redeliver(ctx context.Context, envelopeID string) (Delivery, error) {
	s.mu.Lock()
	e, ok := s.wire.kept[envelopeID]
	s.mu.Unlock()
	if !ok {
		return Delivery{}, notThere("envelope %s", envelopeID)
	}
	return s.sendRaw(ctx, e)
}

func (s *Server) sendRaw(ctx context.Context, e envelope) (Delivery, error) {
	d, err := s.transmit(ctx, e)
	if errors.Is(err, errNotAcked) || errors.Is(err, errNoConnection) {
		err = nil
	}
	return d, err
}
