package access_test

import (
	"strings"
	"testing"
	"time"

	"usher/access"
)

// withExtension plays a story in which rita has an access whose extension waits for mona.
func withExtension(t *testing.T, story func(t *testing.T, w *world, id, extension access.RequestID)) {
	t.Helper()
	virtual(t, nil, func(t *testing.T, w *world) {
		w.run()
		id := w.active("rita", "write", time.Hour)
		wait(time.Minute)
		x, err := w.service.Extend(t.Context(), w.person("rita"), access.GrantID(id), "more", "key")
		if err != nil {
			t.Fatal(err)
		}
		wait(time.Second)
		story(t, w, id, x.ID)
	})
}

// Somebody who has left holds an access whose extension waits: ending both is no failure.
func TestALeaverWithAnExtensionThatWaitsIsSettledAtOnce(t *testing.T) {
	t.Parallel()
	withExtension(t, func(t *testing.T, w *world, id, extension access.RequestID) {
		w.dir.deactivate("rita")
		n, err := w.service.Offboard(t.Context(), "u-rita")
		if err != nil || n != 1 {
			t.Errorf("%d ended, %v; the extension is %s", n, err, w.request(extension).State)
		}
	})
}

// Usher closed the extension because its access has ended; who clicks then must not be told that the requester did it.
func TestAnExtensionThatUsherClosedIsNotSaidToBeCanceledByItsRequester(t *testing.T) {
	t.Parallel()
	withExtension(t, func(t *testing.T, w *world, id, extension access.RequestID) {
		if _, err := w.service.Revoke(t.Context(), w.person("owen"), access.GrantID(id), "Not needed any more."); err != nil {
			t.Fatal(err)
		}
		wait(time.Second)
		if err := w.decide("mona", extension, access.Approve, ""); err == nil || strings.Contains(err.Error(), "canceled by rita") {
			t.Errorf("mona is told: %v", err)
		}
	})
}
