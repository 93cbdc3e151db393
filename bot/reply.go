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
	payload any
	send    []func(payload any)
	timer   *time.Timer
}

// give sends the payload unless something was sent before; it reports whether it was this one.
func (r *reply) give(payload any) bool {
	r.mu.Lock()
	if r.sent {
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

// giveAfter sends a stand-in if nothing was sent within d.
func (r *reply) giveAfter(d time.Duration, standIn any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.sent {
		r.timer = time.AfterFunc(d, func() { r.give(standIn) })
	}
}

// repeat answers another delivery of the same with the same, now or as soon as it is known.
func (r *reply) repeat(send func(payload any)) {
	r.mu.Lock()
	sent, payload := r.sent, r.payload
	if !sent {
		r.send = append(r.send, send)
	}
	r.mu.Unlock()
	if sent {
		send(payload)
	}
}
