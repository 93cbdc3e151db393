package cli_test

import (
	"context"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"

	"usher/access"
	"usher/store"
)

// What a closed life cycle, with all that is known of its people, and what is open may take in the file.
const (
	mostPerLife = 4 << 10
	mostPerOpen = 16 << 10
)

// judged has the oracle judge the village at rest. What is shown to somebody whose account in Slack is off stays as it was.
func (c *course) judged(ctx context.Context) []string {
	faults := c.judge(ctx)
	if len(faults) > 0 && c.back > 0 { // As if the clock had never gone back, and as if it always were: both must find it.
		c.skew = c.back
		also := c.judge(ctx)
		c.skew = 0
		faults = slices.DeleteFunc(faults, func(f string) bool { return !slices.Contains(also, f) })
	}
	faults = slices.DeleteFunc(faults, c.unreachable)
	return append(faults, c.kept(ctx)...)
}

func (c *course) unreachable(fault string) bool {
	if !strings.HasPrefix(fault, "invariant 3: the message") && !strings.Contains(fault, "and the message") {
		return false
	}
	for who := range c.gone {
		if strings.Contains(fault, " to "+who) {
			return true
		}
	}
	return false
}

// kept looks at what the file keeps: what is over is sealed and in no index of what is open, and the size is that of its content.
func (c *course) kept(ctx context.Context) (faults []string) {
	wrong := func(format string, args ...any) { faults = append(faults, "the file: "+fmt.Sprintf(format, args...)) }
	s, ok := c.life.prog.Store().(*store.Store)
	if !ok {
		return []string{"the store is not that of the product"}
	}
	if err := s.Check(ctx); err != nil {
		wrong("%v", err)
	}
	st, err := s.Stats(ctx)
	if err != nil {
		return append(faults, err.Error())
	}
	open := c.stock(wrong)
	requests := st.Records[access.Requests]
	if st.Sealed != requests-open {
		wrong("%d of %d requests are sealed, and %d are open", st.Sealed, requests, open)
	}
	if st.Effects > 0 {
		wrong("%d effects are left", st.Effects)
	}
	// How many pages are free is a matter of how many decisions shared a commit; they are used again.
	if most := int64(mostPerLife*st.Sealed + mostPerOpen*(open+32)); st.FileBytes-st.FreeBytes > most || st.FileBytes > most*3/2 {
		wrong("%d bytes, of which %d are free, for %d requests, of which %d are open; at most %d are wanted", st.FileBytes, st.FreeBytes, requests, open, most)
	}
	return faults
}

// nothingLeft wants that everything is over: nothing is open, no timer waits, nobody is in a group through Usher.
func (c *course) nothingLeft(ctx context.Context) (faults []string) {
	st, err := c.life.prog.Store().(*store.Store).Stats(ctx) //nolint:forcetypeassert // See kept.
	if err != nil {
		return []string{err.Error()}
	}
	open := c.stock(func(string, ...any) {})
	if open > 0 || st.Timers > 0 || st.Effects > 0 {
		faults = append(faults, fmt.Sprintf("all is over, and %d requests are open, %d timers and %d effects are there", open, st.Timers, st.Effects))
	}
	for _, g := range c.world.Company.Groups {
		if n := len(c.world.Okta.Members(g.ID)); n != len(g.Members) {
			faults = append(faults, fmt.Sprintf("all is over, and %s has %d members, %d before Usher", g.Name, n, len(g.Members)))
		}
	}
	return faults
}

// stock counts the requests that are not over, and wants every index to hold what is open and nothing else.
func (c *course) stock(wrong func(string, ...any)) (open int) {
	want, found := map[string]bool{}, map[string]bool{}
	leavers := map[string]leaver{}
	for _, l := range c.left {
		leavers[l.handle] = l
	}
	c.read(func(tx access.Tx) bool {
		list := func(kind access.Kind, index string) []string {
			ids, err := tx.IDs(kind, index, "", 0)
			if err != nil {
				wrong("%v", err)
			}
			return ids
		}
		enter := func(kind access.Kind, index string) {
			for _, id := range list(kind, index) {
				found[fmt.Sprint(kind, " ", id, " under ", index)] = true
			}
		}
		enter(access.Requests, "open")
		enter(access.Grants, "open")
		enter(access.Grants, "revoking")
		for _, p := range c.world.Company.People {
			enter(access.Requests, "undone/"+p.OktaID())
			enter(access.Requests, "approver/"+p.OktaID())
			enter(access.Grants, "subject/"+p.OktaID())
			for _, id := range list(access.Requests, "requester/"+p.OktaID()) {
				r, g := c.request(access.RequestID(id)), access.Grant{}
				if r.Kind == access.KindAccess && r.Grant != "" && tx.Get(access.Grants, string(r.Grant), &g) != nil {
					wrong("the grant of %s cannot be read", id)
				}
				if openIn(want, r, g) {
					open++
				}
				if _, gone := leavers[p.Handle]; gone && g.State == access.GrantActive {
					wrong("%s left at %s and still holds %s", p.Handle, leavers[p.Handle].at, g.ID)
				}
				c.leases(tx, g, wrong)
			}
		}
		return true
	})
	for _, key := range slices.Sorted(maps.Keys(found)) {
		if !want[key] {
			wrong("%s is left", key)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(want)) {
		if !found[key] {
			wrong("%s is missing", key)
		}
	}
	return open
}

// openIn notes where a request and its grant must be listed, and reports whether they are not over.
func openIn(want map[string]bool, r access.Request, g access.Grant) bool {
	enter := func(kind access.Kind, id, index string) { want[fmt.Sprint(kind, " ", id, " under ", index)] = true }
	if r.State == access.RequestPending {
		enter(access.Requests, string(r.ID), "open")
		enter(access.Requests, string(r.ID), "undone/"+string(r.Requester.User))
		for _, a := range r.Asks {
			if a.Step == r.Step {
				enter(access.Requests, string(r.ID), "approver/"+string(a.Approver.User))
			}
		}
	}
	if g.ID != "" && !g.State.Final() {
		enter(access.Grants, string(g.ID), "open")
		enter(access.Grants, string(g.ID), "subject/"+string(g.Subject.User))
	}
	return r.State == access.RequestPending || g.ID != "" && !g.State.Final()
}

// leases wants a grant to hold its memberships as long as it lives.
func (c *course) leases(tx access.Tx, g access.Grant, wrong func(string, ...any)) {
	for _, x := range g.Groups {
		m := access.Membership{Group: x.Group, User: g.Subject.User}
		if err := tx.Get(access.Memberships, m.Key(), &m); err != nil {
			wrong("%s: %v", m.Key(), err)
		}
		if holds := slices.Contains(m.Leases, g.ID); holds != (g.State == access.GrantActive) {
			wrong("grant %s is %s, and that it holds %s is %t", g.ID, g.State, m.Key(), holds)
		}
	}
}

// summary says what has happened so far and what it takes.
func (c *course) summary(ctx context.Context) string {
	st, err := c.life.prog.Store().(*store.Store).Stats(ctx) //nolint:forcetypeassert // See kept.
	if err != nil {
		return err.Error()
	}
	states := map[string]int{}
	c.read(func(tx access.Tx) bool {
		for _, p := range c.world.Company.People {
			ids, _ := tx.IDs(access.Requests, "requester/"+p.OktaID(), "", 0)
			for _, id := range ids {
				var g access.Grant
				r := c.request(access.RequestID(id))
				what := string(r.Kind) + " " + string(r.State)
				if r.Kind == access.KindAccess && r.Grant != "" && tx.Get(access.Grants, string(r.Grant), &g) == nil {
					what = strings.TrimSpace(fmt.Sprint(g.State, " ", g.EndReason))
				}
				states[what]++
			}
		}
		return true
	})
	deaths, _ := c.counts()
	var heap runtime.MemStats
	runtime.ReadMemStats(&heap)
	return fmt.Sprintf("%d requests, now %v; tried with success %v; %d deaths, clock put back by up to %s; file %d KB (%d free), sealed %d, people %d; heap %d MB",
		st.Records[access.Requests], states, c.did, deaths, c.back, st.FileBytes>>10, st.FreeBytes>>10, st.Sealed, st.Records[access.People], heap.HeapAlloc>>20)
}
