package jirapane

import (
	"strconv"

	g "maragu.dev/gomponents"
	h "maragu.dev/gomponents/html"
)

// draw is the whole pane.
func (p pane) draw() g.Node {
	return h.Div(
		h.Class("jira"), h.Data("view", p.View),
		h.Header(h.Class("jira-top"), h.Span(h.Class("jira-logo"), unheard()), h.H2(g.Text("Jira")), p.Me.draw()),
		p.inside(),
	)
}

func (p pane) inside() g.Node {
	switch {
	case p.Shut != nil:
		return p.Shut.draw(p.Home)
	case p.Issue != nil:
		return p.Issue.draw(p.Home)
	}
	return p.List.draw()
}

// draw says why there is nothing to see; home is the address of the list.
func (s *shut) draw(home string) g.Node {
	return h.Div(
		h.Class("jira-shut"), h.Span(h.Class("jira-lock"), unheard()), h.H3(g.Text(s.Title)), h.P(g.Text(s.Text)),
		g.If(s.Back, h.P(h.A(issueLink(home, ""), g.Text("View all issues")))),
	)
}

// draw is a circle with initials, and the name.
func (f face) draw() g.Node {
	class := "jira-who"
	if f.Nobody {
		class += " jira-nobody"
	}
	return h.Span(
		h.Class(class), h.Span(h.Class("jira-face jira-face-"+strconv.Itoa(f.Color)), unheard(), g.Text(f.Initials)), g.Text(f.Name),
	)
}

// draw is a status, in the color of its category.
func (s status) draw() g.Node {
	return h.Span(h.Class("jira-lozenge jira-"+s.Category), g.Text(s.Name))
}

// draw is a moment in few words, in full for those who point at it.
func (s stamp) draw() g.Node {
	return h.Time(h.DateTime(s.Machine), h.Title(s.Full), g.Text(s.Short))
}

// icon is that of the issue's type.
func (r row) icon() g.Node {
	return h.Span(h.Class("jira-type jira-type-"+r.Kind), h.Role("img"), h.Aria("label", r.Type))
}

// issueLink are the attributes of a link to an issue, or without a key to the list.
func issueLink(address, key string) g.Node {
	return g.Group{h.Href(address), h.Data("issue", key)}
}

// scroll is the part of the pane that scrolls by itself.
func scroll(label string, inside ...g.Node) g.Node {
	return h.Div(h.Class("jira-scroll"), h.TabIndex("0"), h.Role("region"), h.Aria("label", label), g.Group(inside))
}

// unheard leaves out what only the eye needs.
func unheard() g.Node { return h.Aria("hidden", "true") }

// unseen is text for those who listen.
func unseen(words string) g.Node { return h.Span(h.Class("visually-hidden"), g.Text(words)) }
