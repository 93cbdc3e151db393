package webhook

import (
	"encoding/json"
	"io"
	"net/http"
	"sync"
)

// waiting holds the changes whose outcome somebody waits for, by their keys. It is safe for concurrent use.
type waiting struct {
	mu sync.Mutex
	by map[string]map[chan outcome]bool
}

func newWaiting() *waiting { return &waiting{by: map[string]map[chan outcome]bool{}} }

// expect returns a channel on which the outcome arrives, at most once. The caller must call forget.
func (w *waiting) expect(key string) chan outcome {
	c := make(chan outcome, 1)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.by[key] == nil {
		w.by[key] = map[chan outcome]bool{}
	}
	w.by[key][c] = true
	return c
}

func (w *waiting) forget(key string, c chan outcome) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.by[key], c)
	if len(w.by[key]) == 0 {
		delete(w.by, key)
	}
}

// tell hands an outcome to everybody who waits for it.
func (w *waiting) tell(key string, o outcome) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for c := range w.by[key] {
		select {
		case c <- o:
		default: // The first word counts.
		}
	}
}

// maxCallback bounds the body of a call back in bytes.
const maxCallback = 64 << 10

// Callback returns the handler for calls back. It answers 204 to whatever is signed with the secret of callbacks, whether
// somebody waits for it or not, and 401 to everything else. Without such a secret it answers 404 to all.
func (p *Provider) Callback() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if p.back == nil {
			http.NotFound(w, r)
			return
		}
		if r.Method != http.MethodPost {
			w.Header().Set("Allow", http.MethodPost)
			w.WriteHeader(http.StatusMethodNotAllowed)
			return
		}
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxCallback))
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		if !p.back.accepts(r.Header, body) {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		var call struct {
			Change string `json:"change"`
			outcome
		}
		if json.Unmarshal(body, &call) != nil || call.Change == "" || call.Status != statusDone && call.Status != statusFailed {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		p.waiting.tell(call.Change, call.outcome)
		w.WriteHeader(http.StatusNoContent)
	})
}
