package page

import (
	"fmt"
	"net/http"
	"strconv"
	"time"

	g "maragu.dev/gomponents"
	h "maragu.dev/gomponents/html"

	"usher/sandbox/page/web"
)

// bar is the line on top: the clock, what comes next, the faults, the tour.
func (s *Server) bar(r *http.Request) (g.Node, error) {
	st := s.now()
	v, err := web.ViewerOf(r, st.World.Company)
	if err != nil {
		return nil, err
	}
	tour := s.tour.caption()
	return g.Group{
		h.H1(h.Class("brand"), g.Text("Usher "), h.Span(g.Text("demo of "+st.World.Company.Name))),
		clock(st.World.Clock.Now().In(v.Zone), st.NextDue()),
		s.faults(st),
		h.Div(
			h.Class("whole"), g.If(s.cfg.Story, tour.button()), h.Button(h.Type("button"), g.Attr("data-reset"), g.Text("Start over")),
		),
		g.If(tour.Playing || tour.Over, tour.draw()),
	}, nil
}

// clock shows the time in the zone of now, and what moves it; due is when something happens next, the zero time if never.
func clock(now, due time.Time) g.Node {
	return h.Div(
		h.Class("clock"), h.Role("group"), h.Aria("label", "Clock"),
		h.Time(
			h.ID("clock"), h.DateTime(now.UTC().Format("2006-01-02T15:04:05Z")), h.Data("now", strconv.FormatInt(now.UnixMilli(), 10)),
			h.Data("zone", now.Location().String()), g.Text(now.Format("Mon 2 Jan, 15:04:05")),
		),
		h.Button(h.Type("button"), h.Data("advance", "1h"), g.Text("+1 h")),
		h.Button(h.Type("button"), h.Data("advance", "6h"), g.Text("+6 h")),
		h.Button(h.Type("button"), h.Data("advance", "24h"), g.Text("+1 day")),
		dueButton(due, now.Location()),
	)
}

// dueButton moves the clock to what happens next.
func dueButton(due time.Time, zone *time.Location) g.Node {
	title, words := "Nothing is planned", "nothing yet"
	if !due.IsZero() {
		words = due.In(zone).Format("Mon 2 Jan, 15:04")
		title = "Go to " + words
	}
	return h.Button(
		h.Type("button"), g.Attr("data-due"), g.If(due.IsZero(), h.Disabled()), h.Title(title),
		g.Text("Next due"), h.Span(h.Class("due"), h.ID("due"), g.Text(words)),
	)
}

// faults are the switches that break vendors.
func (s *Server) faults(st *stage) g.Node {
	directory := st.World.Directory
	return h.Div(
		h.Class("faults"), h.Role("group"), h.Aria("label", "Faults"),
		faultSwitch("slack", "Slack", s.fault(st, "slack")), faultSwitch("jira", "Jira", s.fault(st, "jira")), faultSwitch(directory.Name(), directory.Label(), s.fault(st, directory.Name())),
	)
}

// faultSwitch chooses what is wrong with a vendor; kind is what is now.
func faultSwitch(vendor, words, kind string) g.Node {
	class := "fault"
	if kind != "" {
		class += " on"
	}
	return h.Label(
		h.Class(class), h.ID("fault-label-"+vendor), g.Text(words+" "),
		h.Select(h.ID("fault-"+vendor), h.Data("fault", vendor), g.Map(troubles(vendor), func(t trouble) g.Node {
			return h.Option(h.Value(t.Kind), g.If(t.Kind == kind, h.Selected()), g.Text(t.Words))
		})),
	)
}

// button begins the tour or ends it.
func (c caption) button() g.Node {
	if c.Playing {
		return h.Button(h.Type("button"), h.Data("tour", "stop"), g.Text("Stop the tour"))
	}
	return h.Button(h.Type("button"), h.Class("main"), h.Data("tour", "play"), g.Text("Play the tour"))
}

// draw is the box with the step that is played.
func (c caption) draw() g.Node {
	title := g.Group{h.P(h.Class("title"), g.Text("The tour begins"))}
	if c.Number > 0 {
		title = g.Group{h.P(h.Class("count"), g.Text(fmt.Sprintf("Step %d of %d", c.Number, c.Of))), h.P(h.Class("title"), g.Text(c.Title))}
	}
	return h.Div(
		h.ID("caption"), g.If(c.Error != "", h.Class("untrue")), h.Role("status"), h.Aria("live", "polite"), title,
		g.If(len(c.Seen) > 0, h.Ul(g.Map(c.Seen, func(line string) g.Node { return h.Li(g.Text(line)) }))),
		c.outcome(), g.If(c.Over, h.Button(h.Type("button"), h.Data("tour", "stop"), g.Text("Close"))),
	)
}

// outcome says how the tour went, if it has ended.
func (c caption) outcome() g.Node {
	switch {
	case c.Error != "":
		return h.P(h.Class("error"), g.Text("Not true: "+c.Error))
	case c.Over:
		return h.P(h.Class("done"), g.Text("Every step was true. Everything is as the tour left it: look around, or start over."))
	}
	return nil
}
