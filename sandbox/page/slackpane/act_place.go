package slackpane

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"usher/sandbox/slacksim"
)

// writing is what a person sends from the composer. Tab says where; "" is #general.
type writing struct{ Who, Text, Tab string }

// command sends a text: with a slash before it, as a command of the app. Slackbot tells the person, and only them, why a
// command did not run.
func (p *Pane) command(ctx context.Context, a writing) (any, error) {
	of, err := p.person(a.Who)
	if err != nil {
		return nil, err
	}
	text := strings.TrimSpace(a.Text)
	switch {
	case text == "":
		return nil, errors.New("there is nothing to send")
	case a.Tab == "":
		a.Tab = tabGeneral
	case a.Tab != tabGeneral && a.Tab != tabMessages:
		return nil, fmt.Errorf("tab is %q; use %s or %s", a.Tab, tabGeneral, tabMessages)
	}
	id, where := of.SlackID(), p.where(of.SlackID(), a.Tab)
	if !strings.HasPrefix(text, "/") {
		_, err = p.w.Slack.Say(id, where, text)
		return outcome(err)
	}
	name, rest, _ := strings.Cut(text, " ")
	_, err = p.w.Slack.RunIn(context.WithoutCancel(ctx), id, where, name, strings.TrimSpace(rest))
	var shown *slacksim.UserError
	if errors.As(err, &shown) {
		p.tell(of.Handle, shown.Text)
	}
	return outcome(err)
}

// shortcut runs a global shortcut of the app.
func (p *Pane) shortcut(ctx context.Context, a struct{ Who, Callback string }) (any, error) {
	of, err := p.person(a.Who)
	if err != nil {
		return nil, err
	}
	_, err = p.w.Slack.Shortcut(context.WithoutCancel(ctx), of.SlackID(), a.Callback)
	return outcome(err)
}

// open tells the app that the person looks at its Home tab. The other tabs tell it nothing.
func (p *Pane) open(ctx context.Context, a struct{ Who, Tab string }) (any, error) {
	of, err := p.person(a.Who)
	if err != nil || a.Tab != tabHome {
		return done{true}, err
	}
	return outcome(p.w.Slack.OpenHome(context.WithoutCancel(ctx), of.SlackID()))
}

// read marks a tab as read up to the message with the timestamp TS, or without one up to the newest.
func (p *Pane) read(_ context.Context, a struct{ Who, Tab, TS string }) (any, error) {
	of, err := p.person(a.Who)
	if err != nil {
		return nil, err
	}
	if a.Tab != tabMessages && a.Tab != tabGeneral {
		return nil, fmt.Errorf("tab is %q; use %s or %s", a.Tab, tabMessages, tabGeneral)
	}
	if a.TS == "" {
		for _, m := range p.w.Slack.Conversation(of.SlackID(), p.where(of.SlackID(), a.Tab), 1).Messages {
			a.TS = m.TS
		}
	}
	p.of(of.Handle, func(c *client) { c.read[a.Tab] = max(c.read[a.Tab], a.TS) })
	return done{true}, nil
}
