package slackpane

import (
	"context"
	"errors"
	"fmt"

	"usher/sandbox"
	"usher/sandbox/slacksim"
)

// place is where on the screen a person acts.
type place struct {
	Kind    string // view, message or home
	View    string
	Channel string
	TS      string
}

func (at place) sim() (slacksim.Place, error) {
	switch at.Kind {
	case "view":
		return slacksim.InView(at.View), nil
	case "message":
		return slacksim.InMessage(at.Channel, at.TS), nil
	case "home":
		return slacksim.InHome(), nil
	}
	return slacksim.Place{}, fmt.Errorf("kind of place is %q; use view, message or home", at.Kind)
}

// failed is the answer when the app has let the person down: what Slack then shows.
type failed struct {
	Failed string `json:"failed"`
	Code   string `json:"code"`
}

// done is the answer when there is nothing to say.
type done struct {
	OK bool `json:"ok"`
}

// outcome makes the answer of an error of the simulator: Slack's own sentences are answers, the rest are mistakes.
func outcome(err error) (any, error) {
	var shown *slacksim.UserError
	var gone *slacksim.NotThereError
	switch {
	case err == nil:
		return done{true}, nil
	case errors.As(err, &shown):
		return failed{shown.Text, shown.Code}, nil
	case errors.As(err, &gone):
		return nil, errors.New("that is not on the screen any more")
	}
	return nil, err
}

func (p *Pane) person(handle string) (sandbox.Person, error) {
	of, ok := p.w.Company.Person(handle)
	if !ok {
		return of, fmt.Errorf("who is %q, who is not among the people of the company", handle)
	}
	return of, nil
}

// pressing is a click on a button, or on a line of an overflow menu.
type pressing struct {
	Who           string
	Place         place
	Block, Action string
	Value         string
}

// press goes through to the app even if the browser has left meanwhile, as a click does that Slack has taken.
func (p *Pane) press(ctx context.Context, a pressing) (any, error) {
	of, err := p.person(a.Who)
	if err != nil {
		return nil, err
	}
	at, err := a.Place.sim()
	if err != nil {
		return nil, err
	}
	ctx = context.WithoutCancel(ctx)
	pick := slacksim.Pick{BlockID: a.Block, Value: a.Value}
	_, err = p.w.Slack.Click(ctx, of.SlackID(), at, a.Action, pick)
	var gone *slacksim.NotThereError
	if errors.As(err, &gone) && a.Place.Kind == "message" {
		err = p.pressOld(ctx, of.SlackID(), a, pick, err)
	}
	return outcome(err)
}

// pressOld presses on the copy of a message that the person's client still shows: the app has changed the message while
// the click was on its way, and Slack sends the click all the same.
func (p *Pane) pressOld(ctx context.Context, slackID string, a pressing, pick slacksim.Pick, err error) error {
	now, there := p.w.Slack.Message(a.Place.Channel, a.Place.TS)
	if !there || !p.w.Slack.Conversation(slackID, now.Channel, 0).Member || (now.Ephemeral && now.To != slackID) {
		return err
	}
	if versions := p.w.Slack.Versions(now.Channel, now.TS); len(versions) > 1 {
		_, err = p.w.Slack.ClickStale(ctx, slackID, versions[len(versions)-2], a.Action, pick)
	}
	return err
}

// entry is a value that a person chose or typed; nil empties the input. Place is for inputs that are not in a modal.
type entry struct {
	Who           string
	View          string
	Place         place
	Block, Action string
	Value         any
}

func (p *Pane) set(ctx context.Context, a entry) (any, error) {
	of, err := p.person(a.Who)
	if err != nil {
		return nil, err
	}
	if a.View != "" {
		a.Place = place{Kind: "view", View: a.View}
	}
	at, err := a.Place.sim()
	if err != nil {
		return nil, err
	}
	_, err = p.w.Slack.Set(context.WithoutCancel(ctx), of.SlackID(), at, a.Block, a.Action, a.Value)
	return outcome(err)
}

// search is what a person has typed into an external select. View is a modal's, or "home".
type search struct {
	Who, View, Block, Action, Text string
}

type option struct {
	Text        string `json:"text"`
	Value       string `json:"value"`
	Description string `json:"description,omitempty"`
	Group       string `json:"group,omitempty"`
}

func (p *Pane) options(ctx context.Context, a search) (any, error) {
	of, err := p.person(a.Who)
	if err != nil {
		return nil, err
	}
	if a.View == "home" {
		home, _ := p.w.Slack.Home(of.SlackID())
		a.View = home.ID
	}
	found, err := p.w.Slack.Options(ctx, of.SlackID(), a.View, a.Block, a.Action, a.Text)
	if err != nil {
		return outcome(err)
	}
	list := make([]option, len(found))
	for i, o := range found {
		list[i] = option{o.Text, o.Value, o.Description, o.Group}
	}
	return list, nil
}
