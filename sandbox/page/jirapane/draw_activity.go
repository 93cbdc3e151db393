package jirapane

import (
	"strconv"

	g "maragu.dev/gomponents"
	h "maragu.dev/gomponents/html"

	"usher/sandbox/jirasim"
)

// activity is what was said about the issue and done to it.
func (is *issue) activity() g.Node {
	entries := none("There are no comments on this issue yet.")
	if len(is.Entries) > 0 {
		entries = h.Ol(h.Class("jira-entries"), g.Map(is.Entries, entry.draw))
	}
	return h.Section(
		h.Aria("labelledby", "jira-h-activity"), h.H4(h.ID("jira-h-activity"), h.TabIndex("-1"), g.Text("Activity")),
		h.Nav(h.Class("jira-tabs"), h.Aria("label", "What activity to show"), g.Map(is.Tabs, tab.draw)),
		g.If(is.MayComment, commentForm(is.Key)), entries,
	)
}

func (t tab) draw() g.Node {
	return h.A(
		h.Href(t.Href), h.Data("activity", t.Name), h.ID("jira-tab-"+t.Name), g.If(t.Current, h.Aria("current", "true")),
		g.Text(t.Words+" "), h.Span(g.Text(strconv.Itoa(t.Count))),
	)
}

func commentForm(key string) g.Node {
	return h.Form(
		h.Class("jira-say"), h.ID("jira-say"), h.Label(h.Class("visually-hidden"), h.For("jira-words"), g.Text("Add a comment")),
		h.Textarea(h.ID("jira-words"), h.Rows("2"), h.Placeholder("Add a comment…"), h.Data("key", key)),
		h.Button(h.Type("submit"), g.Text("Save")),
	)
}

// draw is a comment, or a change with what stood before and stands now.
func (e entry) draw() g.Node {
	class, body := "jira-change", g.Node(nil)
	if e.Comment {
		class, body = "jira-comment", wiki(e.Body)
	}
	return h.Li(
		h.ID(e.ID), h.Data("version", strconv.FormatInt(e.Version, 10)), h.Class(class), e.by(), body,
		g.If(len(e.Items) > 0, h.Dl(h.Class("jira-items"), g.Map(e.Items, item.draw))),
	)
}

// by says who did what and when.
func (e entry) by() g.Node {
	when := g.Group{e.At.draw()}
	if e.Edited {
		when = append(when, g.Text(", edited"))
	}
	if e.Quiet {
		when = append(when, g.Text(", nobody was notified"))
	}
	return h.P(h.Class("jira-by"), e.Who.draw(), g.Text(" "), e.deed(), g.Text(" "), h.Span(h.Class("jira-at"), when))
}

// deed is what was done, which nobody needs to be told of a comment.
func (e entry) deed() g.Node {
	switch {
	case e.Created:
		return g.Text("created the issue")
	case e.Comment:
		return nil
	}
	words := g.Group{g.Text("changed ")}
	for i, it := range e.Items {
		if i > 0 {
			words = append(words, g.Text(", "))
		}
		words = append(words, g.Text("the "), h.B(g.Text(it.Field)))
	}
	return words
}

// draw is the change of one field.
func (i item) draw() g.Node {
	return h.Div(
		h.Dt(h.Class("visually-hidden"), g.Text(i.Field)),
		h.Dd(
			unseen("from "), h.Span(h.Class("jira-was"), i.From.draw()), g.Text(" "),
			h.Span(unheard(), g.Text("→")), unseen("to "), g.Text(" "), h.Span(h.Class("jira-is"), i.To.draw()),
		),
	)
}

func (x excerpt) draw() g.Node {
	if !x.Long {
		return g.Text(x.All)
	}
	return h.Details(h.ID(x.ID), h.Summary(g.Text(x.Start+"…")), g.Text(x.All))
}

// none stands where there is nothing.
func none(words string) g.Node { return h.P(h.Class("jira-none"), g.Text(words)) }

// wiki is what somebody wrote.
func wiki(text jirasim.Rendered) g.Node { return h.Div(h.Class("jira-wiki"), g.Raw(string(text))) }
