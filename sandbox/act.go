package sandbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"usher/sandbox/slacksim"
)

// Act is one thing that a person does in Slack. Do is one of:
//
//	command (Command, Text), shortcut (Action), home, look,
//	press (Label: words of a button in the open window, on the newest message that has it, or on the Home tab),
//	set (Label, or Block and Action; Value; a search is typed into and its first hit taken),
//	options (Block, Action, Text), submit, close,
//	click (Action, Block, Value, Label; in the open window, or in Message, or Home)
type Act struct {
	Who, Do              string
	Command, Text        string
	Block, Action, Label string
	Value                any
	Message              string // ts of a message in the person's DM
	Home                 bool
}

// verbs are what Act.Do may be.
const verbs = "command, shortcut, home, look, press, set, options, submit, close or click"

// acting bounds one act with the wait for what comes of it.
const acting = 10 * time.Second

func (w *World) readAct(r *http.Request) (Person, Act, error) {
	var a Act
	if err := decode(r, &a); err != nil {
		return Person{}, a, err
	}
	p, ok := w.Company.Person(a.Who)
	if !ok {
		return p, a, fmt.Errorf("who is %q, who is not among the people; GET /_sandbox/people lists them", a.Who)
	}
	return p, a, nil
}

// person does what the body says and answers with what came of it, for machines.
func (w *World) person(r *http.Request) (any, error) {
	p, a, err := w.readAct(r)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(r.Context(), acting)
	defer cancel()
	return w.act(ctx, p, a)
}

// do does the same and answers with what the person has before them when it has played out, for people.
func (w *World) do(r *http.Request) (any, error) {
	p, a, err := w.readAct(r)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(r.Context(), acting)
	defer cancel()
	since := w.mark(p)
	answer, err := w.act(ctx, p, a)
	if err != nil {
		return nil, err
	}
	w.calm(ctx)
	switch answer := answer.(type) {
	case slacksim.SubmitResult:
		if len(answer.Errors) > 0 {
			return nil, fmt.Errorf("the window stays open: %v", answer.Errors)
		}
	case []slacksim.Option:
		return optionsText(answer), nil
	}
	switch a.Do {
	case "home":
		return w.homeText(p), nil
	case "look", "close":
		return w.screenText(p), nil
	}
	return w.news(p, since), nil
}

func (w *World) act(ctx context.Context, p Person, a Act) (any, error) {
	id := p.SlackID()
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
		view, open := w.Slack.View(id)
		return map[string]any{"view": view, "open": open, "messages": w.seenBy(p)}, nil
	case "press":
		return w.press(ctx, p, a.Label)
	case "click":
		return w.click(ctx, p, a)
	case "set", "options", "submit", "close":
		return w.window(ctx, p, a)
	}
	return nil, fmt.Errorf("do is %q; use %s", a.Do, verbs)
}

// window does something with the open modal.
func (w *World) window(ctx context.Context, p Person, a Act) (any, error) {
	id := p.SlackID()
	view, open := w.Slack.View(id)
	done := map[string]bool{"ok": true}
	switch {
	case !open:
		return nil, fmt.Errorf("%s has no window open", p.Handle)
	case a.Do == "options":
		return w.Slack.Options(ctx, id, view.ID, a.Block, a.Action, a.Text)
	case a.Do == "submit":
		return w.Slack.SubmitView(ctx, id, view.ID)
	case a.Do == "close":
		return done, w.Slack.CloseAll(ctx, id)
	case a.Label != "":
		return done, w.setLabeled(ctx, p, a)
	case a.Action == "":
		return nil, errors.New("set needs label, the words on the input, or block and action")
	}
	return done, w.Slack.SetInput(ctx, id, view.ID, a.Block, a.Action, a.Value)
}

// setLabeled fills the input with these words on it, as soon as the window has it.
func (w *World) setLabeled(ctx context.Context, p Person, a Act) error {
	var view slacksim.View
	var in element
	if !w.soon(ctx, func() (ok bool) {
		view, _ = w.Slack.View(p.SlackID())
		in, ok = input(view.Blocks, a.Label)
		return ok
	}) {
		return fmt.Errorf("the window of %s has no input %q:\n%s", p.Handle, a.Label, view.Plain())
	}
	if in.Kind != "external_select" {
		return w.Slack.SetInput(ctx, p.SlackID(), view.ID, in.Block, in.Action, a.Value)
	}
	words, _ := a.Value.(string)
	list, err := w.Slack.Options(ctx, p.SlackID(), view.ID, in.Block, in.Action, words)
	if err != nil {
		return err
	}
	if len(list) == 0 {
		return fmt.Errorf("the search finds nothing for %q", words)
	}
	return w.Slack.SetInput(ctx, p.SlackID(), view.ID, in.Block, in.Action, list[0].Value)
}

// input finds an input by the words beside it; the match is of a part and ignores case.
func input(raw json.RawMessage, words string) (element, bool) {
	var blocks []map[string]any
	if json.Unmarshal(raw, &blocks) != nil {
		return element{}, false
	}
	for _, b := range blocks {
		if b["type"] != "input" || !contains(labelText(b["label"]), []string{words}) {
			continue
		}
		one, err := json.Marshal([]any{b})
		if list := elements(one); err == nil && len(list) > 0 {
			return list[0], true
		}
	}
	return element{}, false
}

func (w *World) click(ctx context.Context, p Person, a Act) (any, error) {
	view, _ := w.Slack.View(p.SlackID())
	at := slacksim.InView(view.ID)
	switch {
	case a.Home:
		at = slacksim.InHome()
	case a.Message != "":
		at = slacksim.InMessage(w.Slack.DM(p.SlackID()), a.Message)
	}
	value, _ := a.Value.(string)
	return w.Slack.Click(ctx, p.SlackID(), at, a.Action, slacksim.Pick{BlockID: a.Block, Value: value, Label: a.Label})
}

// press finds the button with these words where the person would see it: in the open window, which hides everything
// else; on the newest message that has it; on the Home tab.
func (w *World) press(ctx context.Context, p Person, words string) (any, error) {
	if words == "" {
		return nil, errors.New("press needs label, the words on the button")
	}
	var do func() (any, error)
	find := func() bool {
		do = w.buttonOn(ctx, p, words)
		return do != nil
	}
	if !find() {
		if _, open := w.Slack.View(p.SlackID()); !open {
			if err := w.Slack.OpenHome(ctx, p.SlackID()); err != nil {
				return nil, err
			}
		}
		if !w.soon(ctx, find) {
			return nil, fmt.Errorf("%s sees no button %q; this is what is there:\n%s%s", p.Handle, words, w.screenText(p), w.homeText(p))
		}
	}
	return do()
}

// buttonOn returns the press of the button, or nil while there is none.
func (w *World) buttonOn(ctx context.Context, p Person, words string) func() (any, error) {
	id := p.SlackID()
	click := func(at slacksim.Place, b element) func() (any, error) {
		return func() (any, error) {
			return w.Slack.Click(ctx, id, at, b.Action, slacksim.Pick{BlockID: b.Block, Value: b.Value})
		}
	}
	if v, open := w.Slack.View(id); open {
		if b, ok := button(v.Blocks, words); ok {
			return click(slacksim.InView(v.ID), b)
		}
		switch {
		case v.Submit != "" && contains(v.Submit, []string{words}):
			return func() (any, error) { return w.Slack.SubmitView(ctx, id, v.ID) }
		case v.Close != "" && contains(v.Close, []string{words}):
			return func() (any, error) { return map[string]bool{"ok": true}, w.Slack.CloseView(ctx, id, v.ID) }
		}
		return nil
	}
	list := w.Slack.Messages(id)
	for i := len(list) - 1; i >= 0; i-- {
		if b, ok := button(list[i].Blocks, words); ok {
			return click(slacksim.InMessage(list[i].Channel, list[i].TS), b)
		}
	}
	if home, ok := w.Slack.Home(id); ok {
		if b, ok := button(home.Blocks, words); ok {
			return click(slacksim.InHome(), b)
		}
	}
	return nil
}
