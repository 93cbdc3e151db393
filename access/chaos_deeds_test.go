package access_test

import (
	"slices"
	"time"

	"usher/access"
	"usher/catalog"
	"usher/idp"
)

// deed is something that happens in the chaos, and how often beside the others.
type deed struct {
	name  string
	often int
	do    func(*chaos)
}

func chaoticDeeds() []deed {
	return []deed{
		{"ask", 8, (*chaos).ask},
		{"decide", 2, (*chaos).decideOne},
		{"release", 7, (*chaos).releaseOne},
		{"revoke", 1, (*chaos).revokeOne},
		{"extend", 1, (*chaos).extendOne},
		{"die", 2, (*chaos).start},
		{"die in the middle", 2, (*chaos).dieSoon},
		{"fill the disk", 1, (*chaos).fillDisk},
		{"outage", 1, (*chaos).outage},
		{"Jira fails", 1, (*chaos).jiraFails},
		{"leave", 1, (*chaos).leave},
		{"clock jumps", 1, (*chaos).leap},
		{"time passes", 3, (*chaos).pass},
	}
}

// something lets one deed happen.
func (c *chaos) something() {
	var all []deed
	for _, d := range chaoticDeeds() {
		all = append(all, slices.Repeat([]deed{d}, d.often)...)
	}
	d := all[c.rng.IntN(len(all))]
	c.vendor.note("deed: %s", d.name)
	d.do(c)
}

// call has somebody ask something of Usher, which may die over it or refuse it.
func (c *chaos) call(f func() error) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := f(); err != nil {
			c.vendor.note("  it was refused: %v", err)
		}
	}()
	<-done
	c.reviveIfDead()
}

// someone is rita in three of four cases.
func (c *chaos) someone() *holder {
	if c.rng.IntN(4) > 0 {
		return c.hold[0]
	}
	return c.hold[1]
}

// one is one of what somebody has asked for, in most cases what they hold; empty if there is none.
func (c *chaos) one(h *holder) access.RequestID {
	list := h.asked
	if c.rng.IntN(5) > 0 {
		list = slices.DeleteFunc(slices.Clone(list), func(id access.RequestID) bool { g := c.grant(id); return !g.Live() })
	}
	if len(list) == 0 {
		return ""
	}
	return list[c.rng.IntN(len(list))]
}

// ask has somebody ask for access. In most cases it is decided at once.
func (c *chaos) ask() {
	h := c.someone()
	d := access.Draft{By: h.Person, Entitlement: h.roles[c.rng.IntN(len(h.roles))], Duration: catalog.Duration(time.Hour), Justification: "needed"}
	c.call(func() error {
		r, err := c.service.Submit(c.t.Context(), d)
		if err == nil {
			h.asked = append(h.asked, r.ID)
		}
		return err
	})
	if len(h.asked) > 0 && c.rng.IntN(5) > 0 {
		wait(100 * time.Millisecond)
		c.decideAbout(h.asked[len(h.asked)-1])
	}
}

// decideOne has mona decide about something that was asked for some time ago.
func (c *chaos) decideOne() {
	if h := c.someone(); len(h.asked) > 0 {
		c.decideAbout(h.asked[c.rng.IntN(len(h.asked))])
	}
}

func (c *chaos) decideAbout(id access.RequestID) {
	v, reason := access.Approve, ""
	if c.rng.IntN(6) == 0 {
		v, reason = access.Deny, "Not now."
	}
	c.call(func() error {
		_, err := c.service.Decide(c.t.Context(), c.mona, id, v, reason, access.Origin{Home: true})
		return err
	})
}

// releaseOne has somebody give access back.
func (c *chaos) releaseOne() {
	h := c.someone()
	if id := c.one(h); id != "" {
		c.call(func() error {
			_, err := c.service.Release(c.t.Context(), h.Person, access.GrantID(id))
			return err
		})
	}
}

// revokeOne has the owner end somebody's access.
func (c *chaos) revokeOne() {
	if id := c.one(c.someone()); id != "" {
		c.call(func() error {
			_, err := c.service.Revoke(c.t.Context(), c.owen, access.GrantID(id), "Not needed any more.")
			return err
		})
	}
}

// extendOne has somebody ask for a later end.
func (c *chaos) extendOne() {
	h := c.someone()
	id := c.one(h)
	if id == "" {
		return
	}
	c.call(func() error {
		r, err := c.service.Extend(c.t.Context(), h.Person, access.GrantID(id), "", "")
		if err == nil {
			h.asked = append(h.asked, r.ID)
		}
		return err
	})
}

// dieSoon has the process die in the middle of what it does next.
func (c *chaos) dieSoon() { c.fuse.Store(int64(1 + c.rng.IntN(30))) }

// fillDisk leaves no room for some seconds.
func (c *chaos) fillDisk() {
	c.full.Store(true)
	time.AfterFunc(time.Duration(c.rng.IntN(40_000))*time.Millisecond, func() { c.full.Store(false) })
}

// outage has the directory answer nobody for up to three minutes, or nothing about groups.
func (c *chaos) outage() {
	c.vendor.outFor(time.Duration(c.rng.IntN(200))*time.Second, c.rng.IntN(3) == 0)
}

// jiraFails has Jira refuse everything for up to three minutes, or lose half of its answers.
func (c *chaos) jiraFails() {
	end, loses := time.Now().Add(time.Duration(c.rng.IntN(200))*time.Second), c.rng.IntN(2) == 0
	c.tracker.mu.Lock()
	defer c.tracker.mu.Unlock()
	answers := 0
	c.tracker.lose = func(string) bool {
		answers++
		return loses && answers%2 == 1 && time.Now().Before(end)
	}
	c.tracker.fail = func(op string) error {
		if loses || time.Now().After(end) {
			return nil
		}
		return &access.TargetError{Target: access.TargetJira, Op: op, Transient: true}
	}
}

// leave has somebody leave the company, now and then. Slack tells of it until that is taken on.
func (c *chaos) leave() {
	h := c.someone()
	if h.left || c.rng.IntN(2) == 0 {
		return
	}
	h.left = true
	c.dir.mu.Lock()
	u := c.dir.users[h.User]
	u.Status, u.StatusDetail = idp.Departed, "DEPROVISIONED"
	c.dir.users[h.User] = u
	c.dir.mu.Unlock()
	for told := false; !told; wait(time.Second) {
		c.call(func() error {
			err := c.service.Left(c.t.Context(), h.Slack)
			told = err == nil
			return err
		})
	}
}

// leap has the wall clock jump ahead by up to half an hour, where clocks do that.
func (c *chaos) leap() {
	if c.leaps {
		c.ahead.Add(int64(c.rng.IntN(30*60)) * int64(time.Second))
	}
}

// pass lets up to two and a half minutes pass.
func (c *chaos) pass() { wait(time.Duration(c.rng.IntN(150)) * time.Second) }
