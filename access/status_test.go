package access_test

import (
	"slices"
	"testing"
	"time"

	"usher/access"
	"usher/idp"
)

// deactivate has somebody leave.
func (d *directory) deactivate(who string) idp.UserID {
	d.mu.Lock()
	defer d.mu.Unlock()
	id := idp.UserID("u-" + who)
	u := d.users[id]
	u.Status, u.StatusDetail = idp.Departed, "DEPROVISIONED"
	d.users[id] = u
	return id
}

// Whatever becomes of a request, its issue comes to rest in the status that says so.
func TestTheIssueComesToRestInTheStatusOfTheOutcome(t *testing.T) {
	t.Parallel()
	pending := func(w *world) access.RequestID { return w.submit("rita", "write", time.Hour).ID }
	active := func(w *world) access.RequestID { return w.active("rita", "write", time.Hour) }
	extending := func(w *world) access.RequestID {
		id := active(w)
		x, err := w.service.Extend(w.t.Context(), w.person("rita"), access.GrantID(id), "", "")
		if err != nil {
			w.t.Fatal(err)
		}
		return x.ID
	}
	for name, x := range map[string]struct {
		begin func(w *world) access.RequestID
		end   func(w *world, id access.RequestID) error
		after time.Duration
		want  access.IssueStatus
		why   access.EndReason // Of the grant.
	}{
		"denied": {pending, func(w *world, id access.RequestID) error { return w.decide("mona", id, access.Deny, "no") }, 0, access.IssueDenied, ""},
		"canceled": {pending, func(w *world, id access.RequestID) error {
			_, err := w.service.Cancel(w.t.Context(), w.person("rita"), id)
			return err
		}, 0, access.IssueCanceled, ""},
		"undecided": {pending, nil, 73 * time.Hour, access.IssueExpired, ""},
		"refused by the directory": {pending, func(w *world, id access.RequestID) error {
			w.dir.failing(func(op string, _ idp.GroupID) error {
				if op == "add" {
					return &idp.Error{Kind: idp.NotGovernable, Op: "add member"}
				}
				return nil
			})
			return w.decide("mona", id, access.Approve, "")
		}, 0, access.IssueFailed, ""},
		"running":    {active, nil, 0, access.IssueActive, ""},
		"time is up": {active, nil, time.Hour, access.IssueEnded, access.EndExpired},
		"given back": {active, func(w *world, id access.RequestID) error {
			_, err := w.service.Release(w.t.Context(), w.person("rita"), access.GrantID(id))
			return err
		}, 0, access.IssueEnded, access.EndReleased},
		"revoked": {active, func(w *world, id access.RequestID) error {
			_, err := w.service.Revoke(w.t.Context(), w.person("owen"), access.GrantID(id), "audit")
			return err
		}, 0, access.IssueEnded, access.EndRevoked},
		"the holder has left": {active, func(w *world, _ access.RequestID) error {
			_, err := w.service.Offboard(w.t.Context(), w.dir.deactivate("rita"))
			return err
		}, 0, access.IssueEnded, access.EndOffboarded},
		"extended": {extending, func(w *world, id access.RequestID) error { return w.decide("mona", id, access.Approve, "") }, 0, access.IssueEnded, ""},
		"extended, then revoked": {extending, func(w *world, id access.RequestID) error {
			if err := w.decide("mona", id, access.Approve, ""); err != nil {
				return err
			}
			wait(time.Second)
			_, err := w.service.Revoke(w.t.Context(), w.person("owen"), access.GrantID(w.request(id).Grant), "audit")
			return err
		}, 0, access.IssueEnded, access.EndRevoked},
		"an extension is left over": {extending, nil, time.Hour, access.IssueCanceled, access.EndExpired},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			virtual(t, nil, func(t *testing.T, w *world) {
				w.run()
				id := x.begin(w)
				wait(time.Minute)
				if x.end != nil {
					if err := x.end(w, id); err != nil {
						t.Fatal(err)
					}
				}
				wait(x.after + time.Minute)
				if got := w.tracker.of(id); got.status != x.want {
					t.Errorf("the issue is %s, want %s\n%s", got.status, x.want, w.tracker.dump())
				}
				home := w.request(id).Grant // The request that the grant was made for tells of its end, too.
				if x.why == "" || home == "" {
					return
				}
				origin := w.tracker.of(access.RequestID(home))
				if g := w.grant(access.RequestID(home)); g.EndReason != x.why || origin.status != access.IssueEnded {
					t.Errorf("the grant ended as %q, its issue is %s", g.EndReason, origin.status)
				}
				if !slices.ContainsFunc(origin.lines, func(e access.Event) bool { return e.Kind == access.EventEnded && e.Facts["reason"] == string(x.why) }) {
					t.Errorf("the issue does not say why the access ended:\n%s", w.tracker.dump())
				}
			})
		})
	}
}
