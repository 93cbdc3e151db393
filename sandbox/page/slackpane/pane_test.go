package slackpane_test

import (
	"io/fs"
	"net/http"
	"net/http/httptest"
	"testing"

	"usher/sandbox"
	"usher/sandbox/page/slackpane"
)

func TestEveryTabIsServed(t *testing.T) {
	t.Parallel()
	w, err := sandbox.Start(sandbox.Config{Network: sandbox.NewNetwork()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() })
	h := slackpane.New(w).Handler()
	for _, tab := range []string{"home", "messages", "general"} {
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/?who=maya&tab="+tab, nil))
		if rec.Code != http.StatusOK {
			t.Errorf("%s: %d %s", tab, rec.Code, rec.Body)
		}
	}
	for _, name := range []string{"pane.css", "pane.js"} {
		if _, err := fs.Stat(slackpane.Assets(), name); err != nil {
			t.Error(err)
		}
	}
}
