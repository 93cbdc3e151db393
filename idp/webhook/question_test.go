package webhook_test

import (
	"net/http"
	"testing"

	"usher/idp"
)

// The receiver has accepted the change and works on it; the question about it is refused. The change may come about all the same, so
// its outcome is open: the core takes Unavailable alone for that.
func TestARefusedQuestionLeavesTheOutcomeOpen(t *testing.T) {
	t.Parallel()
	for _, status := range []int{401, 403, 429, 503} {
		p := serve(t, func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodGet {
				if status == 429 {
					w.Header().Set("Retry-After", "1")
				}
				w.WriteHeader(status)
				return
			}
			w.Header().Set("Location", "state")
			answer(w, http.StatusAccepted, map[string]any{"status": "pending"})
		}, nil)
		if err := p.AddMember(t.Context(), "g", "u"); idp.KindOf(err) != idp.Unavailable {
			t.Errorf("%d: %v, want Unavailable: the change was accepted and may come about", status, err)
		}
	}
}
