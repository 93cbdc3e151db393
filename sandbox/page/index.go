package page

import (
	"bytes"
	"html/template"
	"net/http"
	"net/url"
)

// firstPerson is whom a newcomer is, and whom the address means when it names nobody.
const firstPerson = "maya"

// index is the whole page with everything in it, so that it is there at the first paint.
func (s *Server) index(r *http.Request) (template.HTML, error) {
	q := r.URL.Query()
	st := s.now()
	if _, ok := st.World.Company.Person(q.Get("who")); !ok {
		q.Set("who", st.firstPerson())
	}
	data := struct {
		Company, Who, Pane string
		Panes              map[string]template.HTML
		Bar, Calls         template.HTML
	}{st.World.Company.Name, q.Get("who"), q.Get("pane"), map[string]template.HTML{}, "", ""}
	if data.Pane != "jira" && data.Pane != "okta" && data.Pane != "calls" {
		data.Pane = "slack"
	}
	for _, name := range paneNames() {
		data.Panes[name] = st.draw(r, name, q)
	}
	inner := r.Clone(r.Context())
	inner.URL = &url.URL{Path: "/", RawQuery: q.Encode()}
	var err error
	if data.Bar, err = s.bar(inner); err != nil {
		return "", err
	}
	if data.Calls, err = s.calls(inner); err != nil {
		return "", err
	}
	return s.render("index.html", data)
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
func (st *stage) draw(r *http.Request, name string, q url.Values) template.HTML {
	inner := r.Clone(r.Context())
	inner.URL = &url.URL{Path: "/", RawQuery: q.Encode()}
	var c capture
	st.panes[name].ServeHTTP(&c, inner)
	if c.failed {
		return template.HTML("<p role=\"alert\">" + template.HTMLEscapeString(c.body.String()) + "</p>") //nolint:gosec // Escaped.
	}
	return template.HTML(c.body.String()) //nolint:gosec // A pane escapes what it shows.
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
