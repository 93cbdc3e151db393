package jirapane

import (
	"html"
	"net/url"
	"regexp"
	"strings"

	"usher/sandbox/jirasim"
)

// issue is one issue as its page shows it.
type issue struct {
	row
	Project     string
	Description jirasim.Rendered
	Resolution  string
	Steps       []jirasim.Step
	MayComment  bool
	Fields      []field
	Labels      []string
	Links       []link
	Web         []webLink
	Tabs        []tab
	Entries     []entry
	Latest      *latest
}

// latest is the newest comment in plain words, for the activity itself stands far below.
type latest struct {
	ID   string
	Who  face
	At   stamp
	Text string
}

type link struct {
	Words, Key, Summary, Href string
	Status                    status
}

// webLink is a link out of Jira; without an address that a browser may be sent to it is only text.
type webLink struct {
	ID         int64
	Href, Text string
}

func (d *drawing) issue(key string) (*issue, error) {
	v, err := d.p.w.Jira.View(d.viewer.Person.AccountID(), key)
	if err != nil {
		return nil, err
	}
	is := &v.Issue
	out := &issue{
		row: d.row(is), Project: v.ProjectName, Description: d.wiki(is.Description), Resolution: is.Resolution, Steps: v.Steps,
		MayComment: v.MayComment, Fields: d.fields(is), Labels: is.Labels, Tabs: d.tabs(is), Entries: d.entries(is),
	}
	if n := len(is.Comments); n > 0 {
		c := is.Comments[n-1]
		out.Latest = &latest{ID: c.ID, Who: d.face(c.Author), At: d.stamp(c.Created), Text: gist(d.wiki(c.Body))}
	}
	for _, l := range is.Links {
		out.Links = append(out.Links, link{
			Words: l.Words, Key: l.Key, Summary: l.Summary, Href: d.address("issue", l.Key, "activity", ""),
			Status: status{l.Status, l.StatusCategory},
		})
	}
	for _, l := range is.RemoteLinks {
		one := webLink{ID: l.ID, Text: l.Title}
		if u, err := url.Parse(l.URL); err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" {
			one.Href = l.URL
		}
		if one.Text == "" {
			one.Text = l.URL
		}
		out.Web = append(out.Web, one)
	}
	return out, nil
}

// gistMost is how many characters of a comment its gist has.
const gistMost = 240

// gist is a text in plain words, without its form.
func gist(rendered jirasim.Rendered) string {
	words := regexp.MustCompile(`<[^>]*>`).ReplaceAllString(string(rendered), " ")
	runes := []rune(strings.Join(strings.Fields(html.UnescapeString(words)), " "))
	if len(runes) > gistMost {
		return strings.TrimSpace(string(runes[:gistMost])) + "…"
	}
	return string(runes)
}

// headingLevel is that of the highest heading inside a text: those of the page's own sections stand above it.
const headingLevel = 5

func (d *drawing) wiki(text string) jirasim.Rendered {
	return jirasim.RenderWikiHTML(text, jirasim.HTML{Name: d.name, Color: readable, Heading: headingLevel})
}

// kindOf is the icon of an issue type: one of request, task, bug and other.
func kindOf(issueType string) string {
	name := strings.ToLower(issueType)
	for _, kind := range []string{"request", "task", "bug"} {
		if strings.Contains(name, kind) {
			return kind
		}
	}
	return "other"
}
