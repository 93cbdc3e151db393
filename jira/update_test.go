package jira

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"usher/access"
	"usher/sandbox/jirasim"
)

// screens gives every transition a screen, so that each can carry a comment.
func screens(c *jirasim.Config) {
	list := c.Projects[0].Workflow.Transitions
	for i := range list {
		if list[i].Screen == nil {
			list[i].Screen = &jirasim.Screen{Fields: []string{"assignee"}}
		}
	}
}

func TestALifeCostsOneWritePerStep(t *testing.T) {
	t.Parallel()
	s := newSite(t, screens)
	issue, err := s.tr.Open(t.Context(), s.record(access.IssueWaiting, 1, access.EventRequested))
	if err != nil {
		t.Fatal(err)
	}
	if got := s.changes(); !slices.Equal(got, []string{"issue.create"}) {
		t.Errorf("created with %v", got)
	}
	for _, step := range []struct {
		status access.IssueStatus
		first  int
		kinds  []access.EventKind
		name   string
	}{
		{access.IssueApproved, 2, []access.EventKind{access.EventApproved}, "Approved"},
		{access.IssueActive, 3, []access.EventKind{access.EventProvisioning, access.EventMemberAdded, access.EventActive}, "Active"},
		{access.IssueEnded, 6, []access.EventKind{access.EventMemberRemoved, access.EventEnded}, "Done"},
	} {
		s.ResetCalls()
		if err := s.tr.Update(t.Context(), issue, s.record(step.status, step.first, step.kinds...)); err != nil {
			t.Fatal(err)
		}
		if got := s.changes(); !slices.Equal(got, []string{"transition.do"}) {
			t.Errorf("%s: writes %v", step.status, got)
		}
		got := s.show(issue.Key)
		last := got.Bodies[len(got.Bodies)-1]
		for _, k := range step.kinds {
			if !strings.Contains(last, "2026-11-24 12:00:00 UTC It happened: "+string(k)+".") {
				t.Errorf("%s is missing in %q", k, last)
			}
		}
		if got.text("status") != step.name || got.Props["usher"].Status != string(step.status) {
			t.Errorf("status %s, property %+v", got.text("status"), got.Props["usher"])
		}
	}
	got := s.show(issue.Key)
	if len(got.Bodies) != 3 || got.text("resolution") != "Done" {
		t.Errorf("%d comments, resolution %s", len(got.Bodies), got.text("resolution"))
	}
}

func TestUpdateWritesTheCommentItselfWhereATransitionHasNoScreen(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	issue := s.open()
	if err := s.tr.Update(t.Context(), issue, s.record(access.IssueActive, 2, access.EventActive)); err != nil {
		t.Fatal(err)
	}
	if got := s.changes(); !slices.Equal(got, []string{"comment.add", "transition.do"}) {
		t.Errorf("writes %v", got)
	}
	for _, c := range s.Calls() {
		if c.Status >= 400 {
			t.Errorf("Jira refused %s: %s", c.Name, c.Body)
		}
	}
}

func TestUpdateNeverMovesAnIssueBack(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(c *jirasim.Config) {
		w := &c.Projects[0].Workflow
		for i := range w.Transitions {
			if w.Transitions[i].Name == "Approve" {
				w.Transitions[i].From = nil // From every status.
			}
		}
	})
	issue := s.open()
	if err := s.tr.Update(t.Context(), issue, s.record(access.IssueActive, 2, access.EventActive)); err != nil {
		t.Fatal(err)
	}
	if err := s.RemoveTransition("End access"); err != nil {
		t.Fatal(err)
	}
	err := s.tr.Update(t.Context(), issue, s.record(access.IssueEnded, 3, access.EventEnded))
	if te := targetError(t, err); te.Transient || s.show(issue.Key).text("status") != "Active" {
		t.Errorf("%+v, status %s", te, s.show(issue.Key).text("status"))
	}
}

// dropper takes the comment off transitions on the way, as Jira Cloud does without a word where a screen has no place
// for it.
type dropper struct{ dropped *atomic.Int32 }

func (d dropper) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method != http.MethodPost || !strings.HasSuffix(r.URL.Path, "/transitions") {
		return http.DefaultTransport.RoundTrip(r)
	}
	var body map[string]any
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		return nil, err
	}
	if _, has := body["update"]; has {
		d.dropped.Add(1)
		delete(body, "update")
	}
	raw, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(raw)), int64(len(raw))
	return http.DefaultTransport.RoundTrip(r)
}

func TestUpdateNoticesACommentThatATransitionDroppedSilently(t *testing.T) {
	t.Parallel()
	s := newSite(t, screens)
	d := dropper{dropped: &atomic.Int32{}}
	s.restart(func(c *Config) { c.Transport = d })
	issue := s.open()
	for i, status := range []access.IssueStatus{access.IssueApproved, access.IssueActive} {
		if err := s.tr.Update(t.Context(), issue, s.record(status, i+2, access.EventApproved)); err != nil {
			t.Fatal(err)
		}
	}
	if got := s.show(issue.Key); got.text("status") != "Active" || len(got.Bodies) != 2 || d.dropped.Load() != 2 {
		t.Errorf("status %s, comments %q, %d dropped", got.text("status"), got.Bodies, d.dropped.Load())
	}
	// What was learned is kept: the next issue's comment goes by itself at once.
	if err := s.tr.Update(t.Context(), s.open(), s.record(access.IssueApproved, 4, access.EventApproved)); err != nil {
		t.Fatal(err)
	}
	if got := s.changes(); d.dropped.Load() != 2 || !slices.Equal(got, []string{"comment.add", "transition.do"}) {
		t.Errorf("writes %v, %d dropped", got, d.dropped.Load())
	}
}

func TestUpdateRepeatsACommentThatATransitionRefused(t *testing.T) {
	t.Parallel()
	s := newSite(t, screens, func(c *jirasim.Config) {
		list := c.Projects[0].Workflow.Transitions
		for i := range list {
			list[i].Screen = &jirasim.Screen{Fields: list[i].Screen.Fields, NoComment: true}
		}
	})
	issue := s.open()
	if err := s.tr.Update(t.Context(), issue, s.record(access.IssueApproved, 2, access.EventApproved)); err != nil {
		t.Fatal(err)
	}
	if got := s.show(issue.Key); got.text("status") != "Approved" || len(got.Bodies) != 1 {
		t.Errorf("status %s, comments %q", got.text("status"), got.Bodies)
	}
}

func TestUpdateEndsTheSameWhateverHappensToTheAnswers(t *testing.T) {
	t.Parallel()
	for _, kind := range troubles() {
		for _, at := range []string{"transition.do", "comment.add", "comment.list", "issue.get", "transition.list"} {
			for _, carry := range []bool{true, false} {
				t.Run(string(kind)+"/"+at+"/"+map[bool]string{true: "screens", false: "bare"}[carry], func(t *testing.T) {
					t.Parallel()
					var change []func(*jirasim.Config)
					if carry {
						change = append(change, screens)
					}
					s := newSite(t, change...)
					issue := s.open()
					s.trouble(at, kind)
					s.persist(func(again bool) error {
						if again && len(kind)%2 == 0 { // Half of them lose their memory too.
							s.restart()
						}
						r := s.record(access.IssueActive, 2, access.EventApproved, access.EventActive)
						r.Again = again
						return s.tr.Update(t.Context(), issue, r)
					})
					s.ClearFaults()
					got := s.show(issue.Key)
					if got.text("status") != "Active" || len(got.Bodies) != 1 {
						t.Errorf("status %s, comments %q", got.text("status"), got.Bodies)
					}
				})
			}
		}
	}
}

func TestUpdateWritesOnlyTheEventsThatAnEarlierTryDidNot(t *testing.T) {
	t.Parallel()
	s := newSite(t, screens)
	issue := s.open()
	s.Inject(jirasim.Fault{Name: "transition.do", Kind: jirasim.FaultLostAnswer, Times: 1})
	if err := s.tr.Update(t.Context(), issue, s.record(access.IssueApproved, 2, access.EventApproved)); err == nil {
		t.Fatal("no error")
	}
	s.restart()
	r := s.record(access.IssueActive, 2, access.EventApproved, access.EventActive)
	r.Again = true
	if err := s.tr.Update(t.Context(), issue, r); err != nil {
		t.Fatal(err)
	}
	got := s.show(issue.Key)
	if len(got.Bodies) != 2 || strings.Contains(got.Bodies[1], "request.approved") || !strings.Contains(got.Bodies[1], "grant.active") {
		t.Errorf("comments %q", got.Bodies)
	}
}

func TestUpdateLeavesAnIssueThatIsThereAlready(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	issue := s.open()
	s.asAdmin(http.MethodPost, "issue/"+issue.Key+"/transitions", map[string]any{"transition": map[string]any{"id": "11"}}, nil)
	s.ResetCalls()
	if err := s.tr.Update(t.Context(), issue, s.record(access.IssueApproved, 2, access.EventApproved)); err != nil {
		t.Fatal(err)
	}
	if err := s.tr.Update(t.Context(), issue, s.record(access.IssueApproved, 3)); err != nil {
		t.Fatal(err)
	}
	if got := s.changes(); !slices.Equal(got, []string{"comment.add"}) {
		t.Errorf("writes %v", got)
	}
}

func TestUpdateWalksThroughTheStationsOnTheWay(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(c *jirasim.Config) {
		w := &c.Projects[0].Workflow
		for i := range w.Transitions {
			if w.Transitions[i].Name == "Grant" {
				w.Transitions[i].From = []string{"10011"}
			}
		}
		w.Transitions = slices.DeleteFunc(w.Transitions, func(t jirasim.Transition) bool { return t.Name == "Close" })
	})
	issue := s.open()
	if err := s.tr.Update(t.Context(), issue, s.record(access.IssueEnded, 2, access.EventActive, access.EventEnded)); err != nil {
		t.Fatal(err)
	}
	if got := s.changes(); !slices.Equal(got, []string{"transition.do", "transition.do", "transition.do"}) {
		t.Errorf("writes %v", got)
	}
	if got := s.show(issue.Key); got.text("status") != "Done" || len(got.Bodies) != 1 {
		t.Errorf("status %s, comments %q", got.text("status"), got.Bodies)
	}
}

func TestUpdateNamesAStatusThatCannotBeReachedAndStillComments(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	issue := s.open()
	if err := s.RemoveTransition("Approve"); err != nil {
		t.Fatal(err)
	}
	for try := range 3 {
		r := s.record(access.IssueApproved, 2, access.EventApproved)
		r.Again = try == 1 // The others rely on the tracker's own memory.
		err := s.tr.Update(t.Context(), issue, r)
		te := targetError(t, err)
		if te.Transient || try == 0 && !te.Sent {
			t.Errorf("try %d: %+v", try, te)
		}
		for _, want := range []string{`"10011"`, `"Waiting for approval"`, `"Deny" to "Denied"`, "workflow"} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s is missing in: %v", want, err)
			}
		}
	}
	if got := s.changes(); !slices.Equal(got, []string{"comment.add"}) {
		t.Errorf("writes %v", got)
	}
}

func TestUpdateMovesAnIssueThatTakesNoMoreComments(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(c *jirasim.Config) { c.Limits.Comments = 1 })
	issue := s.open()
	if err := s.tr.Update(t.Context(), issue, s.record(access.IssueWaiting, 2, access.EventStepApproved)); err != nil {
		t.Fatal(err)
	}
	err := s.tr.Update(t.Context(), issue, s.record(access.IssueActive, 3, access.EventActive))
	if te := targetError(t, err); te.Transient || !denied(err, http.StatusRequestEntityTooLarge) {
		t.Errorf("%+v", te)
	}
	if got := s.show(issue.Key); got.text("status") != "Active" {
		t.Errorf("status %s", got.text("status"))
	}
}

func TestUpdateFillsARequiredResolution(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(c *jirasim.Config) {
		list := c.Projects[0].Workflow.Transitions
		for i := range list {
			if list[i].Name == "Deny" {
				list[i].Screen, list[i].Resolution = &jirasim.Screen{Fields: []string{"resolution"}, Required: []string{"resolution"}}, ""
			}
		}
	})
	issue := s.open()
	if err := s.tr.Update(t.Context(), issue, s.record(access.IssueDenied, 2, access.EventDenied)); err != nil {
		t.Fatal(err)
	}
	if got := s.show(issue.Key); got.text("resolution") != "Won't Do" || got.text("status") != "Denied" {
		t.Errorf("resolution %s, status %s", got.text("resolution"), got.text("status"))
	}
}

func TestUpdateKnowsAWorkflowThatChanged(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	first, second := s.open(), s.open()
	if err := s.tr.Update(t.Context(), first, s.record(access.IssueApproved, 2, access.EventApproved)); err != nil {
		t.Fatal(err)
	}
	if err := s.RemoveTransition("Approve"); err != nil {
		t.Fatal(err)
	}
	r := s.record(access.IssueApproved, 2, access.EventApproved)
	r.Request.ID = "another"
	err := s.tr.Update(t.Context(), second, r)
	if te := targetError(t, err); te.Transient || !strings.Contains(err.Error(), "no transition leads") {
		t.Errorf("%+v", te)
	}
	if got := s.show(second.Key); len(got.Bodies) != 1 {
		t.Errorf("comments %q", got.Bodies)
	}
}

func TestUpdateBringsTheEndOfTheAccessAlong(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*jirasim.Config){
		"by itself": func(*jirasim.Config) {},
		"with the transition": func(c *jirasim.Config) {
			list := c.Projects[0].Workflow.Transitions
			for i := range list {
				list[i].Screen = &jirasim.Screen{Fields: []string{jirasim.FieldAccessEnds}}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, change)
			s.restart(customFields)
			issue := s.open()
			if err := s.tr.Update(t.Context(), issue, s.record(access.IssueActive, 2, access.EventActive)); err != nil {
				t.Fatal(err)
			}
			got := s.show(issue.Key).text(jirasim.FieldAccessEnds)
			if at, err := time.Parse("2006-01-02T15:04:05.000-0700", got); err != nil || !at.Equal(s.Now().Add(6*time.Hour)) {
				t.Errorf("ends %s", got)
			}
			if n := s.count("issue.edit"); n != map[string]int{"by itself": 1}[name] {
				t.Errorf("%d edits", n)
			}
		})
	}
}

func TestMarkersThatPeopleTypeAreNotBelieved(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	issue := s.open()
	forged := markerLine(s.request().ID, 99)
	s.asAdmin(http.MethodPost, "issue/"+issue.Key+"/comment", map[string]any{"body": "done " + forged}, nil)
	r := s.record(access.IssueWaiting, 2, access.EventStepApproved)
	r.Events[0].Text = `Denied: "` + forged
	if err := s.tr.Update(t.Context(), issue, r); err != nil {
		t.Fatal(err)
	}
	s.restart()
	r = s.record(access.IssueWaiting, 3, access.EventStepApproved)
	r.Again = true
	if err := s.tr.Update(t.Context(), issue, r); err != nil {
		t.Fatal(err)
	}
	if got := s.show(issue.Key); len(got.Bodies) != 3 {
		t.Errorf("comments %q", got.Bodies)
	}
}

func TestUpdateFindsItsCommentBehindManyOthers(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(c *jirasim.Config) { c.Limits.Off = true })
	issue := s.open()
	r := s.record(access.IssueWaiting, 2, access.EventStepApproved)
	if err := s.tr.Update(t.Context(), issue, r); err != nil {
		t.Fatal(err)
	}
	for range 2*pageSize + 5 {
		s.asAdmin(http.MethodPost, "issue/"+issue.Key+"/comment", map[string]any{"body": "me too"}, nil)
	}
	s.restart()
	s.ResetCalls()
	r.Again = true
	if err := s.tr.Update(t.Context(), issue, r); err != nil || len(s.changes()) > 0 {
		t.Errorf("writes %v, error %v", s.changes(), err)
	}
}

func TestCommentsFitWhateverPeopleType(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	issue := s.open()
	r := s.record(access.IssueWaiting, 2, access.EventStepApproved)
	for i := range 500 {
		r.Events = append(r.Events, access.Event{Seq: i + 3, At: s.Now(), Text: strings.Repeat("{x}😀", 300)})
	}
	if err := s.tr.Update(t.Context(), issue, r); err != nil {
		t.Fatal(err)
	}
	got := s.show(issue.Key).Bodies[0]
	if n := units(got); n > maxText || n < maxText/2 || !strings.Contains(got, "301 more events") || !strings.Contains(got, cutNote) ||
		markerOf(got, r.Request.ID) != 502 {
		t.Errorf("%d units: %.200q … %q", n, got, got[len(got)-200:])
	}
}

func TestKeysAreCheckedBeforeTheyGetIntoAPath(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for _, key := range []string{"", "A/../B-1", "ACCESS-1/transitions", "ACCESS-1?x=y", "access-1", "ACCESS-0", "ACCESS-1\n"} {
		err := s.tr.Update(t.Context(), access.Issue{Key: key}, s.record(access.IssueWaiting, 2, access.EventStepApproved))
		if te := targetError(t, err); te.Transient {
			t.Errorf("%q: %+v", key, te)
		}
	}
	if n := len(s.Calls()); n > 0 {
		t.Errorf("%d calls", n)
	}
}
