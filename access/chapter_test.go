package access_test

import (
	"testing"
	"time"

	"usher/access"
)

// Slack notifies of new messages only. What the requester waits for, and what somebody else did to them, comes as one; what
// they did themselves, and what a notice announced, does not.
func TestNewsComesAsANewMessage(t *testing.T) {
	t.Parallel()
	approve := func(w *world, id access.RequestID) error { return w.decide("mona", id, access.Approve, "") }
	for name, c := range map[string]struct {
		before, deed func(w *world, id access.RequestID) error
		state        access.RequestState
		grant        access.GrantState
		anew         bool
	}{
		"active": {nil, approve, access.RequestApproved, access.GrantActive, true},
		"denied": {nil, func(w *world, id access.RequestID) error { return w.decide("mona", id, access.Deny, "not now") }, access.RequestDenied, "", true},
		"nobody decided": {nil, func(w *world, _ access.RequestID) error {
			w.advance(30 * 24 * time.Hour)
			return nil
		}, access.RequestExpired, "", true},
		"canceled": {nil, func(w *world, id access.RequestID) error {
			_, err := w.service.Cancel(w.t.Context(), w.person("rita"), id)
			return err
		}, access.RequestCanceled, "", false},
		"ended on time": {approve, func(w *world, _ access.RequestID) error {
			w.advance(2 * time.Hour)
			return nil
		}, access.RequestApproved, access.GrantEnded, false},
		"released": {approve, func(w *world, id access.RequestID) error {
			_, err := w.service.Release(w.t.Context(), w.person("rita"), access.GrantID(id))
			return err
		}, access.RequestApproved, access.GrantEnded, false},
		"revoked": {approve, func(w *world, id access.RequestID) error {
			_, err := w.service.Revoke(w.t.Context(), w.person("owen"), access.GrantID(id), "left the project")
			return err
		}, access.RequestApproved, access.GrantEnded, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.run()
			id := w.submit("rita", "write", time.Hour).ID
			// shown waits until the message that stands shows the state, and returns where it is.
			shown := func(state access.RequestState, grant access.GrantState) access.MessageRef {
				t.Helper()
				w.until("the message shows "+string(state)+" "+string(grant), func() bool {
					m, _ := w.slack.last(access.MessageStatus, id, "rita")
					is := m.Request.State == state && (m.Grant == nil && grant == "" || m.Grant != nil && m.Grant.State == grant)
					r := w.request(id)
					return is && r.Status != (access.MessageRef{}) && r.Chapter == m.Chapter
				})
				return w.request(id).Status
			}
			w.until("the issue is there", func() bool { return w.request(id).Issue.Key != "" })
			first := shown(access.RequestPending, "")
			if c.before != nil {
				if err := c.before(w, id); err != nil {
					t.Fatal(err)
				}
				first = shown(access.RequestApproved, access.GrantActive)
			}
			if err := c.deed(w, id); err != nil {
				t.Fatal(err)
			}
			now := shown(c.state, c.grant)
			if anew := now != first; anew != c.anew {
				t.Errorf("a new message: %v, want %v", anew, c.anew)
			}
			w.until("all is folded", func() bool { return !w.pending(access.EffectFold) && len(w.request(id).Outdated) == 0 })
			if folded := w.slack.replaced(first); folded != c.anew {
				t.Errorf("the message before was replaced: %v, want %v", folded, c.anew)
			}
		})
	}
}

// An extension that Usher closes because the access ends is news: nobody decided, and the requester waits for an answer.
func TestAWithdrawnExtensionIsNews(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.run()
	id := w.active("rita", "write", time.Hour)
	ext, err := w.service.Extend(t.Context(), w.person("rita"), access.GrantID(id), "a little longer", "k")
	if err != nil {
		t.Fatal(err)
	}
	w.until("the extension waits", func() bool { return w.request(ext.ID).Status != (access.MessageRef{}) })
	first := w.request(ext.ID).Status
	if _, err := w.service.Revoke(t.Context(), w.person("owen"), access.GrantID(id), "left the project"); err != nil {
		t.Fatal(err)
	}
	w.until("told anew", func() bool {
		r := w.request(ext.ID)
		return r.State == access.RequestCanceled && r.Withdrawn != "" && r.Chapter == access.ChapterAnswered && r.Status != first && len(r.Outdated) == 0
	})
}
