package jirapane

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"usher/sandbox/jirasim"
)

// The tabs of an issue's activity, as the address names them.
const (
	showComments = "comments"
	showHistory  = "history"
	showAll      = "all"
)

type tab struct {
	Name, Words, Href string
	Count             int
	Current           bool
}

// entry is a comment or a change.
type entry struct {
	ID      string
	Who     face
	At      stamp
	Comment bool
	Version int64
	Body    jirasim.Rendered // of a comment
	Edited  bool
	Created bool // the issue itself
	Quiet   bool // nobody was told
	Items   []item
	when    time.Time
}

// item is the change of one field.
type item struct {
	Field    string
	From, To excerpt
}

// excerpt is a value of which only the beginning is shown at first if it is long.
type excerpt struct {
	ID, Start, All string
	Long           bool
}

// activity is the tab that is chosen.
func (d *drawing) activity() string {
	switch name := d.query.Get("activity"); name {
	case showHistory, showAll:
		return name
	}
	return showComments
}

func (d *drawing) tabs(is *jirasim.Issue) []tab {
	comments, changes := len(is.Comments), len(is.Changelog)+1 // Its creation.
	var out []tab
	for _, t := range []tab{
		{Name: showAll, Words: "All", Count: comments + changes},
		{Name: showComments, Words: "Comments", Count: comments},
		{Name: showHistory, Words: "History", Count: changes},
	} {
		t.Href, t.Current = d.address("activity", t.Name), t.Name == d.activity()
		out = append(out, t)
	}
	return out
}

// entries are those of the chosen tab, the newest first.
func (d *drawing) entries(is *jirasim.Issue) []entry {
	var out []entry
	if d.activity() != showComments {
		out = append(out, entry{ID: "jira-created", Who: d.face(is.Creator), At: d.stamp(is.Created), Created: true, when: is.Created})
		for _, c := range is.Changelog {
			out = append(out, d.change(c))
		}
	}
	if d.activity() != showHistory {
		for _, c := range is.Comments {
			out = append(out, entry{
				ID: "jira-comment-" + c.ID, Who: d.face(c.Author), At: d.stamp(c.Created), Comment: true, Version: c.Updated.UnixNano(),
				Body: d.wiki(c.Body), Edited: !c.Updated.Equal(c.Created), when: c.Created,
			})
		}
	}
	slices.SortStableFunc(out, func(a, b entry) int { return a.when.Compare(b.when) })
	slices.Reverse(out)
	return out
}

func (d *drawing) change(c jirasim.Change) entry {
	e := entry{ID: "jira-change-" + c.ID, Who: d.face(c.Author), At: d.stamp(c.At), Quiet: c.Quiet, when: c.At}
	for i, it := range c.Items {
		id := fmt.Sprint(e.ID, "-", i)
		if slices.ContainsFunc(d.p.w.Jira.Fields(), func(f jirasim.Field) bool { return f.ID == it.ID && f.Type == "datetime" }) {
			it.From, it.To = d.moment(it.FromRaw, it.From), d.moment(it.ToRaw, it.To)
		}
		e.Items = append(e.Items, item{Field: title(it.Field), From: excerptOf(id+"-from", it.From), To: excerptOf(id+"-to", it.To)})
	}
	slices.SortStableFunc(e.Items, func(a, b item) int { return strings.Compare(first(a.Field), first(b.Field)) })
	return e
}

// moment is a moment of the history in the reader's zone.
func (d *drawing) moment(raw, text string) string {
	t, err := time.Parse(time.RFC3339, raw)
	if err != nil {
		return text
	}
	return d.stamp(t).Short
}

// first sorts the status before the fields that change along with it.
func first(field string) string {
	if field == "Status" {
		return ""
	}
	return "other"
}

// longest is how many characters of a value are shown at first.
const longest = 160

func excerptOf(id, text string) excerpt {
	if text == "" {
		text = "None"
	}
	runes := []rune(text)
	if len(runes) <= longest {
		return excerpt{All: text}
	}
	return excerpt{ID: id, Start: strings.TrimSpace(string(runes[:longest])), All: text, Long: true}
}

// title is a field's name as its label has it: the changelog writes system fields small.
func title(name string) string {
	switch name {
	case "issuetype":
		return "Issue Type"
	case "duedate":
		return "Due date"
	case "":
		return ""
	}
	return strings.ToUpper(name[:1]) + name[1:]
}
