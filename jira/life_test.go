package jira

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"usher/access"
	"usher/sandbox/jirasim"
)

// names lists the calls since the last ResetCalls and empties the list.
func (s *site) names() []string {
	var out []string
	for _, c := range s.Calls() {
		out = append(out, c.Name)
	}
	s.ResetCalls()
	return out
}

// rest lets time pass.
func (s *site) rest(d time.Duration) {
	if s.clock == nil {
		time.Sleep(d) // Virtual.
		return
	}
	s.pass(d)
}

// ends puts the field for the end of access on every screen.
func ends(c *jirasim.Config) {
	list := c.Projects[0].Workflow.Transitions
	for i := range list {
		list[i].Screen = &jirasim.Screen{Fields: []string{"assignee", jirasim.FieldAccessEnds}}
	}
}

// life carries a request through its life, six hours long, and returns the calls of each step.
func (s *site) life(id access.RequestID) (steps [4][]string) {
	s.t.Helper()
	record := func(status access.IssueStatus, first int, kinds ...access.EventKind) access.IssueRecord {
		r := s.record(status, first, kinds...)
		r.Request.ID = id
		return r
	}
	s.ResetCalls()
	if _, err := s.tr.Account(s.t.Context(), "alice@example.com"); err != nil {
		s.t.Fatal(err)
	}
	issue, err := s.tr.Open(s.t.Context(), record(access.IssueWaiting, 1, access.EventRequested))
	if err != nil {
		s.t.Fatal(err)
	}
	steps[0] = s.names()
	for i, r := range []access.IssueRecord{
		record(access.IssueApproved, 2, access.EventIssueOpened, access.EventApproved),
		record(access.IssueActive, 4, access.EventProvisioning, access.EventInspected, access.EventMemberAdded, access.EventActive),
		record(access.IssueEnded, 8, access.EventRevoking, access.EventMemberRemoved, access.EventEnded),
	} {
		if err := s.tr.Update(s.t.Context(), issue, r); err != nil {
			s.t.Fatal(err)
		}
		steps[i+1] = s.names()
		s.rest(3 * time.Hour)
	}
	got := s.show(issue.Key)
	if got.text("status") != "Done" || len(got.Bodies) != 3 {
		s.t.Errorf("status %s, %d comments", got.text("status"), len(got.Bodies))
	}
	s.ResetCalls()
	return steps
}

func TestALifeIsFourCallsOnceTheWorkflowIsKnown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, _, stop := inMemory(t, ends)
		defer stop()
		s.tr.Close()
		s.restart(customFields)
		s.t.Logf("the first life of a process: %v", s.life("first"))
		for _, id := range []access.RequestID{"second", "third"} {
			got := s.life(id)
			for i, want := range [][]string{{"issue.create"}, {"transition.do"}, {"transition.do"}, {"transition.do"}} {
				if !slices.Equal(got[i], want) {
					t.Errorf("%s, step %d: %v, want %v", id, i, got[i], want)
				}
			}
		}
		time.Sleep(24 * time.Hour)
		if at := s.names(); len(at) > 0 {
			t.Errorf("at rest: %v", at)
		}
	})
}

func TestALifeIsFiveCallsWhereOneTransitionHasNoScreen(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, _, stop := inMemory(t)
		defer stop()
		s.life("first")
		if got := s.life("second"); !slices.Equal(got[2], []string{"comment.add", "transition.do"}) {
			t.Errorf("%v", got)
		}
	})
}

// People move issues by hand; what this process remembers of them is never believed against Jira's word.
func TestAnIssueThatPeopleMovedIsFoundWhereItStands(t *testing.T) {
	t.Parallel()
	by := map[string]struct {
		hand   string // The transition's name.
		status access.IssueStatus
		want   string
	}{
		"there already": {"Approve", access.IssueApproved, "Approved"},
		"past it":       {"Grant", access.IssueEnded, "Done"},
		"elsewhere":     {"Approve", access.IssueActive, "Active"},
	}
	for name, c := range by {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, screens)
			s.life("first") // From now on the workflow is known.
			issue := s.open()
			if err := s.Transition(jirasim.AdminAccount, issue.Key, c.hand); err != nil {
				t.Fatal(err)
			}
			if err := s.tr.Update(t.Context(), issue, s.record(c.status, 2, access.EventApproved)); err != nil {
				t.Fatal(err)
			}
			if got := s.show(issue.Key); got.text("status") != c.want || len(got.Bodies) != 1 {
				t.Errorf("status %s, comments %q", got.text("status"), got.Bodies)
			}
			// Jira's refusal was about this issue alone.
			for i, calls := range s.life("next") {
				if len(calls) > 1 && i > 0 {
					t.Errorf("the next life, step %d: %v", i, calls)
				}
			}
		})
	}
}
