package slackpane

import (
	"net/http"
	"slices"
	"strconv"

	g "maragu.dev/gomponents"

	"usher/sandbox/page/blockkit"
	"usher/sandbox/page/web"
	"usher/sandbox/slacksim"
)

// The tabs, as the address names them. The third is #general, or the notes to self of somebody who is not in it.
const (
	tabHome     = "home"
	tabMessages = "messages"
	tabGeneral  = "general"
)

// tab is one of the person's places.
type tab struct {
	Name, Label string
	Current     bool
	Unread      int
}

// screen is everything that the person sees.
type screen struct {
	Company string
	You     face
	Rail    []face
	Teams   []team
	App     slacksim.AppInfo
	Tabs    []tab
	Tab     string
	Closed  bool // the person cannot use Slack any more
	Home    blockkit.HTML
	Room    *room
	Modal   *modal
}

// modal is the view in front.
type modal struct {
	slacksim.View
	Depth int // how many views lie beneath
	Body  blockkit.HTML
}

// draw is the whole pane. It changes nothing.
func (p *Pane) draw(r *http.Request) (g.Node, error) {
	v, err := web.ViewerOf(r, p.w.Company)
	if err != nil {
		return nil, err
	}
	older, _ := strconv.Atoi(r.URL.Query().Get("older"))
	return p.screen(v, r.URL.Query().Get("tab"), older).draw(), nil
}

func (p *Pane) screen(v web.Viewer, want string, older int) screen {
	id, handle := v.Person.SlackID(), v.Person.Handle
	u, _ := p.w.Slack.User(id)
	s := screen{
		Company: p.w.Company.Name, You: p.face(v.Person, handle), Rail: p.rail(handle), Teams: p.teams(handle),
		App: p.w.Slack.App(), Closed: u.Deleted,
	}
	if s.Closed {
		return s
	}
	if v.Person.Outsider { // Slack does not take an app's commands from those of another company.
		s.App.Commands, s.App.Shortcuts = nil, nil
	}
	s.Tabs = p.tabs(v.Person.Outsider, u, s.App, handle)
	s.Tab = pick(s.Tabs, want)
	switch s.Tab {
	case tabHome:
		if home, ok := p.w.Slack.Home(id); ok {
			s.Home = blockkit.Blocks(blockkit.InHome, home.Blocks, p.kit(v, "home-"+handle, home))
		}
	case tabMessages, tabGeneral:
		s.Room = p.room(v, s.Tab, s.App, older)
	}
	if stack := p.w.Slack.Stack(id); len(stack) > 0 {
		s.Modal = p.modal(v, stack)
	}
	return s
}

func (p *Pane) modal(v web.Viewer, stack []slacksim.View) *modal {
	top := stack[len(stack)-1]
	return &modal{View: top, Depth: len(stack) - 1, Body: blockkit.Blocks(blockkit.InModal, top.Blocks, p.kit(v, "view-"+top.ID, top))}
}

// kit says to blockkit who reads.
func (p *Pane) kit(v web.Viewer, prefix string, view slacksim.View) blockkit.Options {
	return blockkit.Options{
		Now: p.w.Clock.Now(), Zone: v.Zone, Prefix: prefix, State: view.State, Errors: view.Errors, People: p.members(),
		Name: func(id string) string {
			u, _ := p.w.Slack.User(id)
			return u.RealName
		},
		Channel: func(id string) string {
			if id == slacksim.GeneralChannel {
				return "general"
			}
			return ""
		},
	}
}

// members are those whom a people picker offers.
func (p *Pane) members() []blockkit.Person {
	var list []blockkit.Person
	for _, u := range p.w.Slack.Users() {
		if !u.Deleted && !u.IsBot && !u.Stranger {
			list = append(list, blockkit.Person{ID: u.ID, Name: u.RealName})
		}
	}
	return list
}

// tabs are the places that Slack gives a person: an outsider sees the shared channel only.
func (p *Pane) tabs(outsider bool, u slacksim.User, app slacksim.AppInfo, handle string) []tab {
	var list []tab
	if app.HomeTab && !outsider {
		list = append(list, tab{Name: tabHome, Label: "Home"})
	}
	if app.MessagesTab && !outsider {
		list = append(list, tab{Name: tabMessages, Label: "Messages", Unread: p.w.Slack.Inbox(u.ID, p.readUpTo(handle, tabMessages)).Unread})
	}
	general := tab{Name: tabGeneral, Label: "#general"}
	c := p.w.Slack.Conversation(u.ID, slacksim.GeneralChannel, messagesMost)
	if !c.Member {
		general.Label = u.RealName + " (you)"
		c = p.w.Slack.Conversation(u.ID, slacksim.NotesID(u.ID), messagesMost)
	}
	read := p.readUpTo(handle, tabGeneral)
	for _, m := range c.Messages {
		if m.TS > read && m.User != u.ID {
			general.Unread++
		}
	}
	return append(list, general)
}

// pick marks the tab that is wanted, or the first, as the current one.
func pick(tabs []tab, want string) string {
	i := max(0, slices.IndexFunc(tabs, func(t tab) bool { return t.Name == want }))
	tabs[i].Current = true
	return tabs[i].Name
}
