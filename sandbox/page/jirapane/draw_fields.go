package jirapane

import (
	"cmp"
	"strconv"

	g "maragu.dev/gomponents"
	h "maragu.dev/gomponents/html"
)

func (is *issue) description() g.Node {
	if is.Description == "" {
		return section("description", "Description", none("None"))
	}
	return section("description", "Description", wiki(is.Description))
}

func (is *issue) details() g.Node {
	labels := g.Map(is.Labels, func(l string) g.Node { return g.Group{h.Span(h.Class("jira-label"), g.Text(l)), g.Text(" ")} })
	if len(labels) == 0 {
		labels = g.Group{g.Text("None")}
	}
	resolution := cmp.Or(is.Resolution, "Unresolved")
	return section("details", "Details", h.Dl(
		h.Class("jira-fields"), g.Map(is.Fields, field.draw),
		detail("labels", "Labels", labels), detail("resolution", "Resolution", g.Text(resolution)),
	))
}

func detail(id, name string, value g.Node) g.Node {
	return h.Div(h.ID("jira-field-"+id), h.Dt(g.Text(name)), h.Dd(value))
}

func (f field) draw() g.Node { return detail(f.ID, f.Name, f.value()) }

func (f field) value() g.Node {
	switch {
	case f.Face != nil:
		return f.Face.draw()
	case f.At != nil:
		return f.At.draw()
	case f.HTML != "":
		return wiki(f.HTML)
	}
	return g.Text(f.Text)
}

func (is *issue) links() g.Node {
	if len(is.Links) == 0 {
		return nil
	}
	return section("links", "Linked issues", h.Ul(h.Class("jira-links"), g.Map(is.Links, link.draw)))
}

func (l link) draw() g.Node {
	return h.Li(
		h.ID("jira-link-"+l.Key), h.Small(g.Text(l.Words)), h.A(issueLink(l.Href, l.Key), h.B(g.Text(l.Key)), g.Text(" "+l.Summary)),
		g.Text(" "), l.Status.draw(),
	)
}

func (is *issue) web() g.Node {
	if len(is.Web) == 0 {
		return nil
	}
	return section("web", "Web links", h.Ul(h.Class("jira-links"), g.Map(is.Web, webLink.draw)))
}

func (l webLink) draw() g.Node {
	text := g.Text(l.Text)
	if l.Href != "" {
		text = h.A(h.Href(l.Href), h.Target("_blank"), h.Rel("noopener noreferrer"), text)
	}
	return h.Li(h.ID("jira-web-"+strconv.FormatInt(l.ID, 10)), text)
}
