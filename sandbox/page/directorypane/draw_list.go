package directorypane

import (
	"fmt"
	"strconv"

	g "maragu.dev/gomponents"
	h "maragu.dev/gomponents/html"
)

// latest are the changes of all groups.
func (v view) latest() g.Node {
	return h.Section(
		h.Class("directory-latest"), h.TabIndex("0"), h.Aria("label", "Latest changes of members"), h.H3(g.Text("Latest changes")), v.changes(),
	)
}

// all are the groups, and below them the person's account.
func (v view) all() g.Node {
	return scroll("Groups", h.H3(g.Text("Groups")), h.Ul(h.Class("directory-groups"), g.Map(v.Groups, group.entry)), v.Who.account(v.Directory))
}

// entry is a group in the list.
func (one group) entry() g.Node {
	words := strconv.Itoa(one.Count)
	if one.You {
		words += ", with you"
	}
	return h.Li(
		h.ID("directory-g-"+one.ID), g.If(one.Fresh, h.Class("fresh")),
		h.A(groupLink(one.ID), h.B(g.Text(one.Name)), g.Text(" "), h.Span(g.Text(words+one.kind()))),
		g.Text(" "), h.Span(h.Class("directory-chips"), one.chips()),
	)
}

// chips are the first members in a line.
func (one group) chips() g.Node {
	shown := one.Members[:min(len(one.Members), chipsMost)]
	chips := g.Map(shown, func(m member) g.Node { return h.I(g.If(m.You, h.Class("you")), g.Text(m.Name)) })
	if more := len(one.Members) - len(shown); more > 0 {
		chips = append(chips, h.I(h.Class("more"), g.Text(fmt.Sprintf("and %d more", more))))
	}
	return chips
}

// account is the person's own, which can be turned off and on.
func (m member) account(directory string) g.Node {
	state, button := "The account is not active.", h.Button(h.Type("button"), h.Data("reactivate", m.Handle), g.Text("Activate "+m.Name))
	if m.Active {
		state, button = "The account is active.", h.Button(h.Type("button"), h.Data("deactivate", m.Handle), g.Text("Deactivate "+m.Name))
	}
	return h.Div(
		h.Class("directory-person"), h.H3(g.Text(m.Name)), h.P(g.Text(state+" "+directory+" provisions Slack, so turning it off works there too.")), button,
	)
}
