package cli_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"usher/idp"
	"usher/idp/okta"
)

// distant is Okta behind HTTP: each call takes a while. It answers bare calls, which name somebody and nothing else, and those of
// the production adapter. As a provider it makes bare calls itself, so that the core alone meets the same delays.
type distant struct {
	*vendors
	url    string
	client *http.Client
	calls  atomic.Int64

	mu      sync.Mutex
	removed map[idp.UserID]time.Time // When the first byte of the removal arrived.
}

const (
	// answerAfter is how long the stub takes for a call.
	answerAfter = 5 * time.Millisecond
	// bareAtOnce is how many bare calls are under way at once, as many as the core alone makes.
	bareAtOnce = 50
	// oktaAtOnce is the most that the adapter lets through its gate at once.
	oktaAtOnce = 35
	// oktaLimit is how many calls a minute the stub grants: so many that the gate counts them and holds none back.
	oktaLimit = 10_000_000
)

func newDistant(b *testing.B, v *vendors) *distant {
	b.Helper()
	d := &distant{
		vendors: v, removed: map[idp.UserID]time.Time{},
		client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}},
	}
	srv := httptest.NewServer(d.routes())
	d.url = srv.URL
	b.Cleanup(func() {
		d.client.CloseIdleConnections()
		srv.Close()
	})
	return d
}

// adapter is the production adapter before the stub, with its gate and as many calls at once as it ever permits.
func (d *distant) adapter(b *testing.B) *okta.Provider {
	b.Helper()
	p, err := okta.New(okta.Config{URL: d.url, InsecureHTTP: true, Token: "00sandbox", MaxInFlight: oktaAtOnce})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(p.Close)
	return p
}

// routes are the bare calls, and those that the adapter makes in a life without faults, in the shapes that Okta documents.
func (d *distant) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/{user}", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	mux.HandleFunc("GET /api/v1/users", d.people)
	mux.HandleFunc("GET /api/v1/users/{user}", func(w http.ResponseWriter, r *http.Request) {
		answer(w, http.StatusOK, "%s", oktaUser(r.PathValue("user")))
	})
	mux.HandleFunc("GET /api/v1/users/{user}/groups", d.memberships)
	mux.HandleFunc("PUT /api/v1/groups/{group}/users/{user}", d.member(d.vendors.AddMember))
	mux.HandleFunc("DELETE /api/v1/groups/{group}/users/{user}", d.member(d.vendors.RemoveMember))
	mux.HandleFunc("GET /api/v1/groups/{group}", func(w http.ResponseWriter, r *http.Request) {
		answer(w, http.StatusOK, "%s", oktaGroup(r.PathValue("group")))
	})
	none := func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, "[]") }
	mux.HandleFunc("GET /api/v1/groups/{group}/roles", none)
	mux.HandleFunc("GET /api/v1/groups/rules", none)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodDelete {
			d.mu.Lock()
			d.removed[idp.UserID(r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:])] = time.Now()
			d.mu.Unlock()
		}
		time.Sleep(answerAfter) // The stub's own time, as the measured reference has it too.
		h := w.Header()
		h.Set("X-Rate-Limit-Limit", fmt.Sprint(oktaLimit))
		h.Set("X-Rate-Limit-Remaining", fmt.Sprint(oktaLimit-d.calls.Add(1)))
		h.Set("X-Rate-Limit-Reset", fmt.Sprint(time.Now().Truncate(time.Minute).Add(time.Minute).Unix()))
		mux.ServeHTTP(w, r)
	})
}

// people answers the search for an address, and no other.
func (d *distant) people(w http.ResponseWriter, r *http.Request) {
	rest, asks := strings.CutPrefix(r.FormValue("filter"), `profile.email eq "`)
	name, known := strings.CutSuffix(rest, `@x.example"`)
	if !asks || !known {
		answer(w, http.StatusBadRequest, `{"errorCode":"E0000031","errorSummary":"Invalid search criteria."}`)
		return
	}
	answer(w, http.StatusOK, "[%s]", oktaUser(name))
}

func (d *distant) memberships(w http.ResponseWriter, r *http.Request) {
	var list []string
	for _, g := range []string{"00g1bench", "00g1auto"} {
		if is, err := d.vendors.IsMember(r.Context(), idp.GroupID(g), idp.UserID(r.PathValue("user"))); is && err == nil {
			list = append(list, oktaGroup(g))
		}
	}
	answer(w, http.StatusOK, "[%s]", strings.Join(list, ","))
}

func (d *distant) member(change func(context.Context, idp.GroupID, idp.UserID) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if err := change(r.Context(), idp.GroupID(r.PathValue("group")), idp.UserID(r.PathValue("user"))); err != nil {
			answer(w, http.StatusInternalServerError, `{"errorCode":"E0000009","errorSummary":"Internal Server Error"}`)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	}
}

// oktaUser is somebody whose manager is the boss.
func oktaUser(name string) string {
	return fmt.Sprintf(`{"id":%q,"status":"ACTIVE","created":"2026-01-01T00:00:00.000Z","lastLogin":"2026-01-01T00:00:00.000Z",`+
		`"profile":{"login":"%[1]s@x.example","email":"%[1]s@x.example","firstName":%[1]q,"lastName":"Bench","displayName":%[1]q,"managerId":"boss"}}`, name)
}

func oktaGroup(id string) string {
	return fmt.Sprintf(`{"id":%q,"type":"OKTA_GROUP","objectClass":["okta:user_group"],"profile":{"name":%q,"description":null}}`, id, id)
}

// floor is how long n removals and as many reads take, by so many workers who keep nothing.
func (d *distant) floor(n, workers int) time.Duration {
	start := time.Now()
	work := make(chan int, n)
	for i := range n {
		work <- i
	}
	close(work)
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for i := range work {
				for _, m := range []string{http.MethodDelete, http.MethodGet} {
					_ = d.call(m, idp.UserID(fmt.Sprint("floor", i))) // A failure would only make the reference faster.
				}
			}
		})
	}
	wg.Wait()
	return time.Since(start)
}

// call makes a bare call.
func (d *distant) call(method string, u idp.UserID) error {
	req, err := http.NewRequest(method, d.url+"/"+string(u), nil) //nolint:noctx // Bounded by the benchmark.
	if err != nil {
		return err
	}
	resp, err := d.client.Do(req)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, resp.Body)
	return errors.Join(err, resp.Body.Close())
}

func (d *distant) AddMember(ctx context.Context, g idp.GroupID, u idp.UserID) error {
	if err := d.call(http.MethodPut, u); err != nil {
		return err
	}
	return d.vendors.AddMember(ctx, g, u)
}

func (d *distant) RemoveMember(ctx context.Context, g idp.GroupID, u idp.UserID) error {
	if err := d.call(http.MethodDelete, u); err != nil {
		return err
	}
	return d.vendors.RemoveMember(ctx, g, u)
}

func (d *distant) IsMember(ctx context.Context, g idp.GroupID, u idp.UserID) (bool, error) {
	if err := d.call(http.MethodGet, u); err != nil {
		return false, err
	}
	return d.vendors.IsMember(ctx, g, u)
}

// gone is of how many people the removal has arrived.
func (d *distant) gone() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.removed)
}

// forget lets the next removals be counted from none.
func (d *distant) forget() {
	d.mu.Lock()
	defer d.mu.Unlock()
	clear(d.removed)
}
