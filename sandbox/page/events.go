package page

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// gather is how long changes are gathered before the browsers are told of them at once.
const gather = 15 * time.Millisecond

// event is told to every browser that has the page open.
type event struct {
	Name string // changed, moved (the clock), follow or reset
	Data any
}

// hub tells events to whoever listens. One that does not keep up is let go; its browser connects again and looks anew.
type hub struct {
	mu        sync.Mutex
	listeners map[chan event]struct{}
}

func newHub() *hub { return &hub{listeners: map[chan event]struct{}{}} }

func (h *hub) tell(e event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for c := range h.listeners {
		select {
		case c <- e:
		default:
			delete(h.listeners, c)
			close(c)
		}
	}
}

func (h *hub) listen() (events <-chan event, leave func()) {
	c := make(chan event, 64)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.listeners[c] = struct{}{}
	return c, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.listeners, c)
	}
}

// changes tells that a part of the page has changed, until ctx ends: once for all that happens in a short while.
func (h *hub) changes(ctx context.Context, name string, changed func() <-chan struct{}) {
	c := changed()
	for {
		select {
		case <-ctx.Done():
			return
		case <-c:
		}
		t := time.NewTimer(gather)
		select {
		case <-ctx.Done():
			t.Stop()
			return
		case <-t.C:
		}
		c = changed() // Before it is told, so that nothing that comes after a browser has looked is missed.
		h.tell(event{Name: "changed", Data: name})
	}
}

// serve is the stream of events. It ends with the request or with stop.
func (h *hub) serve(stop <-chan struct{}) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		events, leave := h.listen()
		defer leave()
		w.Header().Set("Content-Type", "text/event-stream")
		out := http.NewResponseController(w)
		_, _ = fmt.Fprint(w, "retry: 500\n\n") // A browser that went away ends the request.
		for {
			if err := out.Flush(); err != nil {
				return
			}
			select {
			case <-r.Context().Done():
				return
			case <-stop:
				return
			case e, ok := <-events:
				if !ok {
					return
				}
				data, err := json.Marshal(e.Data)
				if err != nil {
					continue // No value that is told can fail.
				}
				_, _ = fmt.Fprintf(w, "event: %s\ndata: %s\n\n", e.Name, data) // As above.
			}
		}
	}
}
