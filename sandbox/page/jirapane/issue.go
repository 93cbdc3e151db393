package jirapane

import (
	"html/template"
	"net/url"
	"strings"

	"usher/sandbox/jirasim"
)

// issue is one issue as its page shows it.
type issue struct {
	row
	Project     string
	Description template.HTML
	Resolution  string
	Steps       []jirasim.Step
	MayComment  bool
	Fields      []field
	Labels      []string
	Links       []link
	Web         []webLink
	Tabs        []tab
	Entries     []entry
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

// headingLevel is that of the highest heading inside a text: those of the page's own sections stand above it.
const headingLevel = 5

func (d *drawing) wiki(text string) template.HTML {
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
