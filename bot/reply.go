package bot

import (
	"sync"
	"time"
)

// reply is the one acknowledgement of a delivery. Whoever comes first fills it: the work, or the stand-in when the work
// takes too long. Deliveries that repeat the first get the same.
type reply struct {
	mu      sync.Mutex
	sent    bool
	gone    bool // Nothing is sent to anybody any more.
	payload any
	send    []func(payload any)
	timer   *time.Timer
}

// give sends the payload unless something was sent before; it reports whether it was this one.
func (r *reply) give(payload any) bool {
	r.mu.Lock()
	if r.sent || r.gone {
		r.mu.Unlock()
		return false
	}
	r.sent, r.payload = true, payload
	if r.timer != nil {
		r.timer.Stop()
	}
	all := r.send
	r.send = nil
	r.mu.Unlock()
	for _, f := range all {
		f(payload)
	}
	return true
}

// abandon ends a delivery that failed without a word: it is not acknowledged.
func (r *reply) abandon() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.gone, r.send = true, nil
	if r.timer != nil {
		r.timer.Stop()
	}
}

func (r *reply) empty() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.payload == nil
}

// forget lets go of a payload that was sent.
func (r *reply) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.payload = nil
}

// giveAfter sends a stand-in if nothing was sent within d.
func (r *reply) giveAfter(d time.Duration, standIn any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.sent && !r.gone {
		r.timer = time.AfterFunc(d, func() { r.give(standIn) })
	}
}

// repeat answers another delivery of the same with the same, now or as soon as it is known.
func (r *reply) repeat(send func(payload any)) {
	r.mu.Lock()
	sent, payload := r.sent, r.payload
	if !sent && !r.gone {
		r.send = append(r.send, send)
	}
	r.mu.Unlock()
	if sent {
		send(payload)
	}
}
