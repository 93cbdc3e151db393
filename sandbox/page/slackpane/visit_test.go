package slackpane_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
	"time"

	"usher/sandbox/page/blockkit"
	"usher/sandbox/page/browser"
	"usher/sandbox/page/slackpane"
)

// visit serves a page with nothing but the pane, under the policy of the whole page, and opens it.
func (b *bench) visit(address string, width, height int) *browser.Tab {
	b.t.Helper()
	mux := http.NewServeMux()
	mux.Handle("/", http.FileServerFS(os.DirFS("testdata")))
	mux.Handle("/static/", http.StripPrefix("/static", http.FileServerFS(os.DirFS("../static"))))
	mux.Handle("/static/slack/", http.StripPrefix("/static/slack", http.FileServerFS(slackpane.Assets())))
	mux.Handle("/slack/", http.StripPrefix("/slack", b.pane))
	mux.HandleFunc("/favicon.ico", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	mux.HandleFunc("/blockkit.css", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/css")
		_, _ = w.Write(blockkit.CSS()) // The browser went away.
	})
	mux.HandleFunc("/events", b.events)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'")
		mux.ServeHTTP(w, r)
	}))
	b.t.Cleanup(srv.Close)
	tab := browser.Open(b.t, width, height)
	tab.Go(srv.URL + "/" + address)
	return tab
}

// events tells the browser of each change in Slack.
func (b *bench) events(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	for {
		changed := b.Slack.Changed()
		_, _ = fmt.Fprint(w, "data: changed\n\n") // A browser that went away ends the request.
		if http.NewResponseController(w).Flush() != nil {
			return
		}
		select {
		case <-changed:
		case <-r.Context().Done():
			return
		}
	}
}

// focus waits until something has the focus.
func focus(t *testing.T, tab *browser.Tab, role, name string) {
	t.Helper()
	f := tab.Focused()
	for end := time.Now().Add(10 * time.Second); f.Role != role || f.Name != name; f = tab.Focused() {
		if time.Now().After(end) {
			t.Fatalf("the focus is on the %s %q, %s", f.Role, f.Name, f.Element)
		}
		tab.Eval(nextFrame, nil)
	}
}

// nextFrame waits until the page is drawn again.
const nextFrame = "new Promise(requestAnimationFrame).then(() => 0)"
