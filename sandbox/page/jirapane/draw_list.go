package jirapane

import (
	"fmt"
	"strconv"

	g "maragu.dev/gomponents"
	h "maragu.dev/gomponents/html"
)

// draw is the list of issues, or what stands in its place before the first one.
func (l *list) draw() g.Node {
	if len(l.Rows) == 0 {
		return g.Group{h.H3(h.Class("jira-heading"), g.Text("Issues")), scroll("Issues", noIssues())}
	}
	return g.Group{
		h.H3(h.Class("jira-heading"), g.Text("Issues "), h.Span(g.Text("newest first"))),
		scroll("Issues", h.Ul(h.Class("jira-rows"), g.Map(l.Rows, row.draw)), g.If(l.Older > 0, l.older())),
	}
}

// older leads to those that do not fit.
func (l *list) older() g.Node {
	return h.P(h.Class("jira-older"), h.A(h.Href(l.More), h.Data("rows", strconv.Itoa(l.Next)), g.Text(fmt.Sprintf("Show older (%d)", l.Older))))
}

func noIssues() g.Node {
	return h.Div(
		h.Class("jira-empty"), h.Span(h.Class("jira-sheet"), unheard()), h.H4(g.Text("No issues yet")),
		h.P(g.Text("When somebody asks for access in Slack, Usher files an issue here. It says who asks for what and why, and follows the request until the access has ended.")),
	)
}

// draw is an issue in the list.
func (r row) draw() g.Node {
	return h.Li(
		h.ID("jira-row-"+r.Key), h.Data("version", strconv.FormatInt(r.Version, 10)),
		h.A(
			issueLink(r.Href, r.Key),
			h.Span(h.Class("jira-line"), r.icon(), h.Span(h.Class("jira-key"), g.Text(r.Key)), r.Status.draw()), g.Text(" "),
			h.Span(h.Class("jira-summary"), g.Text(r.Summary)), g.Text(" "),
			r.people(),
		),
	)
}

// people are those of an issue in the list, and when it was changed.
func (r row) people() g.Node {
	assignee := g.Group{unseen(" Assignee "), h.Span(h.Class("jira-to"), unheard()), r.Assignee.draw()}
	return h.Span(
		h.Class("jira-meta"), unseen("Reporter "), r.Reporter.draw(), g.If(!r.Assignee.Nobody, assignee),
		h.Span(h.Class("jira-updated"), unseen("Updated "), r.Updated.draw()),
	)
}
