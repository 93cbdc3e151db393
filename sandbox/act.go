package sandbox

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"usher/sandbox/jirasim"
	"usher/sandbox/slacksim"
)

// Act is one thing that a person does in Slack. Do is one of:
//
//	command (Command, Text), shortcut (Action), home, look, options (Block, Action, Text),
//	set (Block, Action, Value), submit, click (Action, Block, Value, Label; in the open view, or in Message, or Home)
type Act struct {
	Who, Do              string
	Command, Text        string
	Block, Action, Label string
	Value                any
	Message              string // ts of a message in the person's DM
	Home                 bool
}

func (w *World) person(r *http.Request) (any, error) {
	var a Act
	if err := decode(r, &a); err != nil {
		return nil, err
	}
	p, ok := w.Company.Person(a.Who)
	if !ok {
		return nil, fmt.Errorf("who is %q, who is not among the people", a.Who)
	}
	ctx, cancel := context.WithTimeout(r.Context(), 10*time.Second)
	defer cancel()
	return w.act(ctx, p.SlackID(), a)
}

func (w *World) act(ctx context.Context, id string, a Act) (any, error) {
	view, open := w.Slack.View(id)
	switch a.Do {
	case "command":
		return w.Slack.Run(ctx, id, a.Command, a.Text)
	case "shortcut":
		return w.Slack.Shortcut(ctx, id, a.Action)
	case "home":
		if err := w.Slack.OpenHome(ctx, id); err != nil {
			return nil, err
		}
		home, _ := w.Slack.Home(id)
		return home, nil
	case "look":
		return map[string]any{"view": view, "open": open, "messages": w.Slack.Messages(id)}, nil
	case "click":
		return w.click(ctx, id, a, view)
	}
	if !open {
		return nil, errors.New("no modal is open")
	}
	switch a.Do {
	case "options":
		return w.Slack.Options(ctx, id, view.ID, a.Block, a.Action, a.Text)
	case "set":
		return map[string]bool{"ok": true}, w.Slack.SetInput(ctx, id, view.ID, a.Block, a.Action, a.Value)
	case "submit":
		return w.Slack.SubmitView(ctx, id, view.ID)
	}
	return nil, fmt.Errorf("do is %q, which nobody can do", a.Do)
}

func (w *World) click(ctx context.Context, id string, a Act, view slacksim.View) (any, error) {
	at := slacksim.InView(view.ID)
	switch {
	case a.Home:
		at = slacksim.InHome()
	case a.Message != "":
		at = slacksim.InMessage(w.Slack.DM(id), a.Message)
	}
	value, _ := a.Value.(string)
	return w.Slack.Click(ctx, id, at, a.Action, slacksim.Pick{BlockID: a.Block, Value: value, Label: a.Label})
}

// screen is what somebody has before them: the modal if one is open, else the last messages and the Home tab.
func (w *World) screen(r *http.Request) (any, error) {
	p, ok := w.Company.Person(r.URL.Query().Get("who"))
	if !ok {
		return nil, errors.New("who is missing or not among the people")
	}
	if v, open := w.Slack.View(p.SlackID()); open {
		return v.Plain() + "\n", nil
	}
	var b strings.Builder
	list := w.Slack.Messages(p.SlackID())
	for _, m := range list[max(0, len(list)-5):] {
		b.WriteString(m.Plain() + "\n\n")
	}
	if home, ok := w.Slack.Home(p.SlackID()); ok {
		b.WriteString("Home tab\n" + home.Plain() + "\n")
	}
	if b.Len() == 0 {
		return "nothing\n", nil
	}
	return b.String(), nil
}

// issue is one issue as text.
func (w *World) issue(r *http.Request) (any, error) {
	is, ok := w.Jira.Issue(r.URL.Query().Get("key"))
	if !ok {
		return nil, errors.New("key is missing or names no issue")
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s  %s\nStatus: %s\n\n%s\n", is.Key, is.Summary, is.Status, jirasim.RenderWiki(is.Description))
	for _, c := range is.Comments {
		b.WriteString("\n" + jirasim.RenderWiki(c.Body) + "\n")
	}
	return b.String(), nil
}
