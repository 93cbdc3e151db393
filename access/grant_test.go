package access

import (
	"errors"
	"testing"
	"time"

	"usher/catalog"
	"usher/idp"
)

// given plays a request until its access is active.
func given(t *testing.T) *ballot {
	t.Helper()
	b := newBallot(t, 1)
	b.must(b.vote(Approve))
	for _, g := range b.s.Request.Role.Groups {
		b.must(inspected{Group: g, User: idp.User{ID: "rita", Status: idp.Active, StatusDetail: "ACTIVE"}})
		b.must(added{Group: g})
	}
	if b.s.Grant.State != GrantActive {
		t.Fatalf("the grant is %s", b.s.Grant.State)
	}
	return b
}

// prolonging is the state of an extension of the access by an hour that was just asked for, without an issue yet.
func prolonging(t *testing.T, b *ballot, steps ...catalog.Step) state {
	t.Helper()
	c := asked()
	c.Request.ID, c.Request.Kind, c.Request.Policy.Steps, c.Request.Grant = "x1", KindExtension, steps, b.s.Grant.ID
	origin := b.s.Request
	out, err := decide(state{Request: c.Request, Grant: b.s.Grant, Origin: &origin, Members: b.s.Members}, c, b.now)
	if err != nil {
		t.Fatal(err)
	}
	return out.State
}

// next is the state after a command that must be accepted.
func next(t *testing.T, s state, c command, now time.Time) state {
	t.Helper()
	out, err := decide(s, c, now)
	if err != nil {
		t.Fatalf("%T: %v", c, err)
	}
	return out.State
}

// The end counts, not the timer: that may fire late. What is past its end is not extended, whoever approves when.
func TestNoExtensionTakesEffectFromTheEndOn(t *testing.T) {
	t.Parallel()
	opened := issueOpened{Issue: Issue{ID: "2", Key: "A-2"}, Written: 1}
	yes := verdict{By: named("mona"), Verdict: Approve, Origin: Origin{Home: true}, Allowed: []Person{named("mona")}}
	for late, open := range map[time.Duration]bool{-time.Nanosecond: true, 0: false, time.Nanosecond: false, time.Hour: false} {
		for _, removing := range []bool{false, true} {
			b := given(t)
			end := b.s.Grant.DueAt
			at := end.Add(late)
			want := open && !removing
			judge := func(how string, s state) {
				t.Helper()
				due := end
				if want {
					due = end.Add(time.Hour)
				}
				r, g := s.Request, s.Grant
				if r.Extended != want || !g.DueAt.Equal(due) || (g.Extensions > 0) != want {
					t.Errorf("%s %s after the end, being removed %t: extended %t, end moved by %s", how, late, removing, r.Extended, g.DueAt.Sub(end))
				}
			}
			remove := func(s state) state {
				if removing {
					s = s.clone()
					s.Grant.State, s.Grant.EndReason, s.Grant.RevokingAt = GrantRevoking, EndRevoked, at
				}
				return s
			}

			s := remove(next(t, prolonging(t, b, catalog.Step{Quorum: 1}), opened, b.now))
			out, err := decide(s, yes, at)
			if code := CodeOf(err); want && err != nil || !want && code != GrantOver {
				t.Errorf("an approval %s after the end, being removed %t: %v", late, removing, err)
			}
			if err == nil {
				judge("approved", out.State)
			}

			s = next(t, prolonging(t, b, catalog.Step{Quorum: 1}), yes, end.Add(-time.Minute))
			s = next(t, remove(s), opened, at)
			judge("approved before, but with an issue only", s)
			if failed := s.Request.Failure != ""; failed == want || (issueStatus(s.Request, s.Grant) == IssueFailed) == want {
				t.Errorf("%s after the end, being removed %t: the extension says %q", late, removing, s.Request.Failure)
			}

			s = next(t, remove(prolonging(t, b)), opened, at)
			judge("approved by the policy, but with an issue only", s)
		}
	}
}

// Right after Usher's own removal the directory may still show the member. Taken for a membership from before, it would
// never be removed again.
func TestAReadRightAfterARemovalIsLateAndNotFromBefore(t *testing.T) {
	t.Parallel()
	for _, x := range []struct {
		name    string
		removed time.Duration // How long ago; 0 means never.
		given   bool          // To another grant, which waits.
		shown   bool          // And was read back for it.
		member  bool
		late    bool
		before  bool
		phase   GroupPhase
	}{
		{name: "at once", removed: 1, member: true, late: true},
		{name: "a minute later", removed: time.Minute, member: true, late: true},
		{name: "just within", removed: lateRead - 1, member: true, late: true},
		{name: "too long ago to be a late read", removed: lateRead, member: true, before: true, phase: PhaseMember},
		{name: "never removed", member: true, before: true, phase: PhaseMember},
		{name: "removed and gone", removed: 1, phase: PhaseAdd},
		{name: "given anew meanwhile", removed: time.Minute, given: true, shown: true, member: true, phase: PhaseMember},
		{name: "waited for by another grant", removed: time.Minute, given: true, member: true, late: true},
		{name: "come about after all", removed: lateRead, given: true, member: true, phase: PhaseMember},
	} {
		b := newBallot(t, 1)
		b.must(b.vote(Approve))
		g := b.s.Request.Role.Groups[0]
		m := b.s.Members[membershipKey(g, "rita")]
		if m.Given, m.Shown = x.given, x.shown; x.removed > 0 {
			m.RemovedAt = b.now.Add(-x.removed)
		}
		b.s.Members[m.Key()] = m
		read := inspected{Group: g, User: idp.User{ID: "rita", Status: idp.Active, StatusDetail: "ACTIVE"}, Member: x.member}
		out, err := decide(b.s, read, b.now)
		if errors.Is(err, errLateRead) != x.late || (err != nil) != x.late {
			t.Errorf("%s: %v, late %t", x.name, err, x.late)
		}
		if err != nil {
			continue
		}
		m, gg := out.State.Members[m.Key()], out.State.Grant.group(g)
		if m.Preexisting != x.before || m.Given == x.before || gg.Preexisting != x.before || gg.Phase != x.phase {
			t.Errorf("%s: from before %t, given %t, in phase %s", x.name, m.Preexisting, m.Given, gg.Phase)
		}
	}
	if f := classify(errLateRead, day0()); f.final || f.target || f.text == "" {
		t.Errorf("a late read is met with %+v", f)
	}
}

func TestEveryOutcomeHasItsStatusOnTheIssue(t *testing.T) {
	t.Parallel()
	ends := []EndReason{EndExpired, EndReleased, EndRevoked, EndReview, EndReclaimed, EndOffboarded, EndLost}
	access := Request{Kind: KindAccess, State: RequestApproved}
	check := func(name string, r Request, g *Grant, want IssueStatus) {
		t.Helper()
		if got := issueStatus(r, g); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	for state, want := range map[RequestState]IssueStatus{
		RequestPending: IssueWaiting, RequestDenied: IssueDenied, RequestCanceled: IssueCanceled, RequestExpired: IssueExpired,
		RequestApproved: IssueApproved,
	} {
		check("access "+string(state), Request{Kind: KindAccess, State: state}, nil, want)
		check("extension "+string(state), Request{Kind: KindExtension, State: state}, &Grant{State: GrantActive}, want)
	}
	check("being given", access, &Grant{State: GrantProvisioning}, IssueApproved)
	check("active", access, &Grant{State: GrantActive}, IssueActive)
	check("being taken back after a failure", access, &Grant{State: GrantProvisioning, Failure: "no"}, IssueApproved)
	check("failed", access, &Grant{State: GrantFailed, Failure: "no"}, IssueFailed)
	for _, why := range ends {
		check("being removed, "+string(why), access, &Grant{State: GrantRevoking, EndReason: why}, IssueActive)
		check("over, "+string(why), access, &Grant{State: GrantEnded, EndReason: why}, IssueEnded)
		for _, state := range []GrantState{GrantRevoking, GrantEnded} {
			over := &Grant{State: state, EndReason: why}
			check("extended, then "+string(why), Request{Kind: KindExtension, State: RequestApproved, Extended: true}, over, IssueEnded)
			check("not extended for "+string(why), Request{Kind: KindExtension, State: RequestApproved, Failure: "late"}, over, IssueFailed)
		}
	}
}
