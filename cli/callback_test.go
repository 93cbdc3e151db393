package cli_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"usher/sandbox"
)

// billing is a receiver that accepts a change at once, says neither when it is done nor where to ask, and calls back.
type billing struct {
	requests, back []byte            // keys
	users          map[string]string // e-mail addresses by id
	accepted       chan accepted     // changes that wait for finish

	mu      sync.Mutex
	writers map[string]bool
}

// accepted is a change with its key.
type accepted struct{ key, Action, Group, User string }

func newBilling() *billing {
	return &billing{
		requests: []byte("the key by which Usher signs"), back: []byte("the key by which billing signs"),
		users: map[string]string{"7": "maya@larkspur.example"}, accepted: make(chan accepted, 9), writers: map[string]bool{},
	}
}

func whsec(key []byte) string { return "whsec_" + base64.StdEncoding.EncodeToString(key) }

func signed(key []byte, id, at, body string) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(id + "." + at + "." + body))
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// ServeHTTP is the part of the protocol that is needed here.
func (b *billing) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	say := func(status int, v any) {
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(v)
	}
	id := r.Header.Get("Webhook-Id")
	if want := signed(b.requests, id, r.Header.Get("Webhook-Timestamp"), string(body)); r.Header.Get("Webhook-Signature") != want {
		say(http.StatusUnauthorized, map[string]string{"error": "unauthorized"})
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	path := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	switch {
	case r.Method == http.MethodPost:
		c := accepted{key: id}
		_ = json.Unmarshal(body, &c)
		b.accepted <- c
		say(http.StatusAccepted, map[string]string{"status": "pending"})
	case path[0] == "users" && len(path) == 2:
		say(http.StatusOK, b.user(path[1]))
	case path[0] == "users":
		found := []any{}
		for user, address := range b.users {
			if strings.EqualFold(address, r.URL.Query().Get("email")) {
				found = append(found, b.user(user))
			}
		}
		say(http.StatusOK, map[string]any{"users": found})
	case slices.Equal(path, []string{"groups", "writers"}):
		say(http.StatusOK, map[string]string{"id": "writers", "name": "Writers"})
	case len(path) == 4 && path[1] == "writers" && b.users[path[3]] != "":
		say(http.StatusOK, map[string]bool{"member": b.writers[path[3]]})
	default:
		say(http.StatusNotFound, map[string]string{"error": "group_not_found"})
	}
}

func (b *billing) user(id string) any {
	return map[string]string{"id": id, "email": b.users[id], "status": "active"}
}

// finish does what was accepted.
func (b *billing) finish(c accepted) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.writers[c.User] = c.Action == "add"
}

// next waits for a change to be accepted.
func (b *billing) next(ctx context.Context, t *testing.T) accepted {
	t.Helper()
	select {
	case c := <-b.accepted:
		return c
	case <-ctx.Done():
		t.Fatal("no change was sent")
		return accepted{}
	}
}

// calls sends to Usher's listener, signed with a key and by the clock of the sandbox, and returns the status.
func (s *served) calls(ctx context.Context, method, path string, key []byte, body string) int {
	s.t.Helper()
	at := strconv.FormatInt(s.world.Clock.Now().Unix(), 10)
	req, err := http.NewRequestWithContext(ctx, method, "http://"+s.addr+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Webhook-Id", "msg_1")
	req.Header.Set("Webhook-Timestamp", at)
	req.Header.Set("Webhook-Signature", signed(key, "msg_1", at, body))
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatalf("%v\n%s", err, s.logged())
	}
	_ = resp.Body.Close()
	return resp.StatusCode
}

// billed is Usher with GitHub's writers at such a receiver.
func billed(t *testing.T, b *billing) func(*served) {
	t.Helper()
	receiver := httptest.NewServer(b)
	t.Cleanup(receiver.Close)
	return func(s *served) {
		s.write("secret", []byte(whsec(b.requests)))
		s.write("back", []byte(whsec(b.back)))
		s.write("usher.yml", fmt.Appendf(nil, "%slisten: %s\ndirectory: okta\nwebhook:\n  billing: {url: %q, secret_file: secret, callback_secret_file: back, wait: 30s}\n",
			testSettings, s.addr, receiver.URL))
		s.write("catalog.yml", []byte(strings.Replace(string(sandbox.Catalog()), `"okta:`+githubWrite+`"`, `"billing:writers"`, 1)))
	}
}

func TestAReceiverCallsBackAndNobodyElseIsBelieved(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	b := newBilling()
	s := serveChild(ctx, t, billed(t, b))
	w := s.world
	if err := w.Request(ctx, "maya", "github write", "GitHub: Write", "1 hour", "A fix"); err != nil {
		t.Fatal(err)
	}
	m, err := w.WaitMessage(ctx, "priya", "[Approve]")
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Press(ctx, "priya", m, "approve"); err != nil {
		t.Fatal(err)
	}
	add := b.next(ctx, t)
	refused := fmt.Sprintf(`{"change":%q,"status":"failed","error":"user_not_allowed","reason":"Not this one."}`, add.key)
	for what, c := range map[string]struct {
		method, path string
		key          []byte
		want         int
	}{
		"by the key of requests": {http.MethodPost, "/callback/billing", b.requests, http.StatusUnauthorized},
		"by no key":              {http.MethodPost, "/callback/billing", nil, http.StatusUnauthorized},
		"by another method":      {http.MethodGet, "/callback/billing", b.back, http.StatusMethodNotAllowed},
		"for another":            {http.MethodPost, "/callback/okta", b.back, http.StatusNotFound},
		"for nobody":             {http.MethodPost, "/callback/", b.back, http.StatusNotFound},
		"to the metrics":         {http.MethodPost, "/metrics", b.back, http.StatusMethodNotAllowed},
	} {
		if got := s.calls(ctx, c.method, c.path, c.key, refused); got != c.want {
			t.Errorf("%s: status %d, want %d", what, got, c.want)
		}
	}
	b.finish(add)
	if got := s.calls(ctx, http.MethodPost, "/callback/billing", b.back, fmt.Sprintf(`{"change":%q,"status":"done"}`, add.key)); got != http.StatusNoContent {
		t.Errorf("the call back is answered by %d", got)
	}
	if _, err := w.WaitMessage(ctx, "maya", "active until"); err != nil {
		t.Fatalf("%v\n%s", err, s.logged())
	}
	w.Clock.Advance(time.Hour)
	s.endsInHand(ctx, b)
	if n := len(b.accepted); n != 0 {
		t.Errorf("%d changes were sent again", n)
	}
}

// endsInHand stops the program while it waits for the call back of a removal: it hears that call, and goes.
func (s *served) endsInHand(ctx context.Context, b *billing) {
	s.t.Helper()
	remove := b.next(ctx, s.t)
	began := time.Now()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		s.t.Fatal(err)
	}
	s.until(ctx, "no more input", func() bool { return s.world.Slack.Connections() == 0 })
	b.finish(remove)
	if got := s.calls(ctx, http.MethodPost, "/callback/billing", b.back, fmt.Sprintf(`{"change":%q,"status":"done"}`, remove.key)); got != http.StatusNoContent {
		s.t.Errorf("the call back at the end is answered by %d", got)
	}
	if err := s.cmd.Wait(); err != nil || !strings.Contains(s.logged(), "kind=grant.ended") {
		s.t.Errorf("stop: %v\n%s", err, s.logged())
	}
	if took := time.Since(began); took > 10*time.Second {
		s.t.Errorf("it took %v", took)
	}
}
