package slackpane

import (
	"slices"
	"strings"
	"time"

	"usher/sandbox/page/blockkit"
	"usher/sandbox/page/web"
	"usher/sandbox/slacksim"
)

// messagesMost is how many messages are drawn unless older ones are asked for.
const messagesMost = 100

// room is a conversation.
type room struct {
	ID, Label    string // of the list; of the composer
	Days         []day
	Older, More  int    // messages before these, and the parameter older that shows some of them
	Newest, Read string // ts of the newest message, and up to which the person has read
	ReadOnly     bool   // there is nothing to write with
	Empty        string
}

type day struct {
	ID, Label string
	Lines     []line
}

// line is one message, or a sentence of Slackbot.
type line struct {
	ID, Channel, TS    string
	Author, Initials   string
	Shade              int
	App, Bot, OnlyYou  bool // written by the app; by Slackbot; ephemeral
	Edited             bool
	Rev                string // changes when the message does
	Clock, At, Precise string
	Body               blockkit.HTML
	posted             time.Time
}

func (p *Pane) room(v web.Viewer, tab string, app slacksim.AppInfo, older int) *room {
	id, handle := v.Person.SlackID(), v.Person.Handle
	where := p.where(v.Person.SlackID(), tab)
	c := p.w.Slack.Conversation(id, where, messagesMost+max(0, older))
	r := &room{
		ID: "sl-list-" + handle + "-" + tab, Older: c.Older, More: max(0, older) + messagesMost, Read: p.readUpTo(handle, tab),
		Label: v.Person.Name + " (you)", ReadOnly: tab == tabMessages && app.ReadOnly, Empty: "Nothing has been written here yet.",
	}
	switch where {
	case slacksim.GeneralChannel:
		r.Label = "#general"
	case id:
		r.Label = app.Name
		r.Empty = app.Name + " has not written to " + firstWord(v.Person.Name) + " yet. " + sentence(app.Description)
	}
	var lines []line
	for _, m := range c.Messages {
		lines = append(lines, p.line(v, m, app))
		r.Newest = max(r.Newest, m.TS)
	}
	if tab == tabGeneral {
		for _, n := range p.notesOf(handle) {
			lines = append(lines, p.slackbot(v, n))
		}
		slices.SortStableFunc(lines, func(a, b line) int { return a.posted.Compare(b.posted) })
	}
	r.Days = days(lines, p.w.Clock.Now().In(v.Zone))
	return r
}

// where is the channel behind a tab, as the simulator's methods take it.
func (p *Pane) where(slackID, tab string) string {
	switch {
	case tab == tabMessages:
		return slackID
	case p.w.Slack.Conversation(slackID, slacksim.GeneralChannel, 0).Member:
		return slacksim.GeneralChannel
	}
	return slacksim.NotesID(slackID)
}

func (p *Pane) line(v web.Viewer, m slacksim.Message, app slacksim.AppInfo) line {
	id := "m-" + m.Channel + "-" + m.TS
	l := line{
		ID: id, Channel: m.Channel, TS: m.TS, OnlyYou: m.Ephemeral, Edited: !m.EditedAt.IsZero() && !m.Ephemeral,
		Rev: m.EditedAt.UTC().Format(time.RFC3339Nano), Body: blockkit.Message(m.Text, m.Blocks, p.kit(v, id, slacksim.View{})),
	}
	u, _ := p.w.Slack.User(m.User)
	l.Author, l.Initials, l.Shade, l.App = u.RealName, initials(u.RealName), shade(u.Name), u.IsBot
	if u.IsBot {
		l.Author, l.Initials = app.Name, initials(app.Name)
	}
	l.date(m.PostedAt.In(v.Zone))
	return l
}

func (p *Pane) slackbot(v web.Viewer, n note) line {
	l := line{
		ID: "n-" + n.at.UTC().Format("20060102T150405.000000000"), Author: "Slackbot", Initials: "S", Bot: true, OnlyYou: true,
	}
	l.Body = `<div class="bk">` + blockkit.Plain(n.text) + `</div>`
	l.date(n.at.In(v.Zone))
	return l
}

func (l *line) date(t time.Time) {
	l.posted, l.Clock, l.At, l.Precise = t, t.Format("3:04 PM"), t.Format(time.RFC3339), t.Format("Monday, January 2 at 3:04:05 PM")
}

// days puts lines, oldest first, under the days on which they were written.
func days(lines []line, now time.Time) []day {
	var list []day
	for _, l := range lines {
		id := l.posted.Format(time.DateOnly)
		if len(list) == 0 || list[len(list)-1].ID != id {
			list = append(list, day{ID: id, Label: dayWords(l.posted, now)})
		}
		last := &list[len(list)-1]
		last.Lines = append(last.Lines, l)
	}
	return list
}

// dayWords names a day as Slack does.
func dayWords(t, now time.Time) string {
	switch t.Format(time.DateOnly) {
	case now.Format(time.DateOnly):
		return "Today"
	case now.AddDate(0, 0, -1).Format(time.DateOnly):
		return "Yesterday"
	}
	layout := "Monday, January 2"
	if t.Year() != now.Year() {
		layout += ", 2006"
	}
	return t.Format(layout)
}

// sentence ends words with a full stop, if there are any.
func sentence(words string) string {
	if words == "" || strings.HasSuffix(words, ".") {
		return words
	}
	return words + "."
}
