package directorypane

import (
	"context"
	"errors"
	"fmt"
)

// byHand is a change of a group in the admin console. Who is the handle of whoever does it.
type byHand struct{ Who, Group, User string }

// leaver is somebody whose account is turned off or on.
type leaver struct{ Who, Person string }

func (p *Pane) admin(handle string) (string, error) {
	who, ok := p.w.Company.Person(handle)
	if !ok {
		return "", fmt.Errorf("who is %q, who is not among the people of the company", handle)
	}
	return who.Name, nil
}

func (p *Pane) add(_ context.Context, a byHand) (any, error) {
	admin, err := p.admin(a.Who)
	if err != nil {
		return nil, err
	}
	if a.User == "" {
		return nil, errors.New("choose whom to add")
	}
	return done(), p.w.Directory.AddByHand(a.Group, a.User, admin)
}

func (p *Pane) remove(_ context.Context, a byHand) (any, error) {
	admin, err := p.admin(a.Who)
	if err != nil {
		return nil, err
	}
	return done(), p.w.Directory.RemoveByHand(a.Group, a.User, admin)
}

// deactivate turns an account off in the directory, which provisions Slack and turns it off there too.
func (p *Pane) deactivate(_ context.Context, a leaver) (any, error) {
	who, ok := p.w.Company.Person(a.Person)
	if !ok {
		return nil, fmt.Errorf("person is %q, who is not among the people of the company", a.Person)
	}
	return done(), errors.Join(p.w.Directory.Deactivate(p.w.Directory.UserID(who.Handle)), p.w.Slack.Deactivate(who.SlackID()))
}

func (p *Pane) reactivate(_ context.Context, a leaver) (any, error) {
	who, ok := p.w.Company.Person(a.Person)
	if !ok {
		return nil, fmt.Errorf("person is %q, who is not among the people of the company", a.Person)
	}
	if u, ok := p.w.Slack.User(who.SlackID()); ok {
		u.Deleted = false
		p.w.Slack.UpdateUser(u)
	}
	return done(), p.w.Directory.Reactivate(p.w.Directory.UserID(who.Handle))
}

func done() map[string]bool { return map[string]bool{"ok": true} }
