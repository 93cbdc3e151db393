package slackpane

import (
	"strconv"

	g "maragu.dev/gomponents"
	h "maragu.dev/gomponents/html"

	"usher/sandbox/slacksim"
)

// top says who the person is, and lets them be somebody else.
func (s screen) top() g.Node {
	return h.Header(
		h.Class("sl-top"), h.Span(h.Class("sl-workspace"), g.Text(s.Company)),
		h.Div(h.Class("sl-you"), s.You.switchButton(), g.If(s.You.Manager != "", s.You.manager())),
		h.Div(
			h.Class("sl-people"), h.ID("sl-people"), h.Role("group"), h.Aria("label", "Change who you are"), g.Attr("hidden"),
			h.Input(
				h.Type("search"), h.ID("sl-people-filter"), g.Attr("data-keep"), h.Aria("label", "Search people"),
				h.Placeholder("Search by name, title, team or manager"), h.AutoComplete("off"), g.Attr("spellcheck", "false"),
			),
			h.Div(
				h.Class("sl-people-list"), h.ID("sl-people-list"), g.Map(s.Teams, team.draw),
				h.P(h.Class("sl-nothing"), h.ID("sl-people-none"), g.Attr("hidden"), g.Text("Nobody fits.")),
			),
		),
	)
}

// switchButton opens the list of people.
func (f face) switchButton() g.Node {
	return h.Button(
		h.Type("button"), h.Class("sl-switch"), h.ID("sl-switch"), h.Aria("expanded", "false"), h.Aria("controls", "sl-people"),
		f.picture(),
		h.Span(
			h.Class("sl-you-words"), h.Span(h.Class("sl-you-name"), g.Text("You are "), h.B(g.Text(f.Name))), g.Text(" "),
			h.Small(h.Span(h.Class("sl-you-title"), g.Text(f.Title)), f.marks()),
		),
		h.Span(h.Class("sl-chevron"), unheard()), unseen(", change who you are"),
	)
}

// manager leads to whom the person reports to.
func (f face) manager() g.Node {
	return h.Span(
		h.Class("sl-manager"), g.Text("Your manager is "),
		h.Button(h.Type("button"), h.Class("sl-link"), h.ID("sl-manager"), h.Data("who", f.Manager), g.Text(f.ManagerName)),
	)
}

func (f face) picture() g.Node {
	return h.Span(h.Class("sl-face sl-shade"+strconv.Itoa(f.Shade)), unheard(), g.Text(f.Initials))
}

func (f face) marks() g.Node {
	return g.Map(f.Marks, func(m string) g.Node { return g.Group{g.Text(" "), h.Span(h.Class("sl-mark"), g.Text(m))} })
}

func (t team) draw() g.Node {
	return h.Section(h.H3(g.Text(t.Name)), h.Ul(g.Map(t.Faces, func(f face) g.Node { return h.Li(f.choice()) })))
}

// choice is a person in the list.
func (f face) choice() g.Node {
	title := f.Title
	if f.ManagerName != "" {
		title += " · manager " + f.ManagerName
	}
	return h.Button(
		h.Type("button"), h.Class("sl-who"), h.ID("sl-who-"+f.Handle), h.Data("who", f.Handle), g.If(f.Current, h.Aria("current", "true")),
		h.Data("words", f.Label()+" "+f.Department),
		f.picture(), h.Span(h.Class("sl-who-words"), h.B(g.Text(f.Name)), f.marks(), g.Text(" "), h.Small(g.Text(title))),
		g.If(f.Unread > 0, unreadCount(f.Unread)),
	)
}

// rail is who is one click away, and the app's shortcuts.
func (s screen) rail() g.Node {
	return h.Nav(
		h.Class("sl-rail"), h.Aria("label", "Be somebody else"), h.Ul(g.Map(s.Rail, face.place)),
		g.If(len(s.App.Shortcuts) > 0 && !s.Closed, s.shortcuts()),
	)
}

// place is a person on the rail.
func (f face) place() g.Node {
	return h.Li(
		h.ID("sl-rail-"+f.Handle),
		h.Button(
			h.Type("button"), h.Class("sl-rail-face"), h.ID("sl-rail-b-"+f.Handle), h.Data("who", f.Handle), h.Title(f.Label()),
			g.If(f.Current, h.Aria("current", "true")),
			f.picture(), g.If(f.Unread > 0, f.dot()), h.Span(h.Class("sl-first"), g.Text(f.First)),
			g.If(f.Unread > 0, unseen(", "+strconv.Itoa(f.Unread)+" unread")),
		),
	)
}

// dot counts what is unread where there is little room.
func (f face) dot() g.Node {
	words := strconv.Itoa(f.Unread)
	if f.Unread > 9 {
		words = "9+"
	}
	return h.Span(h.Class("sl-dot"), unheard(), g.Text(words))
}

// shortcuts are the app's, behind the plus sign.
func (s screen) shortcuts() g.Node {
	return h.Div(
		h.Class("sl-plus"),
		h.Button(
			h.Type("button"), h.Class("sl-plus-button"), h.ID("sl-plus"), h.Aria("haspopup", "menu"), h.Aria("expanded", "false"),
			h.Aria("controls", "sl-shortcuts"), h.Title("Shortcuts"), h.Span(unheard(), g.Text("+")), unseen("Shortcuts"),
		),
		h.Div(
			h.Class("sl-menu"), h.ID("sl-shortcuts"), h.Role("menu"), h.Aria("label", "Shortcuts"), g.Attr("hidden"),
			g.Map(s.App.Shortcuts, s.shortcut),
		),
	)
}

func (s screen) shortcut(of slacksim.Shortcut) g.Node {
	return h.Button(
		h.Type("button"), h.Role("menuitem"), h.TabIndex("-1"), h.Data("shortcut", of.CallbackID),
		h.B(g.Text(of.Name)), h.Small(g.Text(of.Description+" · "+s.App.Name)),
	)
}
