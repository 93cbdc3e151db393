package slackpane

import (
	"net/url"
	"strconv"

	g "maragu.dev/gomponents"
	h "maragu.dev/gomponents/html"

	"usher/sandbox/page/blockkit"
)

// draw is the whole pane: who the person is, and the app before them.
func (s screen) draw() g.Node {
	inside := g.Group{s.closed()}
	if !s.Closed {
		inside = g.Group{s.app(), g.Iff(s.Modal != nil, func() g.Node { return s.Modal.draw() })}
	}
	return h.Div(h.Class("sl"), h.ID("sl"), h.Data("who", s.You.Handle), h.Data("tab", s.Tab), s.top(), s.rail(), inside)
}

// closed is what somebody sees whose account is deactivated.
func (s screen) closed() g.Node {
	return h.Div(
		h.Class("sl-app sl-closed"), h.ID("sl-app"), h.P(h.Class("sl-closed-sign"), unheard(), g.Text("🔒")),
		h.H2(g.Text(s.You.Name+"’s account is deactivated")),
		h.P(g.Text("Slack signs people out when their account is deactivated. "+s.You.First+" cannot open "+s.Company+
			"’s workspace any more; a workspace admin would have to activate the account again.")),
	)
}

// app is the app's place, or the channel, under its tabs. Under a view it cannot be used.
func (s screen) app() g.Node {
	inside := s.home
	if s.Tab != tabHome {
		inside = s.room
	}
	return h.Div(
		h.Class("sl-app"), h.ID("sl-app"), g.If(s.Modal != nil, g.Attr("inert")),
		h.Header(
			h.Class("sl-head"),
			h.H2(h.Class("sl-title"), h.Span(h.Class("sl-appicon"), unheard(), g.Text(initials(s.App.Name))), g.Text(s.App.Name+" "), appBadge()),
			h.Nav(h.Class("sl-tabs"), h.Aria("label", s.App.Name+" in Slack"), g.Map(s.Tabs, s.tab)),
		),
		inside(),
	)
}

func appBadge() g.Node { return h.Span(h.Class("sl-badge"), g.Text("APP")) }

// tab leads to one of the person's places.
func (s screen) tab(t tab) g.Node {
	class, count := "sl-tab", g.Node(nil)
	if t.Unread > 0 {
		class, count = "sl-tab sl-unread", g.Group{g.Text(" "), unreadCount(t.Unread)}
	}
	return h.A(
		h.Class(class), h.ID("sl-tab-"+t.Name), s.link(t.Name), h.Data("tab", t.Name), h.Data("label", t.Label),
		g.If(t.Current, h.Aria("current", "page")), g.Text(t.Label), count,
	)
}

// link is the address of a place of the person, with more parameters in pairs.
func (s screen) link(tab string, more ...string) g.Node {
	address := "?who=" + url.QueryEscape(s.You.Handle) + "&tab=" + url.QueryEscape(tab)
	for i := 0; i < len(more); i += 2 {
		address += "&" + more[i] + "=" + url.QueryEscape(more[i+1])
	}
	return h.Href(address)
}

// unreadCount is a number in a red circle.
func unreadCount(n int) g.Node {
	return h.Span(h.Class("sl-count"), h.Span(unheard(), g.Text(strconv.Itoa(n))), unseen(strconv.Itoa(n)+" unread"))
}

// home is the app's Home tab.
func (s screen) home() g.Node {
	inside := drawn(s.Home)
	if s.Home == "" {
		inside = h.P(h.Class("sl-nothing"), g.Text(s.App.Name+" is getting this page ready…"))
	}
	return h.Div(
		h.Class("sl-home"), h.ID("sl-home-"+s.You.Handle), h.Data("place", "home"), h.TabIndex("0"), h.Role("region"),
		h.Aria("label", "Home tab of "+s.App.Name), inside,
	)
}

// drawn is what blockkit has drawn.
func drawn(html blockkit.HTML) g.Node { return g.Raw(string(html)) }

// unheard leaves out what only the eye needs.
func unheard() g.Node { return h.Aria("hidden", "true") }

// unseen is text for those who listen.
func unseen(words string) g.Node { return h.Span(h.Class("sl-hidden"), g.Text(words)) }
