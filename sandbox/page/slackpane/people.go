package slackpane

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"

	"usher/sandbox"
)

// shades is how many colors of faces the style sheet has.
const shades = 8

// face is a person as the switch shows them.
type face struct {
	Handle, Name, First, Initials string
	Shade                         int
	Title, Department             string
	Manager, ManagerName          string
	Marks                         []string // what is special about their account
	Unread                        int
	Current                       bool
}

// Label says everything in a line, for those who do not see it.
func (f face) Label() string {
	parts := []string{f.Name, f.Title}
	if f.ManagerName != "" {
		parts = append(parts, "manager "+f.ManagerName)
	}
	return strings.Join(slices.DeleteFunc(append(parts, f.Marks...), func(s string) bool { return s == "" }), ", ")
}

// team is a heading in the list of people with those under it.
type team struct {
	Name  string
	Faces []face
}

func (p *Pane) face(of sandbox.Person, current string) face {
	f := face{
		Handle: of.Handle, Name: of.Name, First: firstWord(of.Name), Initials: initials(of.Name), Shade: shade(of.Handle),
		Title: of.Title, Department: of.Department, Marks: p.marks(of), Current: of.Handle == current,
		Unread: p.w.Slack.Inbox(of.SlackID(), p.readUpTo(of.Handle, tabMessages)).Unread,
	}
	if m, ok := p.w.Company.Person(of.Manager); ok {
		f.Manager, f.ManagerName = m.Handle, m.Name
	}
	return f
}

func (p *Pane) marks(of sandbox.Person) []string {
	u, _ := p.w.Slack.User(of.SlackID())
	var marks []string
	for _, m := range []struct {
		is    bool
		words string
	}{
		{slices.Contains(p.w.Company.Admins, of.Handle), "IT admin"},
		{of.Guest, "guest"},
		{of.Outsider, "from another company"},
		{u.Deleted, "deactivated"},
		{of.Unconfirmed, "address not confirmed"},
		{of.SecondSlack, "two Slack accounts"},
	} {
		if m.is {
			marks = append(marks, m.words)
		}
	}
	return marks
}

// actors are those whom a newcomer should meet first: somebody who asks, their manager, and the administrators.
func actors(c *sandbox.Company) []string {
	var asks sandbox.Person
	if maya, ok := c.Person("maya"); ok {
		asks = maya
	} else if i := slices.IndexFunc(c.People, func(p sandbox.Person) bool { return p.Manager != "" && !p.Left && !p.Outsider }); i >= 0 {
		asks = c.People[i]
	}
	var list []string
	for _, h := range append([]string{asks.Handle, asks.Manager}, c.Admins...) {
		if h != "" && !slices.Contains(list, h) {
			list = append(list, h)
		}
	}
	return list
}

// rail lists who is one click away: the actors, then everybody whom the app has ever written to in the order of their
// first message, and the person who looks. Nobody's place changes when somebody joins them.
func (p *Pane) rail(current string) []face {
	list := actors(p.w.Company)
	type joined struct{ handle, first string }
	var more []joined
	for _, of := range p.w.Company.People {
		if first := p.w.Slack.Inbox(of.SlackID(), "").First; first != "" && !slices.Contains(list, of.Handle) {
			more = append(more, joined{of.Handle, first})
		}
	}
	slices.SortStableFunc(more, func(a, b joined) int { return cmp.Compare(a.first, b.first) })
	for _, j := range more {
		list = append(list, j.handle)
	}
	if !slices.Contains(list, current) {
		list = append(list, current)
	}
	var faces []face
	for _, h := range list {
		if of, ok := p.w.Company.Person(h); ok {
			faces = append(faces, p.face(of, current))
		}
	}
	return faces
}

// teams lists everybody: the actors first, then by department in the order of the company file.
func (p *Pane) teams(current string) []team {
	first := actors(p.w.Company)
	all := []team{{Name: "Start here"}}
	for _, h := range first {
		if of, ok := p.w.Company.Person(h); ok {
			all[0].Faces = append(all[0].Faces, p.face(of, current))
		}
	}
	for _, of := range p.w.Company.People {
		if slices.Contains(first, of.Handle) {
			continue
		}
		name := cmp.Or(of.Department, "From elsewhere")
		i := slices.IndexFunc(all, func(t team) bool { return t.Name == name })
		if i < 0 {
			i, all = len(all), append(all, team{Name: name})
		}
		all[i].Faces = append(all[i].Faces, p.face(of, current))
	}
	return all
}

func firstWord(name string) string {
	word, _, _ := strings.Cut(name, " ")
	return word
}

// initials are the first letters of the first and the last word.
func initials(name string) string {
	words := strings.Fields(name)
	if len(words) == 0 {
		return "?"
	}
	first, _ := utf8.DecodeRuneInString(words[0])
	if len(words) == 1 {
		return string(first)
	}
	last, _ := utf8.DecodeRuneInString(words[len(words)-1])
	return string(first) + string(last)
}

func shade(s string) int {
	n := 0
	for _, r := range s {
		n += int(r)
	}
	return n % shades
}
