package access_test

import (
	"time"

	"usher/access"
	"usher/idp"
)

// judge calms everything down and says what must be true then, until long after the last grant is over.
func (c *chaos) judge() {
	c.calm()
	wait(10 * time.Minute)
	c.allSettled()
	c.watch()
	wait(time.Hour)
	c.reviveIfDead()
	for _, h := range c.hold {
		c.nothingLeft(h)
		c.toldAsItWas(h)
		for _, r := range c.requests(h) {
			c.oneRecord(r)
		}
	}
	c.noEffects()
	if c.t.Failed() {
		c.tell()
	}
}

// calm ends whatever is wrong.
func (c *chaos) calm() {
	c.fuse.Store(0)
	c.reviveIfDead()
	c.full.Store(false)
	c.tracker.mu.Lock()
	c.tracker.fail, c.tracker.lose = nil, nil
	c.tracker.mu.Unlock()
	c.vendor.calmDown()
	c.vendor.note("calm")
}

// requests are all that the store knows of somebody's, whether or not they were answered that it was made.
func (c *chaos) requests(h *holder) (list []access.Request) {
	err := c.store.View(c.t.Context(), func(tx access.Tx) error {
		list = nil
		ids, err := tx.IDs(access.Requests, "requester/"+string(h.User), "", 0)
		for _, id := range ids {
			var r access.Request
			if err := tx.Get(access.Requests, id, &r); err != nil {
				return err
			}
			list = append(list, r)
		}
		return err
	})
	if err != nil {
		c.t.Fatal(err)
	}
	return list
}

// grants are all that somebody was ever given or to be given.
func (c *chaos) grants(h *holder) (list []access.Grant) {
	for _, r := range c.requests(h) {
		if g := c.grant(r.ID); g.ID != "" {
			list = append(list, g)
		}
	}
	return list
}

// leases is how many of the grants give their group at present.
func leases(list []access.Grant) (n int) {
	for _, g := range list {
		if g.Live() && g.Failure == "" {
			n++
		}
	}
	return n
}

// is reports whether somebody is a member.
func (c *chaos) is(h *holder) bool { return c.dir.member(h.group, h.Name) }

// allSettled wants every grant given or ended.
func (c *chaos) allSettled() {
	for _, h := range c.hold {
		for _, g := range c.grants(h) {
			if g.State == access.GrantProvisioning || g.State == access.GrantRevoking {
				c.t.Errorf("%s ten minutes after it calmed down, trouble %q", c.name(g.Request), g.Trouble)
			}
		}
	}
}

// watch looks at every minute, until five minutes after the last grant is over: who has a grant is a member, and nobody else for
// longer than three minutes.
func (c *chaos) watch() {
	without := map[idp.UserID]int{}
	for still := 5; still > 0; still-- {
		wait(time.Minute)
		for _, h := range c.hold {
			list := c.grants(h)
			n := leases(list)
			if n > 0 {
				still = 5
			}
			if without[h.User]++; n > 0 || !c.is(h) || h.before {
				without[h.User] = 0
			}
			c.fits(h, list, without[h.User])
		}
		if c.t.Failed() {
			return
		}
	}
}

// fits holds what somebody has been given against what they have, and for how many minutes they have had it without a grant.
func (c *chaos) fits(h *holder, list []access.Grant, without int) {
	if without == 3 {
		c.t.Errorf("after %s %s is a member for three minutes without a grant", time.Since(c.vendor.began), h.Name)
	}
	if h.left && leases(list) > 0 {
		c.t.Errorf("%s has left and still holds something", h.Name)
	}
	for _, g := range list {
		if g.State == access.GrantActive && !c.is(h) {
			c.t.Errorf("%s, and %s is no member", c.name(g.Request), h.Name)
		}
	}
}

// nothingLeft wants what was there before to be there still, untouched, and nothing else.
func (c *chaos) nothingLeft(h *holder) {
	if c.is(h) != h.before {
		c.t.Errorf("at the end %s is a member: %v; before: %v", h.Name, c.is(h), h.before)
	}
	if n := len(c.vendor.turnsOf(h.group, h.User)); h.before && n > 0 {
		c.t.Errorf("%s was a member from before, and that was changed %d times", h.Name, n)
	}
	for _, g := range c.grants(h) {
		if !g.State.Final() {
			c.t.Errorf("at the end %s, trouble %q", c.name(g.Request), g.Trouble)
		}
	}
}

// noEffects wants nothing left to do.
func (c *chaos) noEffects() {
	err := c.store.View(c.t.Context(), func(tx access.Tx) error {
		list, err := tx.Effects()
		for _, e := range list {
			c.t.Errorf("%s is left to do, tried %d times: %s", e.ID, e.Attempts, e.LastError)
		}
		return err
	})
	if err != nil {
		c.t.Error(err)
	}
}

// name is a request and its grant for people.
func (c *chaos) name(id access.RequestID) string {
	r := c.request(id)
	s := r.Subject.Name + "'s " + string(r.Role.Entitlement) + " (" + string(id) + ", " + string(r.State)
	if g := c.grant(id); g.ID != "" {
		s += ", " + string(g.State)
	}
	return s + ")"
}

// tell shows all that happened.
func (c *chaos) tell() {
	for _, line := range c.vendor.log {
		c.t.Log(line)
	}
	c.t.Logf("changes %q", c.dir.changes())
	for _, h := range c.hold {
		for _, r := range c.requests(h) {
			c.t.Log(c.name(r.ID))
			for _, e := range c.events(r.ID) {
				c.t.Logf("   %8.1f %s %s", e.At.Sub(c.vendor.began).Seconds(), e.Kind, e.Text)
			}
		}
	}
}
