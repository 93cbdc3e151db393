package access_test

import (
	"testing"
	"time"

	"usher/access"
	"usher/idp"
)

func TestWhatFitsButMayNotBeAskedForIsNamedWithItsReason(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	list, err := w.service.Closed(t.Context(), w.person("rita"), "git hidden", 3)
	if err != nil || len(list) != 1 || list[0].Role.String() != "Git: Hidden" || list[0].Why != "Only Elsewhere" {
		t.Errorf("%+v, %v", list, err)
	}
	if list, err = w.service.Closed(t.Context(), w.person("rita"), "git", 3); err != nil || len(list) != 1 {
		t.Errorf("what may be asked for is among %+v, %v", list, err)
	}
	if list, err = w.service.Closed(t.Context(), w.person("rita"), "payroll", 3); err != nil || len(list) != 0 {
		t.Errorf("%+v, %v", list, err)
	}
}

func TestALeaverInSlackLosesWhatTheirDirectoryAccountHeld(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.run()
	rita := w.person("rita")
	r := w.submit("rita", "auto", time.Hour)
	w.until("active", func() bool { return w.grant(r.ID).State == access.GrantActive })
	if _, n, err := w.service.OffboardSlack(t.Context(), rita.Slack); access.CodeOf(err) != access.NotAllowed || n != 0 {
		t.Errorf("while the account is active: %d, %v", n, err)
	}
	if p, n, err := w.service.OffboardSlack(t.Context(), "U0NOBODY"); err != nil || n != 0 || p != (access.Person{}) {
		t.Errorf("somebody unknown: %+v, %d, %v", p, n, err)
	}
	w.dir.mu.Lock()
	u := w.dir.users[rita.User]
	u.Status, u.StatusDetail = idp.Inactive, "DEPROVISIONED"
	w.dir.users[rita.User] = u
	w.dir.mu.Unlock()
	if p, n, err := w.service.OffboardSlack(t.Context(), rita.Slack); err != nil || n != 1 || !p.Is(rita) {
		t.Errorf("after it was deactivated: %+v, %d, %v", p, n, err)
	}
	w.until("ended", func() bool {
		g := w.grant(r.ID)
		return g.State == access.GrantEnded && g.EndReason == access.EndOffboarded
	})
}
