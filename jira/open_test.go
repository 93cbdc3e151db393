package jira

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"usher/access"
	"usher/sandbox/jirasim"
)

func customFields(c *Config) {
	c.Fields = map[string]string{
		FieldApplication: jirasim.FieldApplication, FieldRole: jirasim.FieldRole, FieldRisk: jirasim.FieldRisk,
		FieldEndsAt: jirasim.FieldAccessEnds, FieldSubject: jirasim.FieldAccessFor,
	}
}

func TestOpenWritesTheWholeIssueAtOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.restart(customFields)
	issue, err := s.tr.Open(t.Context(), s.record(access.IssueWaiting, 1, access.EventRequested))
	if err != nil {
		t.Fatal(err)
	}
	if got := s.changes(); !slices.Equal(got, []string{"issue.create"}) {
		t.Errorf("writes: %v", got)
	}
	if issue.ID == "" || issue.URL != s.cfg.URL+"/browse/"+issue.Key {
		t.Errorf("issue: %+v", issue)
	}
	got := s.show(issue.Key)
	for field, want := range map[string]string{
		"summary": "Alice Archer: GitHub, Write, 6 hours", "reporter": "712020:a11ce000-0000-4000-8000-000000000001",
		"labels": `["access","usher-01hq3v5k7n9p2r4t6w8y0abcde"]`, "issuetype": "Access request", "status": "Waiting for approval",
		jirasim.FieldApplication: "GitHub", jirasim.FieldRole: "Write", jirasim.FieldRisk: "Medium",
		jirasim.FieldAccessFor: "712020:a11ce000-0000-4000-8000-000000000001",
	} {
		if v := got.text(field); v != want {
			t.Errorf("%s = %s, want %s", field, v, want)
		}
	}
	text := jirasim.RenderWiki(got.text("description"))
	for _, want := range []string{
		"Who: Alice Archer (alice@example.com)", "What: GitHub: Write", "How long: 6 hours", "Risk: medium",
		"GitHub is a department tool", "1 of: the manager", "bob@example.com", "Request: 01hq3v5k7n9p2r4t6w8y0abcde",
		"> Fix the *build* in {repo}", "h1. now", "2026-11-24 12:00:00 UTC It happened: request.created.",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in:\n%s", want, text)
		}
	}
	p := got.Props["usher"]
	if p.Request != "01hq3v5k7n9p2r4t6w8y0abcde" || p.State != "pending" || p.Entitlement != "github-write" ||
		p.Subject != "00ualice" || p.Catalog != "3f2a" || p.Head != "abc123" || p.Seq != 1 {
		t.Errorf("property: %+v", p)
	}
}

func TestOpenDoesWithoutWhatJiraRefuses(t *testing.T) {
	t.Parallel()
	for name, breakIt := range map[string]func(*site) error{
		"reporter not permitted": func(s *site) error {
			return s.SetPermission(jirasim.BotAccount, "MODIFY_REPORTER", false)
		},
		"reporter deactivated": func(s *site) error { return s.SetActive("712020:a11ce000-0000-4000-8000-000000000001", false) },
		"field gone": func(s *site) error {
			s.open() // The screen is known from here on.
			return s.RemoveField(jirasim.FieldRole)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			s.restart(customFields)
			if err := breakIt(s); err != nil {
				t.Fatal(err)
			}
			issue, err := s.tr.Open(t.Context(), s.record(access.IssueWaiting, 1, access.EventRequested))
			if err != nil {
				t.Fatal(err)
			}
			if n := s.count("issue.create"); n != 1 {
				t.Errorf("%d issues", n)
			}
			if d := s.show(issue.Key).text("description"); !strings.Contains(d, "Alice Archer") {
				t.Errorf("description: %s", d)
			}
		})
	}
}

func TestOpenSaysWhatIsWrongForGood(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.restart(func(c *Config) { c.IssueType = "Wish" })
	_, err := s.tr.Open(t.Context(), s.record(access.IssueWaiting, 1, access.EventRequested))
	if te := targetError(t, err); te.Transient || te.Sent || strings.Contains(err.Error(), "build") {
		t.Errorf("%+v", te)
	}
	r := s.record(access.IssueWaiting, 1)
	r.Request.ID = `x" OR project = SECRET`
	s.ResetCalls()
	_, err = s.tr.Open(t.Context(), r)
	if te := targetError(t, err); te.Transient || len(s.Calls()) > 0 {
		t.Errorf("a malformed id went out: %+v", te)
	}
}

func TestOneRequestOneIssueWhateverHappensToTheAnswer(t *testing.T) {
	t.Parallel()
	for _, kind := range troubles() {
		for _, look := range []string{"search and recent issues", "search alone", "after a restart"} {
			t.Run(string(kind)+"/"+look, func(t *testing.T) {
				t.Parallel()
				s := newSite(t)
				s.SetIndexLag(2 * time.Minute)
				s.trouble("issue.create", kind)
				if look == "search alone" {
					s.Inject(jirasim.Fault{Name: "issue.bulkfetch", Kind: jirasim.FaultGone})
				}
				var issue access.Issue
				died := false
				tries := s.persist(func(again bool) (err error) {
					if again && !died && look == "after a restart" {
						died = true
						s.restart()
					}
					r := s.record(access.IssueWaiting, 1, access.EventRequested)
					r.Again = again
					issue, err = s.tr.Open(t.Context(), r)
					return err
				})
				if n := s.count("issue.create"); n != 1 || issue.Key == "" {
					t.Errorf("%d issues after %d tries; %+v", n, tries, issue)
				}
				if status := s.show(issue.Key).text("status"); status != "Waiting for approval" {
					t.Errorf("status %s", status)
				}
			})
		}
	}
}

func TestOpenFindsAFreshIssueThatSearchDoesNotShowYet(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.SetIndexLag(time.Hour)
	s.Inject(jirasim.Fault{Name: "issue.create", Kind: jirasim.FaultLostAnswer, Times: 1})
	r := s.record(access.IssueWaiting, 1, access.EventRequested)
	if _, err := s.tr.Open(t.Context(), r); !targetError(t, err).Sent {
		t.Fatalf("error: %v", err)
	}
	// The tracker knows by itself that it must look, even if it is not told.
	if issue, err := s.tr.Open(t.Context(), r); err != nil || issue.Key == "" || s.count("issue.create") != 1 {
		t.Errorf("issue %+v, error %v", issue, err)
	}
}

func TestOpenWaitsOutTheSearchLagBeforeItRepeatsACreate(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	start := s.Now()
	s.Inject(jirasim.Fault{Name: "issue.create", Kind: jirasim.FaultDown, Times: 1})
	var waits []time.Duration
	s.persist(func(again bool) error {
		r := s.record(access.IssueWaiting, 1, access.EventRequested)
		r.Again = again
		_, err := s.tr.Open(t.Context(), r)
		var te *access.TargetError
		if again && errors.As(err, &te) {
			waits = append(waits, te.RetryAfter)
			if !te.Sent || !te.Only || s.count("issue.create") != 0 {
				t.Errorf("while waiting: %+v", te)
			}
		}
		return err
	})
	if passed := s.Now().Sub(start); passed < defaultSearchLag || passed > defaultSearchLag+time.Minute {
		t.Errorf("created after %s", passed)
	}
	if len(waits) < 4 || len(waits) > 10 || !slices.IsSorted(waits[:len(waits)-1]) {
		t.Errorf("waits: %v", waits)
	}
}

func TestOpenWaitsAfterARestartHoweverOldTheRequestIs(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	r := s.record(access.IssueWaiting, 1, access.EventRequested)
	s.pass(time.Hour) // Jira was down; then a create went out, and the process died.
	r.Again = true
	_, err := s.tr.Open(t.Context(), r)
	if te := targetError(t, err); !te.Transient || te.RetryAfter <= 0 || s.count("issue.create") != 0 {
		t.Errorf("%+v", te)
	}
}

func TestOpenDoesNotWaitAfterADefiniteRefusal(t *testing.T) {
	t.Parallel()
	for _, kind := range []jirasim.FaultKind{jirasim.FaultRateLimit, jirasim.FaultUnauthorize, jirasim.FaultConflict} {
		s := newSite(t)
		s.Inject(jirasim.Fault{Name: "issue.create", Kind: kind, Times: 1})
		tries := s.persist(func(again bool) error {
			r := s.record(access.IssueWaiting, 1, access.EventRequested)
			r.Again = again
			_, err := s.tr.Open(t.Context(), r)
			return err
		})
		if tries != 2 {
			t.Errorf("%s: %d tries", kind, tries)
		}
	}
}

func TestOpenGivesUpOnAHangingSiteAndFindsTheIssueLater(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.restart(func(c *Config) { c.Timeout = 300 * time.Millisecond })
	s.Inject(jirasim.Fault{Name: "issue.create", Kind: jirasim.FaultHangAfter, Times: 1})
	r := s.record(access.IssueWaiting, 1, access.EventRequested)
	if _, err := s.tr.Open(t.Context(), r); !targetError(t, err).Sent || !targetError(t, err).Transient {
		t.Fatalf("error: %v", err)
	}
	s.restart(func(c *Config) { c.Timeout = 5 * time.Second })
	r.Again = true
	if issue, err := s.tr.Open(t.Context(), r); err != nil || issue.Key == "" || s.count("issue.create") != 1 {
		t.Errorf("issue %+v, error %v", issue, err)
	}
}

func TestOpenKeepsTheFirstOfTwoIssuesAndClosesTheOther(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	first := s.open()
	second := s.open() // As if a create had been repeated although the first was done.
	r := s.record(access.IssueWaiting, 1, access.EventRequested)
	r.Again = true
	s.restart()
	got, err := s.tr.Open(t.Context(), r)
	if err != nil || got != first {
		t.Fatalf("kept %+v, want %+v: %v", got, first, err)
	}
	if status := s.show(first.Key).text("status"); status != "Waiting for approval" {
		t.Errorf("the first has status %s", status)
	}
	extra := s.show(second.Key)
	if status := extra.text("status"); status != "Canceled" || !strings.Contains(extra.text("issuelinks"), first.Key) {
		t.Errorf("the other has status %s and links %s", status, extra.text("issuelinks"))
	}
}

func TestOpenDoesNotTakeSomebodyElsesIssue(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.asAdmin(http.MethodPost, "issue", map[string]any{"fields": map[string]any{
		"project": map[string]any{"key": "ACCESS"}, "issuetype": map[string]any{"name": "Task"}, "summary": "mine",
		"labels": []string{label(s.request().ID)},
	}}, nil)
	s.ResetCalls()
	r := s.record(access.IssueWaiting, 1, access.EventRequested)
	r.Again = true
	_, err := s.tr.Open(t.Context(), r)
	if te := targetError(t, err); te.RetryAfter <= 0 {
		t.Errorf("%+v", te)
	}
	s.pass(defaultSearchLag)
	if _, err := s.tr.Open(t.Context(), r); err != nil || s.count("issue.create") != 1 {
		t.Errorf("error %v, %d issues", err, s.count("issue.create"))
	}
}

func TestOpenBringsAFoundIssueUpToDate(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.Inject(jirasim.Fault{Name: "issue.create", Kind: jirasim.FaultLostAnswer, Times: 1})
	if _, err := s.tr.Open(t.Context(), s.record(access.IssueWaiting, 1, access.EventRequested)); err == nil {
		t.Fatal("no error")
	}
	// The requester cancels meanwhile.
	r := s.record(access.IssueCanceled, 1, access.EventRequested, access.EventCanceled)
	r.Again = true
	s.Inject(jirasim.Fault{Name: "transition.do", Kind: jirasim.FaultError500, Times: 1})
	var issue access.Issue
	s.persist(func(bool) (err error) {
		issue, err = s.tr.Open(t.Context(), r)
		return err
	})
	got := s.show(issue.Key)
	if got.text("status") != "Canceled" || len(got.Bodies) != 1 || !strings.Contains(got.Bodies[0], "request.canceled") ||
		strings.Contains(got.Bodies[0], "request.created") {
		t.Errorf("status %s, comments %q", got.text("status"), got.Bodies)
	}
	if n := s.count("issue.create"); n != 1 {
		t.Errorf("%d issues", n)
	}
}

func TestOpenRemembersAnIssueThatCouldNotBeMoved(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.SetIndexLag(time.Hour)
	s.trouble("transition.do", jirasim.FaultError500)
	tries := s.persist(func(again bool) error {
		r := s.record(access.IssueCanceled, 1, access.EventRequested, access.EventCanceled)
		r.Again = again
		_, err := s.tr.Open(t.Context(), r)
		return err
	})
	if got := s.changes(); tries != 2 || !slices.Equal(got, []string{"issue.create", "transition.do"}) {
		t.Errorf("%d tries, writes %v", tries, got)
	}
	for _, c := range s.Calls() {
		if c.Name == "search.jql" || c.Name == "issue.bulkfetch" {
			t.Errorf("it looked for what it knew: %s", c.Name)
		}
	}
}

func TestDescriptionFitsWhateverPeopleType(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	r := s.record(access.IssueWaiting, 1, access.EventRequested)
	r.Request.Justification = strings.Repeat("{quote}h1. *😀*\n", 4000)
	r.Request.Subject.Name = strings.Repeat("Ann\n", 200)
	r.Request.Requester.Name = r.Request.Subject.Name
	for i := range 3000 {
		r.Events = append(r.Events, access.Event{Seq: i + 2, At: s.Now(), Text: strings.Repeat("x[", 50)})
	}
	issue, err := s.tr.Open(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	got := s.show(issue.Key)
	if n := units(got.text("description")); n > maxText || n < maxText/2 {
		t.Errorf("%d units", n)
	}
	if n := units(got.text("summary")); n > maxSummary {
		t.Errorf("summary of %d units", n)
	}
}
