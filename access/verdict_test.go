package access

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"usher/catalog"
)

// ballot is a request with an issue whose steps need so many approvals; everybody who votes was asked first.
type ballot struct {
	*history
	votes int
}

func newBallot(t *testing.T, quorums ...int) *ballot {
	t.Helper()
	b := &ballot{history: newHistory(t)}
	c := asked()
	c.Asks, c.Request.Policy.Steps = nil, nil
	for _, q := range quorums {
		c.Request.Policy.Steps = append(c.Request.Policy.Steps, catalog.Step{Quorum: q})
	}
	b.must(c)
	b.must(issueOpened{Issue: Issue{ID: "1", Key: "A-1"}, Written: 1})
	return b
}

func (h *history) must(c command) {
	h.t.Helper()
	if _, err := decide(h.s, c, h.now); err != nil {
		h.t.Fatalf("%T: %v", c, err)
	}
	h.do(c)
}

// ask gives somebody a copy of the question of the present step.
func (b *ballot) ask(who string) Person {
	b.t.Helper()
	p := named(who)
	b.must(routed{Step: b.s.Request.Step, Asks: []Ask{{Step: b.s.Request.Step, Approver: p}}})
	b.must(sent{Kind: EffectAsk, User: p.User, At: MessageRef{Channel: "D" + who, TS: who + ".1"}})
	return p
}

// vote is the click of the next person on their own copy.
func (b *ballot) vote(v Verdict) verdict {
	b.t.Helper()
	b.votes++
	who := fmt.Sprint("voter", b.votes)
	return verdict{
		By: b.ask(who), Verdict: v, Reason: "because", Step: b.s.Request.Step, Allowed: []Person{named(who)},
		Origin: Origin{Envelope: "envelope of " + who, Message: MessageRef{Channel: "D" + who, TS: who + ".1"}},
	}
}

// moments plays every policy up to every vote that its request waits for.
func moments(t *testing.T, f func(t *testing.T, b *ballot)) {
	t.Helper()
	for _, quorums := range [][]int{{1}, {2}, {1, 1}, {1, 2}, {2, 1, 1}} {
		all := 0
		for _, q := range quorums {
			all += q
		}
		for before := range all {
			t.Run(fmt.Sprintf("steps of %v after %d approvals", quorums, before), func(t *testing.T) {
				b := newBallot(t, quorums...)
				for range before {
					b.must(b.vote(Approve))
				}
				f(t, b)
			})
		}
	}
}

func TestADenialAtAnyStepDeniesTheRequest(t *testing.T) {
	t.Parallel()
	moments(t, func(t *testing.T, b *ballot) {
		no := b.vote(Deny)
		out, err := decide(b.s, no, b.now)
		if err != nil {
			t.Fatal(err)
		}
		if r := out.State.Request; r.State != RequestDenied || out.State.Grant != nil || r.Grant != "" {
			t.Errorf("the request is %s with grant %q", r.State, r.Grant)
		}
		if d, ok := out.State.Request.DeniedBy(); !ok || !d.By.Is(no.By) || d.Reason != "because" {
			t.Errorf("denied by %+v", d)
		}
		if e := out.Events[len(out.Events)-1]; len(out.Events) != 1 || e.Kind != EventDenied || !e.Actor.Is(no.By) {
			t.Errorf("events %+v", out.Events)
		}
		for _, e := range out.Effects {
			if e.Kind != EffectAsk && e.Kind != EffectStatus && e.Kind != EffectMirror {
				t.Errorf("a denial leads to %s", e.Kind)
			}
		}
		yes := b.vote(Approve)
		if _, err := decide(out.State, yes, b.now); CodeOf(err) != AlreadyDecided {
			t.Errorf("an approval after the denial: %v", err)
		}
	})
}

// The deadline counts, not the timer: that may fire late.
func TestNoVerdictCountsFromTheDeadlineOn(t *testing.T) {
	t.Parallel()
	moments(t, func(t *testing.T, b *ballot) {
		for _, v := range []Verdict{Approve, Deny} {
			c := b.vote(v)
			for late, want := range map[time.Duration]Code{-1: "", 0: RequestOver, 1: RequestOver, 90 * 24 * time.Hour: RequestOver} {
				out, err := decide(b.s, c, b.s.Request.Deadline.Add(late))
				if CodeOf(err) != want || (err == nil) != (want == "") {
					t.Errorf("%s %s after the deadline: %v, want %q", v, late, err, want)
				}
				if err != nil && (len(out.Events) > 0 || len(out.Effects) > 0 || out.State.Grant != nil) {
					t.Errorf("%s %s after the deadline was refused, but leads to %+v", v, late, out)
				}
			}
		}
	})
}

func TestTheEvidenceOfADecisionNamesTheClick(t *testing.T) {
	t.Parallel()
	moments(t, func(t *testing.T, b *ballot) {
		for _, v := range []Verdict{Approve, Deny} {
			for _, home := range []bool{false, true} {
				c := b.vote(v)
				if c.Origin.Home = home; home {
					c.Origin.Message = MessageRef{}
				}
				out, err := decide(b.s, c, b.now)
				if err != nil {
					t.Fatal(err)
				}
				i := slices.IndexFunc(out.Events, func(e Event) bool {
					return e.Kind == EventStepApproved || e.Kind == EventApproved || e.Kind == EventDenied
				})
				if i < 0 || !out.Events[i].Actor.Is(c.By) {
					t.Fatalf("no event tells of the decision: %+v", out.Events)
				}
				want := map[string]string{
					"envelope": c.Origin.Envelope, "message": c.Origin.Message.TS, "slack": string(c.By.Slack), "user": string(c.By.User),
					"step": fmt.Sprint(b.s.Request.Step + 1), "catalog": "v", "reason": "because",
				}
				for name, value := range want {
					if got, ok := out.Events[i].Facts[name]; !ok || got != value {
						t.Errorf("%s from home %t: %s says %s %q, want %q", v, home, out.Events[i].Kind, name, got, value)
					}
				}
				if d := out.State.Request.Decisions; d[len(d)-1].Origin != c.Origin {
					t.Errorf("the decision came from %+v, want %+v", d[len(d)-1].Origin, c.Origin)
				}
			}
		}
	})
}

// The step may be over by the time that a click is decided on: who was allowed in it has not decided the next one.
func TestAVerdictOnAStepThatIsOverDecidesNothing(t *testing.T) {
	t.Parallel()
	for name, x := range map[string]struct {
		step    int  // The one that the click was for.
		allowed bool // In the present step.
		old     bool // On the copy of the step that is over, although there is one of the present step.
		home    bool
		want    Code
	}{
		"the click came first":                 {step: 0, want: AlreadyDecided},
		"the click came first, from Home":      {step: 0, home: true, want: AlreadyDecided},
		"also an approver of the present step": {step: 0, allowed: true, want: AlreadyDecided},
		"an old copy":                          {step: 1, allowed: true, old: true, want: StaleMessage},
		"the present step":                     {step: 1, allowed: true},
	} {
		for _, v := range []Verdict{Approve, Deny} {
			t.Run(name+"/"+string(v), func(t *testing.T) {
				b := newBallot(t, 1, 1)
				late := b.ask("late")
				c := verdict{By: late, Verdict: v, Reason: "because", Step: x.step, Allowed: []Person{late}, Origin: Origin{Home: x.home}}
				old := MessageRef{Channel: "Dlate", TS: "late.1"}
				b.must(b.vote(Approve))
				if b.s.Request.Step != 1 {
					t.Fatalf("step %d", b.s.Request.Step)
				}
				present := old
				if x.allowed {
					present = MessageRef{Channel: "Dlate", TS: "late.2"}
					b.must(routed{Step: 1, Asks: []Ask{{Step: 1, Approver: late}}})
					b.must(sent{Kind: EffectAsk, User: late.User, At: present})
				}
				if c.Origin.Message = present; x.old {
					c.Origin.Message = old
				}
				if x.home {
					c.Origin.Message = MessageRef{}
				}
				_, err := decide(b.s, c, b.now)
				if CodeOf(err) != x.want || (err == nil) != (x.want == "") {
					t.Errorf("%v, want %q", err, x.want)
				}
			})
		}
	}
}
