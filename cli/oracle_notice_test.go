package cli_test

import (
	"slices"
	"strings"
	"time"

	"usher/access"
	"usher/sandbox/slacksim"
)

// coming is an end of an access, with the time from which and until which its holder may be told that it comes.
type coming struct{ end, from, until time.Time }

// notices wants one message about each end that came near, to the holder alone: not before its time, and one in any case
// where nothing was in the way of it.
func (o *oracle) notices() {
	posted := map[access.RequestID][]slacksim.Message{}
	for _, p := range o.world.Company.People {
		for _, m := range o.world.Slack.Messages(p.SlackID()) {
			first := o.first(m)
			kind, id := markOf(first.Metadata) // The mark of one that was replaced is another.
			if kind != "notice" {
				continue
			}
			if r := o.requests[id]; string(r.Requester.User) != p.OktaID() {
				o.wrong(5, "%s is told of the end of an access of %s", p.Handle, r.Requester)
			}
			posted[id] = append(posted[id], first)
		}
	}
	away := o.slackAway()
	for id := range o.requests {
		list := o.comings(id)
		told := make([]int, len(list))
		for _, m := range posted[id] {
			if i := o.announces(id, m, list); i >= 0 {
				told[i]++
			}
		}
		for i, c := range list {
			switch {
			case told[i] > 1:
				o.wrong(5, "request %s: the end at %s is announced %d times", id, c.end, told[i])
			case told[i] == 0 && o.calm(id, c, away):
				o.wrong(3, "request %s: nobody was told of the end at %s, and that was due from %s to %s", id, c.end, c.from, c.until)
			}
		}
	}
}

// comings are the ends of an access of which the holder had to be told, as far as their time has come.
func (o *oracle) comings(id access.RequestID) (list []coming) {
	r, g := o.requests[id], o.grants[id]
	lead := o.book.notice(time.Duration(r.Duration))
	if g.StartedAt.IsZero() || lead == 0 {
		return nil
	}
	since, end := g.StartedAt, g.StartedAt.Add(time.Duration(r.Duration))
	add := func(until time.Time) {
		if from := end.Add(-lead); from.After(since) && from.Before(until) {
			list = append(list, coming{end, from, until})
		}
	}
	for _, e := range o.prolongations(g.ID) {
		at := o.at(e, access.EventExtended)
		add(at)
		since, end = at, end.Add(time.Duration(o.requests[e].Duration))
	}
	over := o.now
	if !g.RevokingAt.IsZero() && g.RevokingAt.Before(over) {
		over = g.RevokingAt
	}
	add(over)
	return list
}

// prolongations are the extensions of an access that took effect, in order.
func (o *oracle) prolongations(id access.GrantID) []access.RequestID {
	at := func(e access.RequestID) time.Time { return o.at(e, access.EventExtended) }
	list := slices.DeleteFunc(slices.Clone(o.extensions[id]), func(e access.RequestID) bool { return at(e).IsZero() })
	slices.SortFunc(list, func(a, b access.RequestID) int { return at(a).Compare(at(b)) })
	return list
}

// first is a message as it was posted.
func (o *oracle) first(m slacksim.Message) slacksim.Message {
	if all := o.world.Slack.Versions(m.Channel, m.TS); len(all) > 0 {
		return all[0]
	}
	return m
}

// announces finds the end of which a message told when it was posted; -1 if that was none, or not the time for it.
func (o *oracle) announces(id access.RequestID, m slacksim.Message, list []coming) int {
	i := slices.IndexFunc(list, func(c coming) bool { return strings.Contains(m.Plain(), shown(c.end)) })
	if i < 0 || !strings.Contains(m.Plain(), o.requests[id].Role.String()) || !strings.Contains(m.Notified, spoken(list[i].end)) {
		o.wrong(3, "request %s: a notice at %s tells of no end that came near, of %v:\n%s\n%s", id, m.PostedAt, list, m.Notified, m.Plain())
		return -1
	}
	if c := list[i]; m.PostedAt.Before(c.from.Add(-time.Second-o.skew)) || m.PostedAt.After(o.excused(c.until).Add(answerFor+o.skew)) {
		o.wrong(3, "request %s: the end at %s is announced at %s, and that was due from %s to %s", id, c.end, m.PostedAt, c.from, c.until)
		return -1
	}
	return i
}

// shown and spoken are a time as Slack shows it in these tests, and in the text of which it notifies.
func shown(at time.Time) string  { return at.UTC().Format("2006-01-02 15:04 UTC") }
func spoken(at time.Time) string { return at.UTC().Format("2 Jan 2006 15:04 UTC") }

// notice is how long before its end the holder of an access of that length is told.
func (b *book) notice(of time.Duration) time.Duration {
	most := 24 * time.Hour
	if b.Settings.Notice != "" {
		most = length(b.Settings.Notice)
	}
	return min(of/6, most)
}

// calm reports whether there was time to tell somebody of an end: Usher ran and Slack answered.
func (o *oracle) calm(id access.RequestID, c coming, away []span) bool {
	who := string(o.requests[id].Requester.Slack)
	if u, _ := o.world.Slack.User(who); u.Deleted || who == "" {
		return false
	}
	if calls := o.world.Slack.Calls(); len(calls) > 0 && calls[0].Seq > 1 && c.from.Before(calls[0].At) {
		return false // How Slack was then is not on record any more.
	}
	at := c.from.Add(o.skew)
	for _, s := range away {
		if !s.from.After(at.Add(time.Minute)) && s.to.Add(time.Minute).After(at) {
			at = s.to.Add(time.Minute)
		}
	}
	return at.Add(time.Minute + o.skew).Before(c.until)
}

// slackAway are the times in which Usher was down, or Slack took what it sent badly, by their beginning.
func (o *oracle) slackAway() []span {
	list := slices.Clone(o.outages)
	for _, c := range o.world.Slack.Calls() {
		switch c.Fault {
		case "":
			if c.Status == 200 || c.Name == "socket.connect" {
				continue
			}
			list = append(list, span{c.At, c.At.Add(longestCall)})
		case string(slacksim.Forbidden), string(slacksim.Gone): // A refusal for good is tried again ever more rarely, and not for ever.
			list = append(list, span{c.At, c.At.Add(time.Hour)})
		default:
			list = append(list, span{c.At, c.At.Add(longestCall)})
		}
	}
	slices.SortFunc(list, func(a, b span) int { return a.from.Compare(b.from) })
	return list
}
