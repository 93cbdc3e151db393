package webhook_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	standard "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"usher/idp"
	"usher/idp/idptest"
	"usher/idp/rest"
	"usher/idp/webhook"
)

// TestSecretsAreReplaced goes through a rotation: at every step both sides have one secret in common.
func TestSecretsAreReplaced(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		app          []string
		current, old rest.Secret
		fine         bool
	}{
		"before":              {[]string{secret}, secret, "", true},
		"usher signs by both": {[]string{secret}, nextSecret, secret, true},
		"the app knows new":   {[]string{nextSecret}, nextSecret, secret, true},
		"the app knows both":  {[]string{secret, nextSecret}, secret, "", true},
		"after":               {[]string{nextSecret}, nextSecret, "", true},
		"too late":            {[]string{nextSecret}, secret, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, c.app...)
			p := s.provider(t, func(cfg *webhook.Config) { cfg.Secret, cfg.OldSecret = c.current, c.old })
			err := p.AddMember(t.Context(), s.addTeam("Team"), s.addUser(idptest.Person{Email: "a@suite.example"}))
			if (err == nil) != c.fine {
				t.Fatal(err)
			}
			if !c.fine {
				wantKind(t, err, idp.Unauthorized)
			}
		})
	}
}

// TestKeysOfChanges sends a change with the same key until its outcome is known.
func TestKeysOfChanges(t *testing.T) {
	t.Parallel()
	s := start(t)
	p := s.provider(t, nil)
	u, other, g := s.addUser(idptest.Person{Email: "a@suite.example"}), s.addUser(idptest.Person{Email: "b@suite.example"}), s.addTeam("Team")
	s.faulty.Inject(idptest.Fault{Kind: idptest.CutAfter, On: idptest.Changes, Times: 2})
	wantKind(t, p.AddMember(t.Context(), g, u), idp.Unavailable)     // 0, its answer is lost
	wantKind(t, p.AddMember(t.Context(), g, other), idp.Unavailable) // 1, too
	ok(t, p.AddMember(t.Context(), g, u))                            // 2, the same as 0
	ok(t, p.AddMember(t.Context(), g, u))                            // 3, a change of its own
	ok(t, p.RemoveMember(t.Context(), g, other))                     // 4, the opposite of 1
	ok(t, p.AddMember(t.Context(), g, other))                        // 5, not 1 again
	keys := s.keys
	if len(keys) != 6 || keys[0] != keys[2] {
		t.Fatalf("the keys are %v", keys)
	}
	seen := map[string]bool{}
	for _, k := range keys[1:] {
		if seen[k] || strings.Contains(k, ".") || len(k) < 20 {
			t.Errorf("%q came before, or is no good key", k)
		}
		seen[k] = true
	}
}

// TestAcceptedChanges is about changes that are done later.
func TestAcceptedChanges(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.later = true
	p := s.provider(t, func(c *webhook.Config) { c.Wait = 20 * time.Second })
	u, g := s.addUser(idptest.Person{Email: "a@suite.example"}), s.addTeam("Team")
	done := make(chan error)
	go func() { done <- p.AddMember(t.Context(), g, u) }()
	for asked := 0; asked < 3; {
		s.locked(func() { asked = s.asked })
		time.Sleep(time.Millisecond)
	}
	select {
	case err := <-done:
		t.Fatalf("the change is said to be done: %v", err)
	default:
	}
	s.finish()
	ok(t, <-done)
	if len(s.truth(g)) != 1 {
		t.Fatal("the change was not made")
	}
	impatient := s.provider(t, func(c *webhook.Config) { c.Wait = 50 * time.Millisecond })
	wantKind(t, impatient.RemoveMember(t.Context(), g, u), idp.Unavailable)
	s.finish()
	ok(t, impatient.RemoveMember(t.Context(), g, u)) // The same key: it is done already.
}

// TestStatusOfAChange is about what the receiver may say where it wanted to be asked.
func TestStatusOfAChange(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		location, status string
		code             int
		want             idp.Kind
	}{
		"done":                  {"/state", `{"status":"done"}`, 200, ""},
		"failed for a reason":   {"state", `{"status":"failed","error":"user_not_allowed","reason":"Guests may not join."}`, 200, idp.UserNotAllowed},
		"failed without a word": {"state", `{"status":"failed"}`, 200, idp.Unavailable},
		"another word":          {"state", `{"status":"ok"}`, 200, idp.Unavailable},
		"no JSON":               {"state", `done`, 200, idp.Unavailable},
		"accepted again":        {"state", `{"status":"done"}`, 202, idp.Unavailable},
		"forgotten":             {"state", `{"error":"group_not_found"}`, 404, idp.Unavailable},
		"another host":          {"https://elsewhere.example/state", ``, 200, idp.Unavailable},
		"another port":          {"http://127.0.0.1:1/state", ``, 200, idp.Unavailable},
		"another scheme":        {"ftp://127.0.0.1/state", ``, 200, idp.Unavailable},
		"no place":              {"", ``, 200, idp.Unavailable},
	} {
		p := serve(t, func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodGet {
				w.WriteHeader(c.code)
				_, _ = io.WriteString(w, c.status)
				return
			}
			if c.location != "" {
				w.Header().Set("Location", c.location)
			}
			answer(w, http.StatusAccepted, map[string]any{"status": "pending"})
		}, nil)
		err := p.AddMember(t.Context(), "g", "u")
		if idp.KindOf(err) != c.want {
			t.Errorf("%s: %v, want kind %q", name, err, c.want)
		}
		if c.want == idp.UserNotAllowed && !strings.Contains(err.Error(), "Guests may not join.") {
			t.Errorf("the reason is lost: %v", err)
		}
	}
}

// TestUnconfirmedChanges takes nothing but the explicit word for a success.
func TestUnconfirmedChanges(t *testing.T) {
	t.Parallel()
	for status, body := range map[int]string{
		200: `<html>Welcome</html>`, 201: `{"status":"done"}`, 202: `{"status":"done"}`, 204: ``, 206: `{"status":"done"}`, 304: ``, 207: `{}`,
	} {
		p := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		}, nil)
		if err := p.RemoveMember(t.Context(), "g", "u"); idp.KindOf(err) != idp.Unavailable {
			t.Errorf("%d: %v", status, err)
		}
	}
	for _, body := range []string{`{"status":"ok"}`, `{}`, `[]`, `"done"`, `null`, ``, `{"status":"pending"}`} {
		p := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) }, nil)
		if err := p.RemoveMember(t.Context(), "g", "u"); idp.KindOf(err) != idp.Unavailable {
			t.Errorf("%s: %v", body, err)
		}
	}
}

// TestRefusals translates the receiver's words.
func TestRefusals(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		status int
		body   string
		want   idp.Kind
	}{
		{404, `{"error":"user_not_found"}`, idp.UserNotFound},
		{404, `{"error":"group_not_found"}`, idp.GroupNotFound},
		{404, `not found`, idp.Unavailable}, // of whom, and by whom?
		{403, `{"error":"not_governable","reason":"x"}`, idp.NotGovernable},
		{403, `{"error":"forbidden"}`, idp.Forbidden},
		{403, ``, idp.Forbidden},
		{409, `{"error":"user_not_allowed"}`, idp.UserNotAllowed},
		{409, ``, idp.Unavailable},
		{400, `{"error":"invalid"}`, idp.Invalid},
		{401, `{"error":"unauthorized"}`, idp.Unauthorized},
		{429, `{"error":"invalid"}`, idp.Throttled},
		{500, `{"error":"user_not_found"}`, idp.Unavailable}, // A broken receiver proves nothing.
		{501, ``, idp.Invalid},
		{503, `{"error":"throttled"}`, idp.Unavailable},
	} {
		p := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(c.status)
			_, _ = io.WriteString(w, c.body)
		}, nil)
		if err := p.AddMember(t.Context(), "g", "u"); idp.KindOf(err) != c.want {
			t.Errorf("%d %s: %v, want %s", c.status, c.body, err, c.want)
		}
	}
}

// call posts to the callback handler, as the app would.
func call(t *testing.T, p *webhook.Provider, signedBy string, at time.Time, body any) int {
	t.Helper()
	raw, err := json.Marshal(body)
	ok(t, err)
	w, err := standard.NewWebhook(signedBy)
	ok(t, err)
	signature, err := w.Sign("msg_1", at, raw)
	ok(t, err)
	return post(t, p, http.MethodPost, string(raw), http.Header{
		"Webhook-Id": {"msg_1"}, "Webhook-Timestamp": {strconv.FormatInt(at.Unix(), 10)}, "Webhook-Signature": {"v1,bm8= " + signature},
	})
}

// TestCallsBack finishes a change by a call.
func TestCallsBack(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.later, s.silent = true, true
	p := s.provider(t, func(c *webhook.Config) { c.CallbackSecret, c.Wait = backSecret, 20*time.Second })
	u, g := s.addUser(idptest.Person{Email: "a@suite.example"}), s.addTeam("Team")
	for status, want := range map[string]idp.Kind{"done": "", "failed": idp.UserNotAllowed} {
		done := make(chan error)
		go func() { done <- p.AddMember(t.Context(), g, u) }()
		var keys []string
		for len(keys) == 0 {
			keys = s.finish()
			time.Sleep(time.Millisecond)
		}
		word := map[string]any{"change": keys[0], "status": status, "error": "user_not_allowed", "reason": "Not now."}
		for what, got := range map[string]int{
			"by the secret of requests": call(t, p, secret, time.Now(), word),
			"too old":                   call(t, p, backSecret, time.Now().Add(-6*time.Minute), word),
			"too new":                   call(t, p, backSecret, time.Now().Add(6*time.Minute), word),
		} {
			if got != http.StatusUnauthorized {
				t.Errorf("%s: %d", what, got)
			}
		}
		select {
		case err := <-done:
			t.Fatalf("a forged call was believed: %v", err)
		default:
		}
		if got := call(t, p, backSecret, time.Now(), word); got != http.StatusNoContent {
			t.Fatalf("the call was answered by %d", got)
		}
		wantKind(t, <-done, want)
		if got := call(t, p, backSecret, time.Now(), word); got != http.StatusNoContent { // It may come twice.
			t.Errorf("the second call was answered by %d", got)
		}
	}
}

// TestOddCallsBack are answered without harm.
func TestOddCallsBack(t *testing.T) {
	t.Parallel()
	s := start(t)
	p := s.provider(t, func(c *webhook.Config) { c.CallbackSecret = backSecret })
	for body, want := range map[string]int{
		`{"change":"chg_unknown","status":"done"}`: http.StatusNoContent,
		`{"change":"chg_1","status":"pending"}`:    http.StatusBadRequest,
		`{"status":"done"}`:                        http.StatusBadRequest,
		`"done"`:                                   http.StatusBadRequest,
	} {
		if got := call(t, p, backSecret, time.Now(), json.RawMessage(body)); got != want {
			t.Errorf("%s: %d, want %d", body, got, want)
		}
	}
	if got := post(t, p, http.MethodPost, "{}", nil); got != http.StatusUnauthorized {
		t.Errorf("unsigned: %d", got)
	}
	if got := post(t, p, http.MethodGet, "", nil); got != http.StatusMethodNotAllowed {
		t.Errorf("GET: %d", got)
	}
	if got := post(t, p, http.MethodPost, strings.Repeat("x", 1<<20), nil); got != http.StatusBadRequest {
		t.Errorf("too big: %d", got)
	}
	if got := call(t, s.provider(t, nil), backSecret, time.Now(), json.RawMessage(`{"change":"chg_1","status":"done"}`)); got != http.StatusNotFound {
		t.Errorf("without a secret: %d", got)
	}
}

// TestLibraryAccepts has the specification's own library judge a whole request by its clock.
func TestLibraryAccepts(t *testing.T) {
	t.Parallel()
	w, err := standard.NewWebhook(secret)
	ok(t, err)
	p := serve(t, func(rw http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if err := w.Verify(body, r.Header); err != nil {
			t.Errorf("the library refuses: %v", err)
		}
		if string(body) != `{"action":"remove","group":"g","user":"u"}` {
			t.Errorf("the body is %s", body)
		}
		answer(rw, 200, map[string]any{"status": "done"})
	}, nil)
	ok(t, p.RemoveMember(t.Context(), "g", "u"))
}

// post sends a request to the callback handler.
func post(t *testing.T, p *webhook.Provider, method, body string, headers http.Header) int {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, "/callback", strings.NewReader(body))
	for name, values := range headers {
		r.Header[name] = values
	}
	rec := httptest.NewRecorder()
	p.Callback().ServeHTTP(rec, r)
	return rec.Code
}
