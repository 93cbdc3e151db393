package jirapane

import (
	g "maragu.dev/gomponents"
	h "maragu.dev/gomponents/html"

	"usher/sandbox/jirasim"
)

// draw is the page of an issue; home is the address of the list.
func (is *issue) draw(home string) g.Node {
	return g.Group{
		is.path(home),
		h.Div(
			h.Class("jira-body"), failure(),
			scroll(
				is.Key, h.H3(h.Class("jira-title"), h.ID("jira-title"), h.TabIndex("-1"), g.Text(is.Summary)),
				is.state(), g.Iff(is.Latest != nil, func() g.Node { return is.Latest.draw() }),
				is.description(), is.details(), is.links(), is.web(), is.activity(),
			),
		),
	}
}

// path leads back to the list.
func (is *issue) path(home string) g.Node {
	return h.Nav(
		h.Class("jira-path"), h.Aria("label", "Breadcrumb"), h.A(issueLink(home, ""), g.Text(is.Project)), g.Text(" "),
		h.Span(unheard(), g.Text("/")), g.Text(" "), is.icon(), h.B(h.Aria("current", "page"), g.Text(is.Key)),
	)
}

// failure is filled in by the script when Jira refuses something.
func failure() g.Node {
	return h.Div(
		h.Class("jira-error"), h.ID("jira-error"), h.Role("alert"), g.Attr("hidden"), h.P(),
		h.Button(h.Type("button"), g.Attr("data-dismiss"), h.Aria("label", "Dismiss"), g.Text("✕")),
	)
}

// state is the status with what the person may do about it, and the resolution.
func (is *issue) state() g.Node {
	status := is.Status.draw()
	if len(is.Steps) > 0 {
		status = is.statusMenu()
	}
	return h.Div(
		h.Class("jira-state"), h.ID("jira-state"), h.Data("version", is.Status.Name), status,
		g.If(is.Resolution != "", h.Span(h.Class("jira-resolution"), h.Span(unheard(), g.Text("✓")), g.Text(" "+is.Resolution))),
	)
}

func (is *issue) statusMenu() g.Node {
	return h.Details(
		h.Class("jira-status"), h.ID("jira-status"),
		h.Summary(
			h.Aria("label", "Status: "+is.Status.Name+". Change it"),
			h.Span(h.Class("jira-lozenge jira-"+is.Status.Category), g.Text(is.Status.Name), h.Span(h.Class("jira-open"), unheard())),
		),
		h.Ul(h.Class("jira-steps"), g.Map(is.Steps, step)),
	)
}

// step is a button that moves the issue.
func step(s jirasim.Step) g.Node {
	return h.Li(h.Button(
		h.Type("button"), h.Data("step", s.Name), g.Text(s.Name+" "), h.Span(unheard(), g.Text("→")), g.Text(" "),
		unseen("to "), status{s.Status, s.Category}.draw(),
	))
}

// draw leads down to the newest comment.
func (l *latest) draw() g.Node {
	return h.A(
		h.Class("jira-latest"), h.ID("jira-latest"), h.Data("version", l.ID), h.Href("#jira-h-activity"), g.Attr("data-jump"),
		l.Who.draw(), g.Text(" "), h.Span(h.Class("jira-at"), g.Text("commented "), l.At.draw()), h.Span(h.Class("jira-gist"), g.Text(l.Text)),
	)
}

// section is a part of the page under a heading whose id ends in name.
func section(name, heading string, inside ...g.Node) g.Node {
	return h.Section(h.Aria("labelledby", "jira-h-"+name), h.H4(h.ID("jira-h-"+name), g.Text(heading)), g.Group(inside))
}
