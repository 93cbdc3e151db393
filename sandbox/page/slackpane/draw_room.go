package slackpane

import (
	"fmt"
	"strconv"

	g "maragu.dev/gomponents"
	h "maragu.dev/gomponents/html"

	"usher/sandbox/slacksim"
)

// room is a conversation with what one writes in it with.
func (s screen) room() g.Node {
	write := s.composer
	if s.Room.ReadOnly {
		write = s.readOnly
	}
	return h.Div(
		h.Class("sl-room"), s.messages(),
		h.Button(h.Type("button"), h.Class("sl-pill"), h.ID("sl-pill"), g.Attr("hidden"), g.Text("New messages "), h.Span(unheard(), g.Text("↓"))),
		write(),
	)
}

// messages are those of the conversation under the days on which they were written.
func (s screen) messages() g.Node {
	r := s.Room
	days := g.Map(r.Days, day.draw)
	if len(days) == 0 {
		days = g.Group{h.P(h.Class("sl-nothing"), g.Text(r.Empty))}
	}
	return h.Div(
		h.Class("sl-list"), h.ID(r.ID), h.Role("log"), h.Aria("label", r.Label+", messages"), h.TabIndex("0"),
		h.Data("newest", r.Newest), h.Data("read", r.Read), g.If(r.Older > 0, s.older()), days,
	)
}

// older shows more of what was written before.
func (s screen) older() g.Node {
	more := strconv.Itoa(s.Room.More)
	return h.P(
		h.Class("sl-older"),
		h.A(s.link(s.Tab, "older", more), h.Data("older", more), g.Text(fmt.Sprintf("Show older messages (%d)", s.Room.Older))),
	)
}

func (d day) draw() g.Node {
	return g.Group{h.H3(h.Class("sl-day"), h.ID("sl-day-"+d.ID), h.Span(g.Text(d.Label))), g.Map(d.Lines, line.draw)}
}

// draw is one message.
func (l line) draw() g.Node {
	class, only := "sl-msg", g.Node(nil)
	if l.OnlyYou {
		class, only = "sl-msg sl-only", h.P(h.Class("sl-onlyyou"), h.Span(unheard(), g.Text("👁")), g.Text(" Only visible to you"))
	}
	return h.Article(
		h.Class(class), h.ID(l.ID), h.Data("place", "message"), h.Data("channel", l.Channel), h.Data("ts", l.TS), h.Data("rev", l.Rev),
		h.Aria("label", l.Author+", "+l.Clock), only, l.avatar(),
		h.Div(h.Class("sl-content"), l.by(), drawn(l.Body), g.If(l.Edited, h.Span(h.Class("sl-edited"), g.Text("(edited)")))),
	)
}

func (l line) avatar() g.Node {
	class := "sl-shade" + strconv.Itoa(l.Shade)
	switch {
	case l.App:
		class = "sl-avatar-app"
	case l.Bot:
		class = "sl-avatar-bot"
	}
	return h.Span(h.Class("sl-avatar "+class), unheard(), g.Text(l.Initials))
}

// by says who wrote it and when.
func (l line) by() g.Node {
	return h.P(
		h.Class("sl-by"), h.B(g.Text(l.Author)), g.If(l.App, g.Group{g.Text(" "), appBadge()}), g.Text(" "),
		h.Time(h.DateTime(l.At), h.Title(l.Precise), g.Text(l.Clock)),
	)
}

// readOnly stands where the app does not want to be written to.
func (s screen) readOnly() g.Node {
	elsewhere := g.Node(nil)
	if len(s.App.Commands) > 0 {
		elsewhere = g.Group{g.Text(" "), h.A(s.link(tabGeneral), h.Data("tab", tabGeneral), g.Text("Type "+s.App.Commands[0].Name+" elsewhere"))}
	}
	return h.P(h.Class("sl-readonly"), g.Text("Sending messages to this app has been turned off."), elsewhere)
}

// composer is the line in which one writes; the commands appear above it.
func (s screen) composer() g.Node {
	id := "sl-text-" + s.You.Handle + "-" + s.Tab
	return h.Form(
		h.Class("sl-composer"), h.ID("sl-composer"), h.Data("tab", s.Tab),
		g.If(len(s.App.Commands) > 0, h.Div(h.Class("sl-commands"), h.ID("sl-commands"), g.Attr("hidden"), g.Map(s.App.Commands, s.command))),
		h.Label(h.Class("sl-hidden"), h.For(id), g.Text("Message to "+s.Room.Label)),
		h.Input(
			h.Type("text"), h.Class("sl-text"), h.ID(id), g.Attr("data-keep"), h.Placeholder("Message "+s.Room.Label), h.AutoComplete("off"),
			h.Aria("describedby", "sl-hint"), h.MaxLength("4000"),
		),
		h.Button(
			h.Type("submit"), h.Class("sl-send"), h.ID("sl-send"), h.Title("Send"), h.Span(unheard(), g.Text("➤")), unseen("Send"),
		),
		h.P(h.Class("sl-hint"), h.ID("sl-hint"), s.hint()),
	)
}

func (s screen) command(c slacksim.Command) g.Node {
	return h.Button(
		h.Type("button"), h.Class("sl-command"), h.Data("command", c.Name),
		h.B(g.Text(c.Name)), g.Text(" "), h.Span(g.Text(c.Hint)), h.Small(g.Text(c.Description+" · "+s.App.Name)),
	)
}

// hint tells of the app's first command.
func (s screen) hint() g.Node {
	if len(s.App.Commands) == 0 {
		return nil
	}
	name := s.App.Commands[0].Name
	return g.Group{
		g.Text("Type "), h.Button(h.Type("button"), h.Class("sl-link"), h.Data("command", name), g.Text(name)),
		g.Text(" and what you need, then Enter."),
	}
}
