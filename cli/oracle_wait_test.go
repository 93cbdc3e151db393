package cli_test

import (
	"slices"
	"strings"
	"time"
)

// ownCall is a call that a vendor got of what Usher does by itself, when nobody waits for it.
type ownCall struct {
	at           time.Time
	what         string    // Vendor and operation,
	write        string    // and all of what was sent.
	refusedUntil time.Time // Zero if it was not refused for a while.
}

// waited wants that no write that a vendor has refused for a while is sent again before. Other writes of the kind may be: the
// pause of a whole target ends when a call that was under way succeeds.
func (o *oracle) waited() {
	if o.realTime || o.slow {
		return // What was sent before the refusal had come back cannot be told from what was sent after.
	}
	until, asked := map[string]time.Time{}, map[string]time.Time{}
	for _, c := range o.sentAlone() {
		again := slices.ContainsFunc(o.breaks, func(s span) bool { return !s.to.Before(asked[c.write]) && !s.from.After(c.at) })
		if c.at.After(asked[c.write]) && c.at.Before(until[c.write]) && !again {
			o.wrong(8, "%s was asked at %s to wait until %s, and called again at %s", c.what, asked[c.write], until[c.write], c.at)
		}
		if c.refusedUntil.After(until[c.write]) {
			until[c.write], asked[c.write] = c.refusedUntil, c.at
		}
	}
}

// sentAlone are the calls of all vendors that are Usher's own affair, in the order of each. What answers a person at once, such
// as a form, waits for nothing; who pressed is told to try again.
func (o *oracle) sentAlone() (list []ownCall) {
	add := func(at time.Time, what, sent, fault string, wait time.Duration) {
		c := ownCall{at: at, what: what, write: what + sent}
		if fault == "rate_limit" {
			c.refusedUntil = at.Add(wait)
		}
		list = append(list, c)
	}
	presses := o.interactions()
	for _, c := range o.world.Slack.Calls() {
		if c.Name == "chat.update" && slices.ContainsFunc(presses, func(in interaction) bool { return !in.at.After(c.At) && in.at.After(c.At.Add(-3*time.Second)) }) {
			continue // It may be the answer to a press on what is not true any more.
		}
		if c.Name == "chat.update" || c.Name == "chat.postMessage" && strings.Contains(c.Body, "metadata=") {
			add(c.At, "Slack's "+c.Name, c.Body, c.Fault, 30*time.Second)
		}
	}
	for _, c := range o.world.Okta.Calls() {
		if strings.HasPrefix(c.Name, "group.member.") { // Okta's wait ends with a whole second.
			add(c.At, "Okta's "+c.Name, c.Path, c.Fault, c.At.Add(time.Second).Truncate(time.Second).Sub(c.At))
		}
	}
	for _, c := range o.world.Jira.Calls() {
		if c.Method != "GET" {
			add(c.At, "Jira's "+c.Name, c.Path+c.Body, c.Fault, time.Second)
		}
	}
	return list
}
