package page

import (
	"bytes"
	"net/http"
	"net/url"
	"slices"

	g "maragu.dev/gomponents"
	h "maragu.dev/gomponents/html"
)

// firstPerson is whom a newcomer is, and whom the address means when it names nobody.
const firstPerson = "maya"

// index is the whole page with everything in it, so that it is there at the first paint.
func (s *Server) index(r *http.Request) (g.Node, error) {
	q := r.URL.Query()
	st := s.now()
	if _, ok := st.World.Company.Person(q.Get("who")); !ok {
		q.Set("who", st.firstPerson())
	}
	inner := r.Clone(r.Context())
	inner.URL = &url.URL{Path: "/", RawQuery: q.Encode()}
	bar, err := s.bar(inner)
	if err != nil {
		return nil, err
	}
	calls, err := s.calls(inner)
	if err != nil {
		return nil, err
	}
	directory := st.World.Directory.Label()
	pane := q.Get("pane")
	if pane != "calls" && !slices.Contains(paneNames(), pane) {
		pane = "slack"
	}
	return h.Doctype(h.HTML(
		h.Lang("en"), head(st.World.Company.Name),
		h.Body(
			h.Data("who", q.Get("who")), h.Data("pane", pane),
			h.Header(h.ID("bar"), bar),
			h.Main(
				h.ID("panes"), column("slack", "Slack", st.draw(inner, "slack")), column("jira", "Jira", st.draw(inner, "jira")),
				column("directory", directory, st.draw(inner, "directory")), column("calls", "API calls", calls),
			),
			paneSwitch(directory), h.Div(h.ID("toast"), h.Role("status"), h.Aria("live", "polite")), lost(),
		),
	)), nil
}

// head names what the page loads, all of it from the page's own server.
func head(company string) g.Node {
	sheet := func(name string) g.Node { return h.Link(h.Rel("stylesheet"), h.Href("/static/"+name+".css")) }
	return h.Head(
		h.Meta(h.Charset("utf-8")), h.Meta(h.Name("viewport"), h.Content("width=device-width, initial-scale=1")),
		h.TitleEl(g.Text("Usher demo: "+company)),
		sheet("page"), sheet("blockkit"), sheet("slack/pane"), sheet("jira/pane"), sheet("directory/pane"),
		h.Script(h.Type("module"), h.Src("/static/page.js")),
	)
}

// column is a part of the page that is drawn anew by itself.
func column(id, label string, inside g.Node) g.Node {
	return h.Section(h.ID(id), h.Class("pane"), h.Aria("label", label), inside)
}

// paneSwitch chooses the pane that is shown where there is room for one only.
func paneSwitch(directory string) g.Node {
	to := func(name, words string) g.Node {
		return h.A(h.Href("?pane="+name), h.Data("pane", name), g.Text(words))
	}
	return h.Nav(
		h.ID("switch"), h.Aria("label", "Systems"),
		to("slack", "Slack"), to("jira", "Jira"), to("directory", directory), to("calls", "Calls"),
	)
}

// lost is shown while the server does not answer.
func lost() g.Node {
	return h.Div(
		h.ID("lost"), h.Role("alert"), g.Attr("hidden"), g.Text("The demo does not answer. Is it still running? This page goes on when it is back."),
	)
}

// firstPerson is Maya, or in another company somebody who has a manager.
func (st *stage) firstPerson() string {
	c := st.World.Company
	if _, ok := c.Person(firstPerson); ok {
		return firstPerson
	}
	for _, p := range c.People {
		if p.Manager != "" && !p.Guest && !p.Left && !p.Outsider && !p.Unconfirmed {
			return p.Handle
		}
	}
	return c.People[0].Handle
}

// draw asks a pane for its fragment.
func (st *stage) draw(r *http.Request, name string) g.Node {
	var c capture
	st.panes[name].ServeHTTP(&c, r)
	if c.failed {
		return h.P(h.Role("alert"), g.Text(c.body.String()))
	}
	return g.Raw(c.body.String()) // A pane escapes what it shows.
}

// capture keeps an answer instead of sending it.
type capture struct {
	header http.Header
	body   bytes.Buffer
	failed bool
}

func (c *capture) Header() http.Header {
	if c.header == nil {
		c.header = http.Header{}
	}
	return c.header
}

func (c *capture) WriteHeader(status int) { c.failed = status >= http.StatusBadRequest }

func (c *capture) Write(p []byte) (int, error) { return c.body.Write(p) }
