package idptest

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"time"
)

// Faulty stands before a server that speaks HTTP, counts what comes, and lets things go wrong as Fault says. It is safe for
// concurrent use.
type Faulty struct {
	// Next is the server.
	Next http.Handler
	// Refuse writes a refusal in the server's own words.
	Refuse func(w http.ResponseWriter, status int)
	// Nonsense is an answer with values of other types.
	Nonsense string
	// Now is the clock of the limit.
	Now func() time.Time

	mu       sync.Mutex
	faults   []*Fault
	healed   chan struct{}
	calls    int
	changes  int // That were made.
	limit    int // Of changes per minute; 0 means none.
	window   []time.Time
	refusals int
}

// Inject lets later requests go wrong.
func (f *Faulty) Inject(fault Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.faults = append(f.faults, &fault)
	if f.healed == nil {
		f.healed = make(chan struct{})
	}
}

// Heal ends all faults and lets go who hangs.
func (f *Faulty) Heal() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.faults = nil
	if f.healed != nil {
		close(f.healed)
		f.healed = nil
	}
}

// Limit refuses changes beyond so many a minute; 0 refuses none.
func (f *Faulty) Limit(n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.limit = n
}

// Calls counts all requests.
func (f *Faulty) Calls() int { return f.count(&f.calls) }

// Changes counts the changes that were made.
func (f *Faulty) Changes() int { return f.count(&f.changes) }

// Refusals counts the requests beyond the limit.
func (f *Faulty) Refusals() int { return f.count(&f.refusals) }

func (f *Faulty) count(of *int) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return *of
}

// ServeHTTP reads the whole request first, so that a client who leaves is noticed.
func (f *Faulty) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	kind, limited, healed := f.take(r.Method != http.MethodGet)
	if limited {
		w.Header().Set("Retry-After", "30")
		f.Refuse(w, http.StatusTooManyRequests)
		return
	}
	f.suffer(w, r, kind, healed)
}

// take counts the request and returns what befalls it; "" is nothing.
func (f *Faulty) take(change bool) (kind FaultKind, limited bool, healed <-chan struct{}) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls++
	if change && f.limit > 0 {
		now := f.Now()
		f.window = slices.DeleteFunc(f.window, func(at time.Time) bool { return !now.Before(at.Add(time.Minute)) })
		if len(f.window) >= f.limit {
			f.refusals++
			return "", true, nil
		}
		f.window = append(f.window, now)
	}
	for _, fault := range f.faults {
		switch {
		case (fault.On == Changes) != change || fault.Times < 0:
		case fault.Skip > 0:
			fault.Skip--
		default:
			if fault.Times > 0 {
				if fault.Times--; fault.Times == 0 {
					fault.Times = -1
				}
			}
			return fault.Kind, false, f.healed
		}
	}
	return "", false, nil
}

// suffer lets the request go wrong.
func (f *Faulty) suffer(w http.ResponseWriter, r *http.Request, kind FaultKind, healed <-chan struct{}) {
	switch kind {
	case "":
		f.send(w, f.work(r))
	case Slow:
		time.Sleep(50 * time.Millisecond)
		f.send(w, f.work(r))
	case CutBefore:
		cut(w, nil)
	case CutAfter:
		f.work(r)
		cut(w, nil)
	case HangBefore, HangAfter:
		if kind == HangAfter {
			f.work(r)
		}
		select {
		case <-healed:
		case <-r.Context().Done():
		}
		cut(w, nil)
	case Truncated:
		cut(w, f.work(r))
	case WrongTypes:
		_, _ = io.WriteString(w, f.Nonsense)
	case ProxyPage:
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(http.StatusBadGateway)
		_, _ = io.WriteString(w, "<html><body>Bad gateway</body></html>\n")
	case ServerErrorEmpty:
		w.WriteHeader(http.StatusInternalServerError)
	case RateLimited:
		w.Header().Set("Retry-After", "2")
		f.Refuse(w, http.StatusTooManyRequests)
	default:
		f.Refuse(w, map[FaultKind]int{
			RateLimitedBare: http.StatusTooManyRequests, ServerError: http.StatusInternalServerError,
			ReadOnly: http.StatusServiceUnavailable, Rejected: http.StatusUnauthorized, Denied: http.StatusForbidden,
		}[kind])
	}
}

// work lets the server do its work and keeps the answer.
func (f *Faulty) work(r *http.Request) *httptest.ResponseRecorder {
	rec := httptest.NewRecorder()
	f.Next.ServeHTTP(rec, r)
	if r.Method != http.MethodGet && rec.Code < 300 {
		f.mu.Lock()
		f.changes++
		f.mu.Unlock()
	}
	return rec
}

func (f *Faulty) send(w http.ResponseWriter, rec *httptest.ResponseRecorder) {
	for name, values := range rec.Header() {
		w.Header()[name] = values
	}
	w.WriteHeader(rec.Code)
	_, _ = w.Write(rec.Body.Bytes())
}

// cut closes the connection, after half the answer if there is one.
func cut(w http.ResponseWriter, rec *httptest.ResponseRecorder) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	if rec != nil {
		body := rec.Body.Bytes()
		_, _ = fmt.Fprintf(conn, "HTTP/1.1 %d OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", rec.Code, len(body)+2, body[:len(body)/2])
	}
	_ = conn.Close()
}
