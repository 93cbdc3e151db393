package access_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"usher/access"
	"usher/catalog"
	"usher/idp"
)

func TestAccessIsGivenAfterApprovalAndTakenBackOnTime(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.run()
	r := w.submit("rita", "write", 6*time.Hour)
	w.until("manager asked", func() bool { m, ok := w.slack.last(access.MessageAsk, r.ID, "mona"); return ok && m.Open })
	if w.dir.member("gwrite", "rita") {
		t.Fatal("member before approval")
	}
	if err := w.decide("mona", r.ID, access.Approve, ""); err != nil {
		t.Fatal(err)
	}
	w.until("active", func() bool { return w.state(r.ID) == access.GrantActive })
	if !w.dir.member("gwrite", "rita") {
		t.Fatal("active without membership")
	}
	if got, want := w.grant(r.ID).DueAt, w.clock().Add(6*time.Hour); !got.Equal(want) {
		t.Errorf("due at %s, want %s", got, want)
	}
	w.until("issue active", func() bool { return w.tracker.of(r.ID).status == access.IssueActive })
	w.advance(6*time.Hour - time.Second)
	if w.state(r.ID) != access.GrantActive {
		t.Fatal("ended early")
	}
	w.advance(time.Second)
	w.until("ended", func() bool { return w.state(r.ID) == access.GrantEnded })
	if w.dir.member("gwrite", "rita") {
		t.Fatal("member after the end")
	}
	w.until("issue ended", func() bool { return w.tracker.of(r.ID).status == access.IssueEnded })
	if err := access.VerifyChain(w.events(r.ID)); err != nil {
		t.Error(err)
	}
	if got := w.dir.changes(); len(got) != 2 {
		t.Errorf("changes %v, want one add and one remove", got)
	}
}

func TestTwoGrantsOfOneGroupEndWithTheLast(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.run()
	first := w.active("rita", "write", time.Hour)
	second := w.active("rita", "also-write", 6*time.Hour)
	w.advance(time.Hour)
	w.until("first ended", func() bool { return w.state(first) == access.GrantEnded })
	if !w.dir.member("gwrite", "rita") {
		t.Fatal("the second lease lost its membership")
	}
	w.advance(5 * time.Hour)
	w.until("second ended", func() bool { return w.state(second) == access.GrantEnded })
	if w.dir.member("gwrite", "rita") {
		t.Fatal("membership outlived its last lease")
	}
}

func TestMembershipFromBeforeStaysAfterTheEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_ = w.dir.AddMember(t.Context(), "gwrite", "u-rita")
	w.run()
	id := w.active("rita", "write", time.Hour)
	w.advance(time.Hour)
	w.until("ended", func() bool { return w.state(id) == access.GrantEnded })
	if !w.dir.member("gwrite", "rita") {
		t.Fatal("a membership that was there before was removed")
	}
}

func TestRefusalsOfDecisions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.run()
	r := w.submit("rita", "write", time.Hour)
	w.until("asked", func() bool { return w.request(r.ID).Issue.Key != "" })
	for _, c := range []struct {
		who    string
		v      access.Verdict
		reason string
		want   access.Code
	}{
		{"rita", access.Approve, "", access.OwnRequest},
		{"owen", access.Approve, "", access.NotApprover},
		{"mona", access.Deny, "  ", access.ReasonMissing},
	} {
		if err := w.decide(c.who, r.ID, c.v, c.reason); access.CodeOf(err) != c.want {
			t.Errorf("%s %s: %v, want %s", c.who, c.v, err, c.want)
		}
	}
	if got := w.request(r.ID).State; got != access.RequestPending {
		t.Fatalf("state %s after refusals", got)
	}
	if err := w.decide("mona", r.ID, access.Deny, "not needed"); err != nil {
		t.Fatal(err)
	}
	if err := w.decide("mona", r.ID, access.Approve, ""); access.CodeOf(err) != access.AlreadyDecided || !strings.Contains(err.Error(), "denied by you") {
		t.Errorf("late approval: %v", err)
	}
	w.until("issue denied", func() bool { return w.tracker.of(r.ID).status == access.IssueDenied })
	if len(w.dir.changes()) != 0 {
		t.Error("a denied request changed a group")
	}
}

func TestButtonOfAnotherCopyIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.run()
	r := w.submit("rita", "write", time.Hour)
	w.until("asked", func() bool { a := w.request(r.ID).Asks; return len(a) == 1 && a[0].Message.TS != "" })
	forged := access.Origin{Message: access.MessageRef{Channel: "D1", TS: "99"}}
	_, err := w.service.Decide(t.Context(), w.person("mona"), r.ID, access.Approve, "", forged)
	if access.CodeOf(err) != access.StaleMessage {
		t.Fatalf("forged copy: %v", err)
	}
	own := access.Origin{Message: w.request(r.ID).Asks[0].Message}
	if _, err := w.service.Decide(t.Context(), w.person("mona"), r.ID, access.Approve, "", own); err != nil {
		t.Fatal(err)
	}
}

// Where somebody's own copy is may not be known yet. Then a click on one of theirs counts and tells, and one on a copy of
// somebody else does neither.
func TestAnUnknownCopyIsOnesOwnAndNoneOfSomebodyElse(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.slack.silent = "olga"
	w.run()
	r := w.submit("rita", "admin", time.Hour)
	asked := func(who string) access.MessageRef {
		for _, a := range w.request(r.ID).Asks {
			if a.Approver.Name == who {
				return a.Message
			}
		}
		return access.MessageRef{}
	}
	w.until("owen has his copy and rita her message", func() bool {
		return asked("owen") != (access.MessageRef{}) && w.request(r.ID).Status != (access.MessageRef{})
	})
	press := func(at access.MessageRef) error {
		_, err := w.service.Decide(t.Context(), w.person("olga"), r.ID, access.Approve, "", access.Origin{Message: at})
		return err
	}
	for whose, at := range map[string]access.MessageRef{"owen's": asked("owen"), "rita's": w.request(r.ID).Status} {
		if err := press(at); access.CodeOf(err) != access.StaleMessage {
			t.Errorf("a click on %s message: %v", whose, err)
		}
	}
	own := access.MessageRef{Channel: "DUolga", TS: "7.7"}
	if err := press(own); err != nil || asked("olga") != own {
		t.Errorf("a click on her own: %v, her copy is %v", err, asked("olga"))
	}
}

func TestManyApproversAtOnceMakeOneDecision(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.run()
	r := w.submit("rita", "admin", time.Hour)
	w.until("asked", func() bool { return w.request(r.ID).Issue.Key != "" })
	var wg sync.WaitGroup
	var mu sync.Mutex
	won := 0
	for _, who := range []string{"owen", "olga", "owen", "olga"} {
		p := w.person(who)
		wg.Add(1)
		go func() {
			defer wg.Done()
			_, err := w.service.Decide(t.Context(), p, r.ID, access.Approve, "", access.Origin{Home: true})
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				won++
			}
		}()
	}
	wg.Wait()
	if won != 1 {
		t.Fatalf("%d decisions counted, want 1", won)
	}
	w.until("security asked", func() bool { m, ok := w.slack.last(access.MessageAsk, r.ID, "sec"); return ok && m.Open })
	if err := w.decide("sol", r.ID, access.Approve, ""); err != nil {
		t.Fatal(err)
	}
	w.until("active", func() bool { return w.state(r.ID) == access.GrantActive })
	if !w.dir.member("gadmin", "rita") || !w.dir.member("gadmin2", "rita") {
		t.Error("not in both groups")
	}
}

func TestQuorumNeedsDifferentPeople(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.run()
	r := w.submit("rita", "pair", 6*time.Hour)
	w.until("asked", func() bool { return w.request(r.ID).Issue.Key != "" })
	if err := w.decide("owen", r.ID, access.Approve, ""); err != nil {
		t.Fatal(err)
	}
	if err := w.decide("owen", r.ID, access.Approve, ""); access.CodeOf(err) != access.AlreadyApproved {
		t.Errorf("second approval by the same person: %v", err)
	}
	if err := w.decide("olga", r.ID, access.Approve, ""); err != nil {
		t.Fatal(err)
	}
	w.until("active", func() bool { return w.state(r.ID) == access.GrantActive })
}

func TestRefusalsOfSubmissions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cases := []struct {
		who   string
		what  catalog.EntitlementID
		d     time.Duration
		why   string
		code  access.Code
		field access.Field
	}{
		{"rita", "nothing", time.Hour, "x", access.NotRequestable, access.FieldEntitlement},
		{"rita", "hidden", 6 * time.Hour, "x", access.NotEligible, access.FieldEntitlement},
		{"rita", "write", 2 * time.Hour, "x", access.BadDuration, access.FieldDuration},
		{"rita", "write", time.Hour, "  ", access.BadJustification, access.FieldJustification},
		{"rita", "write", time.Hour, strings.Repeat("é", 1001), access.BadJustification, access.FieldJustification},
		{"mona", "write", time.Hour, "x", access.NobodyCanApprove, access.FieldEntitlement},
		{"owen", "pair", 6 * time.Hour, "x", access.NobodyCanApprove, access.FieldEntitlement},
	}
	for _, c := range cases {
		_, err := w.service.Submit(t.Context(), access.Draft{By: w.person(c.who), Entitlement: c.what, Duration: catalog.Duration(c.d), Justification: c.why})
		var r *access.Refusal
		if !errors.As(err, &r) || r.Code != c.code || r.Field != c.field {
			t.Errorf("%s %s: %v, want %s on %s", c.who, c.what, err, c.code, c.field)
		}
	}
}

func TestSubmittingTwiceMakesOneRequest(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := access.Draft{Key: "view-1", By: w.person("rita"), Entitlement: "write", Duration: catalog.Duration(time.Hour), Justification: "x"}
	var wg sync.WaitGroup
	ids := make([]access.RequestID, 8)
	for i := range ids {
		wg.Add(1)
		go func() {
			defer wg.Done()
			r, err := w.service.Submit(t.Context(), d)
			if err != nil {
				t.Error(err)
			}
			ids[i] = r.ID
		}()
	}
	wg.Wait()
	for _, id := range ids {
		if id != ids[0] {
			t.Fatalf("several requests: %v", ids)
		}
	}
	d.Key = "view-2"
	if _, err := w.service.Submit(t.Context(), d); access.CodeOf(err) != access.AlreadyPending {
		t.Errorf("second form: %v", err)
	}
}

func TestUndecidedRequestExpires(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.run()
	r := w.submit("rita", "write", time.Hour)
	w.until("asked", func() bool { return w.request(r.ID).Issue.Key != "" })
	w.advance(72 * time.Hour)
	w.until("expired", func() bool { return w.request(r.ID).State == access.RequestExpired })
	if err := w.decide("mona", r.ID, access.Approve, ""); access.CodeOf(err) != access.RequestOver {
		t.Errorf("approval after the deadline: %v", err)
	}
	w.until("copy closed", func() bool { m, _ := w.slack.last(access.MessageAsk, r.ID, "mona"); return !m.Open })
}

func TestReleaseRevokeAndCancel(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.run()
	id := w.active("rita", "write", time.Hour)
	if _, err := w.service.Release(t.Context(), w.person("rob"), access.GrantID(id)); access.CodeOf(err) != access.NotAllowed {
		t.Errorf("release by a stranger: %v", err)
	}
	if _, err := w.service.Release(t.Context(), w.person("rita"), access.GrantID(id)); err != nil {
		t.Fatal(err)
	}
	w.until("released", func() bool { return w.grant(id).EndReason == access.EndReleased && w.state(id) == access.GrantEnded })
	id = w.active("rita", "write", time.Hour)
	for who, want := range map[string]access.Code{"rob": access.NotAllowed, "mona": access.NotAllowed} {
		if _, err := w.service.Revoke(t.Context(), w.person(who), access.GrantID(id), "x"); access.CodeOf(err) != want {
			t.Errorf("revoke by %s: %v", who, err)
		}
	}
	if _, err := w.service.Revoke(t.Context(), w.person("ada"), access.GrantID(id), ""); access.CodeOf(err) != access.ReasonMissing {
		t.Errorf("revoke without a reason: %v", err)
	}
	if _, err := w.service.Revoke(t.Context(), w.person("owen"), access.GrantID(id), "audit"); err != nil {
		t.Fatal(err)
	}
	w.until("revoked", func() bool { return w.grant(id).EndReason == access.EndRevoked && w.state(id) == access.GrantEnded })
	r := w.submit("rita", "write", time.Hour)
	if _, err := w.service.Cancel(t.Context(), w.person("rob"), r.ID); access.CodeOf(err) != access.NotAllowed {
		t.Errorf("cancel by a stranger: %v", err)
	}
	if _, err := w.service.Cancel(t.Context(), w.person("rita"), r.ID); err != nil {
		t.Fatal(err)
	}
	w.until("issue canceled", func() bool { return w.tracker.of(r.ID).status == access.IssueCanceled })
}

func TestProviderDownWhileGivingAndTaking(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.run()
	down := func(string, idp.GroupID) error { return &idp.Error{Kind: idp.Unavailable, Op: "call"} }
	r := w.submit("rita", "write", time.Hour)
	w.until("asked", func() bool { return w.request(r.ID).Issue.Key != "" })
	if err := w.decide("mona", r.ID, access.Approve, ""); err != nil {
		t.Fatal(err)
	}
	w.dir.failing(down)
	_ = w.grant(r.ID)
	tick := func() { w.advance(time.Second) }
	w.until("trouble told or active", func() bool { tick(); g := w.grant(r.ID); return g.Trouble != "" || g.State == access.GrantActive })
	w.dir.failing(nil)
	w.until("active", func() bool { tick(); return w.state(r.ID) == access.GrantActive })
	w.dir.failing(down)
	w.advance(time.Hour)
	w.until("trouble told at the end", func() bool { tick(); return w.grant(r.ID).Trouble != "" })
	if w.state(r.ID) != access.GrantRevoking {
		t.Fatalf("state %s while the directory is down", w.state(r.ID))
	}
	w.dir.failing(nil)
	w.until("ended", func() bool { tick(); return w.state(r.ID) == access.GrantEnded })
	if w.dir.member("gwrite", "rita") {
		t.Error("still a member")
	}
}

func TestNothingIsGivenWithoutAnIssue(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.run()
	w.tracker.failing(func(string) error {
		return &access.TargetError{Target: access.TargetJira, Op: "open issue", Transient: true}
	})
	r := w.submit("rita", "auto", 6*time.Hour)
	w.until("trouble told", func() bool { w.advance(time.Second); return w.request(r.ID).Trouble != "" })
	if len(w.dir.changes()) != 0 {
		t.Fatal("access was given without a record")
	}
	w.tracker.failing(nil)
	w.until("active", func() bool { w.advance(time.Second); return w.state(r.ID) == access.GrantActive })
}

func TestLostAnswerOfTheTrackerMakesOneIssue(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	lost := 0
	w.tracker.lose = func(string) bool { lost++; return lost%2 == 1 }
	w.run()
	r := w.submit("rita", "auto", 6*time.Hour)
	w.until("active", func() bool { w.advance(time.Second); return w.state(r.ID) == access.GrantActive })
	w.until("issue active", func() bool { w.advance(time.Second); return w.tracker.of(r.ID).status == access.IssueActive })
	seen := map[int]bool{}
	for _, e := range w.tracker.of(r.ID).lines {
		if seen[e.Seq] {
			t.Errorf("event %d is on the issue twice", e.Seq)
		}
		seen[e.Seq] = true
	}
	if w.tracker.opens != 1 {
		t.Errorf("%d issues", w.tracker.opens)
	}
}

func TestFinalRefusalOfTheProviderFailsTheGrantAndLeavesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.run()
	w.dir.failing(func(op string, g idp.GroupID) error {
		if op == "add" && g == "gadmin2" {
			return &idp.Error{Kind: idp.NotGovernable, Op: "add member"}
		}
		return nil
	})
	r := w.submit("rita", "admin", time.Hour)
	w.until("asked", func() bool { return w.request(r.ID).Issue.Key != "" })
	if err := w.decide("owen", r.ID, access.Approve, ""); err != nil {
		t.Fatal(err)
	}
	w.until("second step", func() bool { return w.request(r.ID).Step == 1 })
	if err := w.decide("sec", r.ID, access.Approve, ""); err != nil {
		t.Fatal(err)
	}
	w.until("failed", func() bool { return w.state(r.ID) == access.GrantFailed })
	if w.dir.member("gadmin", "rita") || w.dir.member("gadmin2", "rita") {
		t.Error("a failed grant left a membership")
	}
	w.until("issue failed", func() bool { return w.tracker.of(r.ID).status == access.IssueFailed })
}

func TestRestartTakesUpWhatWasLeft(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	stop := w.run()
	id := w.active("rita", "write", time.Hour)
	stop()
	w.mu.Lock()
	w.now = w.now.Add(3 * time.Hour)
	w.mu.Unlock()
	w.open()
	w.run()
	w.until("ended after the restart", func() bool { return w.state(id) == access.GrantEnded })
	if got := w.grant(id).Lateness(); got != 2*time.Hour {
		t.Errorf("lateness %s, want 2h", got)
	}
}

func TestNothingIsCalledWhileNothingIsDue(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.run()
	id := w.active("rita", "write", 24*time.Hour)
	w.until("issue active", func() bool { return w.tracker.of(id).status == access.IssueActive })
	before := w.dir.callCount()
	for range 19 {
		w.advance(time.Hour)
		if err := w.service.Runner().Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if got := w.dir.callCount(); got != before {
		t.Errorf("%d calls at rest", got-before)
	}
}

func TestClockThatGoesBackProlongsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.run()
	id := w.active("rita", "write", time.Hour)
	w.advance(50 * time.Minute)
	_ = w.service.Now()
	w.advance(-5 * time.Hour)
	w.advance(5*time.Hour + 10*time.Minute)
	w.until("ended", func() bool { return w.state(id) == access.GrantEnded })
}

func TestStepThatLostItsPeopleSaysSo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.run()
	r := w.submit("rita", "admin", time.Hour)
	w.until("asked", func() bool { return w.request(r.ID).Issue.Key != "" })
	w.dir.mu.Lock()
	for _, who := range []idp.UserID{"u-sec", "u-sol"} {
		u := w.dir.users[who]
		u.Status, u.StatusDetail = idp.Departed, "DEPROVISIONED"
		w.dir.users[who] = u
	}
	w.dir.mu.Unlock()
	w.advance(10 * time.Minute) // What was believed about them is forgotten.
	if err := w.decide("owen", r.ID, access.Approve, ""); err != nil {
		t.Fatal(err)
	}
	w.until("told", func() bool {
		w.advance(time.Second)
		return strings.Contains(w.request(r.ID).Trouble, "Nobody can decide step 2") && strings.Contains(w.request(r.ID).Trouble, "sec has left")
	})
	if len(w.dir.changes()) != 0 {
		t.Error("access was given although a step was never decided")
	}
}

func TestAnOwnerWhoIsNoneAnyMoreDecidesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.run()
	r := w.submit("rita", "pair", 6*time.Hour)
	w.until("asked", func() bool { return w.request(r.ID).Issue.Key != "" })
	w.catalog(strings.Replace(testCatalog, "owners: [owen@x.example, olga@x.example]", "owners: [olga@x.example, sec@x.example]", 1))
	if err := w.decide("owen", r.ID, access.Approve, ""); access.CodeOf(err) != access.NotApprover {
		t.Errorf("a former owner: %v", err)
	}
	if err := w.decide("olga", r.ID, access.Approve, ""); err != nil {
		t.Error(err)
	}
	if err := w.decide("sec", r.ID, access.Approve, ""); err != nil {
		t.Errorf("a new owner: %v", err)
	}
}

func TestAReasonThatNobodyCanSeeIsNone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, words := range []string{" \t\n", "\u200b", "\u3164\u3164", "\u2800", "\u0301", "\x00"} {
		_, err := w.service.Submit(t.Context(), access.Draft{By: w.person("rita"), Entitlement: "write", Duration: access.NotChosen, Justification: words})
		if access.CodeOf(err) != access.BadJustification {
			t.Errorf("%q: %v", words, err)
		}
	}
}
