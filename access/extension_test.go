package access_test

import (
	"testing"
	"time"

	"usher/access"
	"usher/catalog"
)

func TestExtensionMovesTheEndAndIsCapped(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.run()
	id := w.active("rita", "write", time.Hour)
	due := w.grant(id).DueAt
	for n := 1; n <= 2; n++ {
		x, err := w.service.Extend(t.Context(), w.person("rita"), access.GrantID(id), "", "")
		if err != nil {
			t.Fatal(err)
		}
		if x.Kind != access.KindExtension || time.Duration(x.Duration) != time.Hour {
			t.Fatalf("extension %+v", x)
		}
		w.until("asked", func() bool { return w.request(x.ID).Issue.Key != "" })
		if err := w.decide("mona", x.ID, access.Approve, ""); err != nil {
			t.Fatal(err)
		}
		due = due.Add(time.Hour)
		if got := w.grant(id).DueAt; !got.Equal(due) {
			t.Fatalf("due %s, want %s", got, due)
		}
	}
	if _, err := w.service.Extend(t.Context(), w.person("rita"), access.GrantID(id), "", ""); access.CodeOf(err) != access.CannotExtend {
		t.Errorf("third extension: %v", err)
	}
	w.advance(time.Hour)
	if !w.dir.member("gwrite", "rita") {
		t.Fatal("the first due time was obeyed in spite of the extension")
	}
	w.advance(2 * time.Hour)
	w.until("ended", func() bool { return w.state(id) == access.GrantEnded })
	if err := access.VerifyChain(w.events(id)); err != nil {
		t.Error(err)
	}
}

func TestAnExtensionIsDecidedByTheWholeLength(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.run()
	id := w.active("rita", "short", time.Hour)
	x, err := w.service.Extend(t.Context(), w.person("rita"), access.GrantID(id), "", "")
	if err != nil {
		t.Fatal(err)
	}
	if x.Automatic() || x.State != access.RequestPending {
		t.Errorf("an hour needs nobody, two need the manager, but one and one were %s by %q", x.State, x.Policy.Rule)
	}
}

func TestTheNoticeIsTrueAlsoAfterExtensionAndEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.run()
	id := w.active("rita", "write", 6*time.Hour)
	told := func() access.Message { m, _ := w.slack.last(access.MessageNotice, id, "rita"); return m }
	w.advance(5*time.Hour + 30*time.Minute)
	w.until("notice", func() bool { return w.grant(id).Notice != (access.MessageRef{}) })
	first := w.grant(id).Notice
	x, err := w.service.Extend(t.Context(), w.person("rita"), access.GrantID(id), "", "")
	if err != nil {
		t.Fatal(err)
	}
	w.until("asked", func() bool { return w.request(x.ID).Issue.Key != "" })
	if err := w.decide("mona", x.ID, access.Approve, ""); err != nil {
		t.Fatal(err)
	}
	due := w.grant(id).DueAt
	w.until("the notice shows the later end", func() bool { m := told(); return m.At == first && m.Grant.DueAt.Equal(due) })
	w.advance(6 * time.Hour)
	w.until("a new notice before the later end", func() bool { n := w.grant(id).Notice; return n != first && n != (access.MessageRef{}) })
	if _, err := w.service.Release(t.Context(), w.person("rita"), access.GrantID(id)); err != nil {
		t.Fatal(err)
	}
	w.until("the notice shows the end", func() bool { return told().Grant.State == access.GrantEnded })
}

func TestAnExtensionThatWaitsForJiraHasNotFailed(t *testing.T) {
	t.Parallel()
	for _, what := range []catalog.EntitlementID{"write", "auto"} {
		t.Run(string(what), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.run()
			id := w.active("rita", what, 6*time.Hour)
			w.tracker.failing(func(op string) error {
				if op == "open" {
					return &access.TargetError{Target: access.TargetJira, Op: "open issue", Transient: true}
				}
				return nil
			})
			x, err := w.service.Extend(t.Context(), w.person("rita"), access.GrantID(id), "", "")
			if err != nil {
				t.Fatal(err)
			}
			w.until("trouble told", func() bool { w.advance(time.Second); return w.request(x.ID).Trouble != "" })
			w.tracker.failing(nil)
			w.until("issue opened", func() bool { w.advance(time.Second); return w.request(x.ID).Issue.Key != "" })
			if x.State == access.RequestPending {
				if err := w.decide("mona", x.ID, access.Approve, ""); err != nil {
					t.Fatal(err)
				}
			}
			w.until("issue done", func() bool { return w.tracker.of(x.ID).status == access.IssueEnded })
			if w.tracker.wasEver(x.ID, access.IssueFailed) {
				t.Error("the issue was moved to failed although the extension was only held up")
			}
		})
	}
}
