package webhook_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"time"

	"usher/idp/idptest"
)

// faulty stands before a server, counts what comes, and lets things go wrong.
type faulty struct {
	next http.Handler
	// failure writes a refusal in the server's own words.
	failure func(w http.ResponseWriter, status int)
	// wrongTypes is an answer to the request with values of other types.
	wrongTypes string
	now        func() time.Time

	mu       sync.Mutex
	faults   []*idptest.Fault
	healed   chan struct{}
	calls    int
	changes  int // that were made
	limit    int // of changes per minute; 0 means none
	window   []time.Time
	refusals int
}

func newFaulty(next http.Handler, now func() time.Time) *faulty {
	return &faulty{next: next, now: now, healed: make(chan struct{})}
}

func (f *faulty) inject(fault idptest.Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.faults = append(f.faults, &fault)
}

// heal ends all faults and lets go who hangs.
func (f *faulty) heal() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.faults = nil
	close(f.healed)
	f.healed = make(chan struct{})
}

func (f *faulty) count(of *int) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return *of
}

// ServeHTTP reads the whole request first, so that a client who leaves is noticed.
func (f *faulty) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	kind, limited, healed := f.take(r.Method != http.MethodGet)
	if limited {
		w.Header().Set("Retry-After", "30")
		f.failure(w, http.StatusTooManyRequests)
		return
	}
	f.suffer(w, r, kind, healed)
}

// take counts the request and returns what befalls it; "" is nothing.
func (f *faulty) take(change bool) (kind idptest.FaultKind, limited bool, healed <-chan struct{}) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls++
	if change && f.limit > 0 {
		now := f.now()
		f.window = slices.DeleteFunc(f.window, func(at time.Time) bool { return !now.Before(at.Add(time.Minute)) })
		if len(f.window) >= f.limit {
			f.refusals++
			return "", true, nil
		}
		f.window = append(f.window, now)
	}
	for _, fault := range f.faults {
		switch {
		case (fault.On == idptest.Changes) != change || fault.Times < 0:
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
func (f *faulty) suffer(w http.ResponseWriter, r *http.Request, kind idptest.FaultKind, healed <-chan struct{}) {
	switch kind {
	case "":
		f.send(w, f.work(r))
	case idptest.Slow:
		time.Sleep(50 * time.Millisecond)
		f.send(w, f.work(r))
	case idptest.CutBefore:
		cut(w, nil)
	case idptest.CutAfter:
		f.work(r)
		cut(w, nil)
	case idptest.HangBefore, idptest.HangAfter:
		if kind == idptest.HangAfter {
			f.work(r)
		}
		select {
		case <-healed:
		case <-r.Context().Done():
		}
		cut(w, nil)
	case idptest.Truncated:
		cut(w, f.work(r))
	case idptest.WrongTypes:
		_, _ = io.WriteString(w, f.wrongTypes)
	case idptest.ProxyPage:
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(http.StatusBadGateway)
		_, _ = io.WriteString(w, "<html><body>Bad gateway</body></html>\n")
	case idptest.ServerErrorEmpty:
		w.WriteHeader(http.StatusInternalServerError)
	case idptest.RateLimited:
		w.Header().Set("Retry-After", "2")
		f.failure(w, http.StatusTooManyRequests)
	default:
		f.failure(w, map[idptest.FaultKind]int{
			idptest.RateLimitedBare: http.StatusTooManyRequests, idptest.ServerError: http.StatusInternalServerError,
			idptest.ReadOnly: http.StatusServiceUnavailable, idptest.Rejected: http.StatusUnauthorized, idptest.Denied: http.StatusForbidden,
		}[kind])
	}
}

// work lets the server do its work and keeps the answer.
func (f *faulty) work(r *http.Request) *httptest.ResponseRecorder {
	rec := httptest.NewRecorder()
	f.next.ServeHTTP(rec, r)
	if r.Method != http.MethodGet && rec.Code < 300 {
		f.mu.Lock()
		f.changes++
		f.mu.Unlock()
	}
	return rec
}

func (f *faulty) send(w http.ResponseWriter, rec *httptest.ResponseRecorder) {
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
