// Package directorypane is the demo's view of the directory, whichever it is: groups with their members, every change with who caused it, and
// what an administrator can do by hand.
package directorypane

import (
	"embed"
	"fmt"
	"io/fs"
	"net/http"
	"slices"
	"time"

	"usher/sandbox"
	"usher/sandbox/page/web"
)

//go:embed pane.css pane.js
var assets embed.FS

// Assets are the pane's style sheet and script.
func Assets() fs.FS { return assets }

// latestMost is how many changes the list shows, chipsMost how many members of a group.
const (
	latestMost = 30
	chipsMost  = 5
)

// Pane shows one company's directory. It is safe for concurrent use.
type Pane struct{ w *sandbox.World }

// New makes the pane.
func New(w *sandbox.World) *Pane { return &Pane{w} }

// Handler serves the fragment and the actions of an administrator.
func (p *Pane) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /{$}", web.Fragment(p.draw))
	mux.Handle("POST /add", web.Act(p.add))
	mux.Handle("POST /remove", web.Act(p.remove))
	mux.Handle("POST /deactivate", web.Act(p.deactivate))
	mux.Handle("POST /reactivate", web.Act(p.reactivate))
	return mux
}

type member struct {
	ID, Handle, Name, Title string
	Active, You             bool
}

type group struct {
	ID, Name, Kind string
	Count          int
	Members        []member // Those who came last first.
	You            bool
	Fresh          bool // It has just changed.
}

type change struct {
	Key, Group, GroupName, Person, By string
	Added                             bool
	At                                time.Time
	Clock                             string
}

type view struct {
	Company, Directory string
	Who                member
	Groups             []group
	Changes            []change
	One                *group
	Others             []member // Who could be added.
}

// view is what the person sees of the group whose id is given, or of all groups.
func (p *Pane) view(viewer web.Viewer, want string) view {
	you := p.w.Directory.UserID(viewer.Person.Handle)
	v := view{Company: p.w.Company.Name, Directory: p.w.Directory.Label(), Who: p.member(you, you)}
	v.Who.Handle, v.Who.Name = viewer.Person.Handle, viewer.Person.Name
	for _, g := range p.w.Directory.Groups() {
		one := p.group(g, you)
		changes := p.changes(g, viewer.Zone)
		one.Fresh = len(changes) > 0 && p.w.Clock.Now().Sub(changes[0].At) < time.Minute
		switch {
		case want == "":
			v.Changes = append(v.Changes, changes...)
		case want == g.ID:
			v.One, v.Changes = &one, changes
			v.Others = p.others(g)
		}
		v.Groups = append(v.Groups, one)
	}
	slices.SortStableFunc(v.Changes, func(a, b change) int { return b.At.Compare(a.At) })
	v.Changes = v.Changes[:min(len(v.Changes), latestMost)]
	return v
}

func (p *Pane) group(g sandbox.DirectoryGroup, you string) group {
	one := group{ID: g.ID, Name: g.Name, Kind: g.Kind, Count: len(g.Members)}
	for _, id := range slices.Backward(g.Members) {
		m := p.member(id, you)
		one.You = one.You || m.You
		one.Members = append(one.Members, m)
	}
	return one
}

func (p *Pane) member(id, you string) member {
	m := member{ID: id, Name: id, You: id == you}
	if u, ok := p.w.Directory.User(id); ok {
		m.Name, m.Title, m.Active = u.Name, u.Title, u.Active
	}
	return m
}

func (p *Pane) others(g sandbox.DirectoryGroup) []member {
	var out []member
	for _, person := range p.w.Company.People {
		id := p.w.Directory.UserID(person.Handle)
		if !slices.Contains(g.Members, id) && !person.Outsider && !person.Left {
			out = append(out, member{ID: id, Handle: person.Handle, Name: person.Name})
		}
	}
	return out
}

// changes are a group's changes, the latest first.
func (p *Pane) changes(g sandbox.DirectoryGroup, zone *time.Location) []change {
	var out []change
	for i, c := range p.w.Directory.History(g.ID) {
		out = append(out, change{
			Key: fmt.Sprint("directory-change-", g.ID, "-", i), Group: g.ID, GroupName: g.Name, Person: p.member(c.User, "").Name,
			By: c.By, Added: c.Added, At: c.At, Clock: c.At.In(zone).Format("Mon 2 Jan 15:04:05"),
		})
	}
	slices.Reverse(out)
	return out
}
