package idptest

import (
	"fmt"
	"testing"

	"usher/idp"
)

// changeFaults lists what can befall a change, whether the work is done then, and what the provider must say.
func changeFaults() []struct {
	kind  FaultKind
	done  bool
	kinds []idp.Kind
} {
	return []struct {
		kind  FaultKind
		done  bool
		kinds []idp.Kind
	}{
		{CutBefore, false, []idp.Kind{idp.Unavailable}},
		{CutAfter, true, []idp.Kind{idp.Unavailable}},
		{ServerError, false, []idp.Kind{idp.Unavailable}},
		{ServerErrorEmpty, false, []idp.Kind{idp.Unavailable}},
		{ProxyPage, false, []idp.Kind{idp.Unavailable}},
		{ReadOnly, false, []idp.Kind{idp.Unavailable}},
		{Rejected, false, []idp.Kind{idp.Unauthorized}},
		{Denied, false, []idp.Kind{idp.Forbidden}},
	}
}

func troubleCases() []testCase {
	var cases []testCase
	for _, f := range changeFaults() {
		cases = append(cases,
			testCase{fmt.Sprintf("adding, %s: no success is claimed and a repeat heals", f.kind), func(t *testing.T, w *world) {
				w.need(t, "Fault", "Heal")
				u, g := w.ready(t)
				w.Fault(Fault{Kind: f.kind, On: Changes})
				before := w.Calls()
				wantKind(t, "AddMember", w.Provider.AddMember(t.Context(), g, u), f.kinds...)
				w.wantTruth(t, g, u, f.done)
				// A refusal may be looked into by a few reads; the change itself must not be repeated.
				if n := w.Calls() - before; n > 2*hotLoop {
					t.Fatalf("one change sent %d requests", n)
				}
				w.Heal()
				must(t, "AddMember again", w.Provider.AddMember(t.Context(), g, u))
				w.wantMember(t, g, u, true)
			}},
			testCase{fmt.Sprintf("removing, %s: no success is claimed and a repeat heals", f.kind), func(t *testing.T, w *world) {
				w.need(t, "Fault", "Heal")
				u := w.person(t)
				g := w.AddGroup(t, "Team", u)
				w.Fault(Fault{Kind: f.kind, On: Changes})
				wantKind(t, "RemoveMember", w.Provider.RemoveMember(t.Context(), g, u), f.kinds...)
				w.wantTruth(t, g, u, !f.done)
				w.Heal()
				must(t, "RemoveMember again", w.Provider.RemoveMember(t.Context(), g, u))
				w.wantMember(t, g, u, false)
			}})
	}
	return append(cases,
		testCase{"slow answers are answers", func(t *testing.T, w *world) {
			w.need(t, "Fault", "Heal")
			u, g := w.person(t), w.AddGroup(t, "Team")
			w.Fault(Fault{Kind: Slow, On: Changes})
			w.Fault(Fault{Kind: Slow, On: Reads})
			must(t, "AddMember", w.Provider.AddMember(t.Context(), g, u))
			w.wantMember(t, g, u, true)
		}},
		testCase{"credentials that fail in the middle are told apart and recover", func(t *testing.T, w *world) {
			w.need(t, "Fault", "Heal")
			u, g := w.ready(t)
			must(t, "AddMember", w.Provider.AddMember(t.Context(), g, u))
			w.Fault(Fault{Kind: Rejected, On: Reads})
			w.Fault(Fault{Kind: Rejected, On: Changes})
			_, err := w.Provider.User(t.Context(), u)
			wantKind(t, "User", err, idp.Unauthorized)
			_, err = w.Provider.IsMember(t.Context(), g, u)
			wantKind(t, "IsMember", err, idp.Unauthorized)
			wantKind(t, "RemoveMember", w.Provider.RemoveMember(t.Context(), g, u), idp.Unauthorized)
			w.wantTruth(t, g, u, true)
			w.Heal()
			must(t, "RemoveMember", w.Provider.RemoveMember(t.Context(), g, u))
		}},
		testCase{"wrong credentials are Unauthorized", func(t *testing.T, w *world) {
			w.need(t, "Locked")
			u := w.person(t)
			g := w.AddGroup(t, "Team", u)
			locked := &witness{Provider: w.Locked(t)}
			_, err := locked.User(t.Context(), u)
			wantKind(t, "User", err, idp.Unauthorized)
			wantKind(t, "RemoveMember", locked.RemoveMember(t.Context(), g, u), idp.Unauthorized)
			w.wantTruth(t, g, u, true)
			for _, err := range locked.all() {
				w.witness.keep(err)
			}
		}})
}

// answerCases are reads whose answer is no answer.
func answerCases() []testCase {
	var cases []testCase
	for _, kind := range []FaultKind{CutBefore, CutAfter, ServerError, ServerErrorEmpty, ProxyPage, ReadOnly, Truncated, WrongTypes} {
		cases = append(cases, testCase{fmt.Sprintf("a read with a bad answer (%s) is Unavailable", kind), func(t *testing.T, w *world) {
			w.need(t, "Fault", "Heal")
			u := w.person(t)
			g := w.AddGroup(t, "Team", u)
			w.Fault(Fault{Kind: kind, On: Reads})
			_, err := w.Provider.User(t.Context(), u)
			wantKind(t, "User", err, idp.Unavailable)
			_, err = w.Provider.FindUser(t.Context(), "nobody@suite.example")
			wantKind(t, "FindUser", err, idp.Unavailable)
			_, err = w.Provider.Group(t.Context(), g)
			wantKind(t, "Group", err, idp.Unavailable)
			groups, err := w.Provider.UserGroups(t.Context(), u)
			wantKind(t, "UserGroups", err, idp.Unavailable)
			if len(groups) != 0 {
				t.Fatalf("%d groups beside the error", len(groups))
			}
			is, err := w.Provider.IsMember(t.Context(), g, u)
			wantKind(t, "IsMember", err, idp.Unavailable)
			if is {
				t.Fatal("a membership beside the error")
			}
			w.Heal()
			w.wantMember(t, g, u, true)
		}})
	}
	return cases
}
