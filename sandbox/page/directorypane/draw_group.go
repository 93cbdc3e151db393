package directorypane

import (
	"strconv"

	g "maragu.dev/gomponents"
	h "maragu.dev/gomponents/html"
)

// path leads back from a group.
func (one group) path() g.Node {
	return h.Nav(
		h.Class("directory-path"), h.Aria("label", "Place in the directory"),
		h.A(h.Href("?group="), h.Data("group", ""), g.Text("Groups")), g.Text(" "),
		h.Span(h.Aria("hidden", "true"), g.Text("/")), g.Text(" "), h.B(g.Text(one.Name)),
	)
}

// one is a group with its members and changes.
func (v view) one() g.Node {
	one := v.One
	members := g.Map(one.Members, one.row)
	if len(members) == 0 {
		members = g.Group{h.Li(g.Text("Nobody is in this group."))}
	}
	return scroll(
		"Group "+one.Name,
		h.H3(g.Text(one.Name+" "), h.Span(g.Text(counted(one.Count)+one.kind()))),
		h.P(h.Class("directory-id"), g.Text(one.ID)),
		v.adding(),
		h.Ul(h.Class("directory-members"), members),
		h.H3(g.Text("Changes")),
		v.changes(),
	)
}

func counted(members int) string {
	if members == 1 {
		return "1 member"
	}
	return strconv.Itoa(members) + " members"
}

// kind is what sort of group it is, after a comma.
func (one group) kind() string {
	if one.Kind == "" {
		return ""
	}
	return ", " + one.Kind
}

// adding is what an administrator adds somebody with.
func (v view) adding() g.Node {
	return h.Div(
		h.Class("directory-add"), h.Label(h.For("directory-add"), g.Text("Add by hand")),
		h.Select(
			h.ID("directory-add"), h.Option(h.Value(""), g.Text("Choose a person")),
			g.Map(v.Others, func(m member) g.Node { return h.Option(h.Value(m.ID), g.Text(m.Name)) }),
		),
		h.Button(h.Type("button"), h.Data("add", v.One.ID), g.Text("Add")),
	)
}

// row is a member of a group, with a button that takes them out.
func (one group) row(m member) g.Node {
	return h.Li(
		h.ID("directory-m-"+m.ID),
		h.Span(
			h.Class("directory-name"), g.Text(m.Name), g.If(m.You, g.Group{g.Text(" "), h.Em(g.Text("you"))}),
			g.If(!m.Active, g.Group{g.Text(" "), h.Em(h.Class("off"), g.Text("not active"))}), h.Small(g.Text(m.Title)),
		),
		h.Button(h.Type("button"), h.Data("remove", m.ID), h.Data("of", one.ID), h.Aria("label", "Remove "+m.Name+" by hand"), g.Text("Remove")),
	)
}
