package idptest

import (
	"fmt"
	"sync"
	"testing"

	"usher/idp"
)

func (w *world) lister(t *testing.T) idp.MemberLister {
	t.Helper()
	return capable[idp.MemberLister](t, w, "MemberLister")
}

func pagingCases() []testCase {
	var cases []testCase
	for _, n := range []int{0, 1, 199, 200, 201, 2500} {
		cases = append(cases, testCase{fmt.Sprintf("a group of %d is listed whole", n), func(t *testing.T, w *world) {
			w.need(t, "BigGroup")
			wantMembers(t, w, w.lister(t), w.BigGroup(t, n), n)
		}})
	}
	for _, kind := range []FaultKind{CutBefore, ServerErrorEmpty, ProxyPage, Rejected, Truncated, WrongTypes, Denied} {
		cases = append(cases, testCase{fmt.Sprintf("a bad later page (%s) is an error and never a short list", kind), func(t *testing.T, w *world) {
			w.need(t, "BigGroup", "Fault", "Heal")
			lister := w.lister(t)
			g := w.BigGroup(t, 650)
			w.Fault(Fault{Kind: kind, On: Reads, Skip: 1})
			members, err := lister.Members(t.Context(), g)
			w.witness.keep(err)
			if err == nil || len(members) != 0 {
				t.Fatalf("got %d of 650 members and error %v", len(members), err)
			}
			w.Heal()
			wantMembers(t, w, lister, g, 650)
		}})
	}
	return append(cases,
		testCase{"the groups of somebody in 450 groups are all read", func(t *testing.T, w *world) {
			w.need(t, "ManyGroups")
			u, outside := w.person(t), w.AddGroup(t, "Outside")
			all := w.ManyGroups(t, u, 450)
			groups, err := w.Provider.UserGroups(t.Context(), u)
			must(t, "UserGroups", err)
			seen := map[idp.GroupID]int{}
			for _, g := range groups {
				seen[g.ID]++
			}
			for _, g := range all {
				if seen[g] != 1 {
					t.Fatalf("group %s is listed %d times", g, seen[g])
				}
			}
			for _, g := range []idp.GroupID{all[0], all[225], all[449]} {
				w.wantMember(t, g, u, true)
			}
			w.wantMember(t, outside, u, false)
		}},
		testCase{"listing while people come and go misses none who stays", listWhileChanging})
}

func wantMembers(t *testing.T, w *world, lister idp.MemberLister, g idp.GroupID, n int) {
	t.Helper()
	members, err := lister.Members(t.Context(), g)
	must(t, "Members", err)
	seen := map[idp.UserID]bool{}
	for _, m := range members {
		if seen[m.ID] {
			t.Fatalf("member %s is listed twice", m.ID)
		}
		seen[m.ID] = true
	}
	truth := w.Members(g)
	if len(truth) != n || len(members) != n {
		t.Fatalf("listed %d members, the vendor has %d, want %d", len(members), len(truth), n)
	}
	for _, id := range truth {
		if !seen[id] {
			t.Fatalf("member %s is missing", id)
		}
	}
}

func listWhileChanging(t *testing.T, w *world) {
	w.need(t, "BigGroup", "Join", "Leave")
	lister := w.lister(t)
	g := w.BigGroup(t, 900)
	stay := w.Members(g)
	passing := w.crowd(t, 20)
	stop := make(chan struct{})
	var group sync.WaitGroup
	group.Go(func() {
		for {
			for _, u := range passing {
				select {
				case <-stop:
					return
				default:
				}
				w.Join(g, u)
				w.Leave(g, u)
			}
		}
	})
	for range 3 {
		members, err := lister.Members(t.Context(), g)
		if err != nil {
			t.Errorf("Members: %v", err)
			break
		}
		seen := map[idp.UserID]bool{}
		for _, m := range members {
			if seen[m.ID] {
				t.Errorf("member %s is listed twice", m.ID)
			}
			seen[m.ID] = true
		}
		for _, u := range stay {
			if !seen[u] {
				t.Errorf("member %s is missing", u)
			}
		}
	}
	close(stop)
	group.Wait()
}
