package access_test

import (
	"strings"
	"time"

	"usher/access"
)

// toldAsItWas holds what the record says of the changes of a membership against those that there were.
func (c *chaos) toldAsItWas(h *holder) {
	var added, removed []time.Time
	ends := 0
	for _, g := range c.grants(h) {
		for _, e := range c.events(g.Request) {
			switch {
			case e.Kind == access.EventMemberAdded:
				added = append(added, e.At)
			case e.Kind == access.EventMemberRemoved && strings.HasPrefix(e.Text, "Removed"):
				removed = append(removed, e.At)
			}
			if e.Kind == access.EventMemberRemoved || e.Kind == access.EventMemberKept && e.Facts["found"] == "unknown" {
				ends++
			}
		}
	}
	turns := c.vendor.turnsOf(h.group, h.User)
	c.neverMore(h, "added", added, turns, true)
	c.neverMore(h, "removed", removed, turns, false)
	c.eachAddition(h, added, turns)
	if ends < len(added) {
		c.t.Errorf("%s: %d additions are told and %d ends", h.Name, len(added), ends)
	}
}

// neverMore wants no more told at any time than had been done by then.
func (c *chaos) neverMore(h *holder, what string, told []time.Time, turns []turn, in bool) {
	for _, at := range told {
		done, said := 0, 0
		for _, turn := range turns {
			if turn.in == in && !turn.told.After(at) {
				done++
			}
		}
		for _, other := range told {
			if !other.After(at) {
				said++
			}
		}
		if said > done {
			c.t.Errorf("%s: by %s %d times told as %s, which was done %d times", h.Name, at.Sub(c.vendor.began), said, what, done)
		}
	}
}

// eachAddition wants an addition told once if a grant was active by it, and never more.
func (c *chaos) eachAddition(h *holder, told []time.Time, turns []turn) {
	for i, turn := range turns {
		if !turn.in {
			continue
		}
		end := c.clock()
		if i+1 < len(turns) {
			end = turns[i+1].told
		}
		within := func(at time.Time) bool { return !at.Before(turn.told) && at.Before(end) }
		n, held := 0, false
		for _, at := range told {
			if within(at) {
				n++
			}
		}
		for _, g := range c.grants(h) {
			held = held || within(g.StartedAt)
		}
		if n > 1 || held && n == 0 {
			c.t.Errorf("%s: the addition of %s is told %d times; a grant was active by it: %v", h.Name, turn.told.Sub(c.vendor.began), n, held)
		}
	}
}

// oneRecord wants the issue to tell everything once, and the chain to hold.
func (c *chaos) oneRecord(r access.Request) {
	c.toldOnce(r.ID)
	if r.Unmirrored > r.Mirrored {
		c.t.Errorf("%s: the issue is behind", c.name(r.ID))
	}
	if err := access.VerifyChain(c.events(r.ID)); err != nil {
		c.t.Error(err)
	}
}
