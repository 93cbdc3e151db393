package directorypane

import (
	"net/http"
	"net/url"

	g "maragu.dev/gomponents"
	h "maragu.dev/gomponents/html"

	"usher/sandbox/page/web"
)

// draw is the whole pane: one group, or what changed last, all groups and the person's account.
func (p *Pane) draw(r *http.Request) (g.Node, error) {
	viewer, err := web.ViewerOf(r, p.w.Company)
	if err != nil {
		return nil, err
	}
	v := p.view(viewer, r.URL.Query().Get("group"))
	inside := g.Group{v.latest(), v.all()}
	if v.One != nil {
		inside = g.Group{v.One.path(), v.one()}
	}
	return h.Div(
		h.Class("directory"),
		h.Header(
			h.Class("directory-top"), h.Span(h.Class("directory-logo"), h.Aria("hidden", "true")),
			h.H2(g.Text(v.Directory+" "), h.Span(g.Text("Admin console of "+v.Company))),
		),
		inside,
	), nil
}

func (v view) changes() g.Node {
	if len(v.Changes) == 0 {
		return h.P(h.Class("directory-empty"), g.Text("No member has changed yet. When a request is approved, Usher adds the person here, and takes them out when the time is up."))
	}
	return h.Ol(h.Class("directory-changes"), g.Map(v.Changes, change.entry))
}

// entry is a change in the list.
func (c change) entry() g.Node {
	class, words := "out", " removed from "
	if c.Added {
		class, words = "in", " added to "
	}
	return h.Li(
		h.ID(c.Key), h.Class(class), h.B(g.Text(c.Person)), g.Text(words), h.A(groupLink(c.Group), g.Text(c.GroupName)),
		h.Small(g.Text(c.Clock+" by "+c.By)),
	)
}

// groupLink are the attributes of a link to a group.
func groupLink(id string) g.Node {
	return g.Group{h.Href("?group=" + url.QueryEscape(id)), h.Data("group", id)}
}

// scroll is the part of the pane that scrolls by itself.
func scroll(label string, inside ...g.Node) g.Node {
	return h.Div(h.Class("directory-scroll"), h.TabIndex("0"), h.Role("region"), h.Aria("label", label), g.Group(inside))
}
