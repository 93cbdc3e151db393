// Package jirapane is the demo's view of Jira: the list of issues, one issue with everything on it, and what a user of Jira
// does there by hand. It shows what the chosen person may see, and never acts for the product.
package jirapane

import (
	"embed"
	"errors"
	"io/fs"
	"net/http"
	"net/url"
	"strings"
	"time"

	g "maragu.dev/gomponents"

	"usher/sandbox"
	"usher/sandbox/jirasim"
	"usher/sandbox/page/web"
)

//go:embed pane.css pane.js
var assets embed.FS

// Assets are the pane's style sheet and script.
func Assets() fs.FS { return assets }

// Pane shows one company's Jira site. It is safe for concurrent use.
type Pane struct{ w *sandbox.World }

// New makes the pane.
func New(w *sandbox.World) *Pane { return &Pane{w} }

// Handler serves the fragment, GET / with the query parameters who, tz, issue (a key; none = the list), activity (comments,
// history or all) and rows (how long the list is), and the actions POST /transition and POST /comment,
// which answer {"failed": sentence} when Jira refuses.
func (p *Pane) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /{$}", web.Fragment(p.fragment))
	mux.Handle("POST /transition", web.Act(p.transition))
	mux.Handle("POST /comment", web.Act(p.comment))
	return mux
}

// pane is what a person sees: one of List, Issue and Shut.
type pane struct {
	View  string // changes when something else is shown, so that what is new in it is not taken for news
	Me    face
	Home  string // address of the list
	List  *list
	Issue *issue
	Shut  *shut
}

// shut is a page of Jira that says why there is nothing to see.
type shut struct {
	Title, Text string
	Back        bool // the list can be seen
}

func (p *Pane) fragment(r *http.Request) (g.Node, error) {
	viewer, err := web.ViewerOf(r, p.w.Company)
	if err != nil {
		return nil, err
	}
	d := drawing{p: p, viewer: viewer, now: p.w.Clock.Now(), query: r.URL.Query()}
	return d.look(r.URL.Query().Get("issue")).draw(), nil
}

// drawing is one look of one person.
type drawing struct {
	p      *Pane
	viewer web.Viewer
	now    time.Time
	query  url.Values
}

// look finds what the person sees of an issue, or without a key of all of them.
func (d *drawing) look(key string) pane {
	person := d.viewer.Person
	out := pane{
		Me: faceOf(person.Name), Home: d.address("issue", "", "activity", ""),
		View: strings.Join([]string{person.Handle, key, d.activity()}, "|"),
	}
	var err error
	if key == "" {
		out.List, err = d.list()
	} else {
		out.Issue, err = d.issue(key)
	}
	if err != nil {
		out.Shut = shutBy(err, person.Name)
	}
	return out
}

// shutBy is the page that Jira shows instead.
func shutBy(err error, name string) *shut {
	switch {
	case errors.Is(err, jirasim.ErrNoAccount):
		return &shut{Title: "You don't have access to this site", Text: name + " has no account on this Jira site. An administrator can give one."}
	case errors.Is(err, jirasim.ErrInactive):
		return &shut{Title: "Your account has been deactivated", Text: name + " can no longer log in to this Jira site. Contact an administrator."}
	}
	return &shut{
		Title: "You can't view this issue", Back: true,
		Text: "It may have been deleted or you don't have permission to view it.",
	}
}

// address is where a link leads: the page's own address with some parameters changed; an empty value takes one out.
func (d *drawing) address(pairs ...string) string {
	q := url.Values{}
	for k, v := range d.query {
		if k != "tz" { // The page adds it by itself.
			q[k] = v
		}
	}
	for i := 0; i < len(pairs); i += 2 {
		q.Set(pairs[i], pairs[i+1])
		if pairs[i+1] == "" {
			q.Del(pairs[i])
		}
	}
	return "?" + q.Encode()
}

func (d *drawing) name(accountID string) string { return d.p.w.Jira.DisplayName(accountID) }
