package browser

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
	"time"
)

// open serves a page with this body and opens it. Its script may be asked for as /script.js; everything else is not found.
func open(t *testing.T, width int, body, script string) *Tab {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; connect-src 'self'; img-src data:")
		switch r.URL.Path {
		case "/":
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			reply(w, `<!doctype html><html lang="en"><head><title>A page</title><meta name="viewport" content="width=device-width">
				<link rel="icon" href="data:,"></head><body><main>%s</main><script type="module" src="/script.js"></script></body></html>`, body)
		case "/script.js":
			w.Header().Set("Content-Type", "text/javascript")
			reply(w, "%s", script)
		case "/broken":
			panic(http.ErrAbortHandler)
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(s.Close)
	tab := Open(t, width, 700)
	tab.Go(s.URL)
	return tab
}

func reply(w io.Writer, format string, args ...any) { _, _ = fmt.Fprintf(w, format, args...) }

// forgive keeps trouble that a test caused on purpose from failing it.
func forgive(tab *Tab) { tab.Allow(func(Trouble) bool { return true }) }

// put replaces what is on the page, but not its script.
func (tab *Tab) put(body string) {
	tab.t.Helper()
	tab.Eval(fmt.Sprintf("document.querySelector('main').innerHTML = %q", body), nil)
}

// waitFor waits until something is so, by the tab's patience.
func (tab *Tab) waitFor(so func() bool) error {
	for deadline := time.Now().Add(tab.patience); ; {
		if so() {
			return nil
		}
		if time.Now().After(deadline) {
			return os.ErrDeadlineExceeded
		}
		tab.Eval("usherTest.change()", nil)
	}
}
