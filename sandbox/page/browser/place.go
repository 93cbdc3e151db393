package browser

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// Place is a part of the page. It is looked up anew whenever it is used, so it may appear later or be replaced meanwhile.
type Place struct {
	tab   *Tab
	steps []step
}

// step leads from an element to one inside it.
type step struct {
	Selector string `json:"selector"`
	Words    string `json:"words"`
}

// In is the last element inside this place that fits the CSS selector, is shown and has all the words in it. The last one is
// the newest in a conversation and the topmost of modals.
func (p *Place) In(selector string, words ...string) *Place {
	s := step{Selector: selector, Words: strings.Join(words, " ")}
	return &Place{tab: p.tab, steps: append(p.steps[:len(p.steps):len(p.steps)], s)}
}

// String names the place in failures.
func (p *Place) String() string {
	if len(p.steps) == 0 {
		return "the page"
	}
	var out []string
	for _, s := range p.steps {
		name := s.Selector
		if s.Words != "" {
			name += fmt.Sprintf(" with %q", s.Words)
		}
		out = append(out, name)
	}
	return strings.Join(out, ", ")
}

// script is the JavaScript expression that finds the element; null if there is none.
func (p *Place) script() string {
	steps, err := json.Marshal(p.steps)
	if err != nil || p.steps == nil {
		steps = []byte("[]")
	}
	return "usherTest.find(" + string(steps) + ")"
}

// See waits until the words can be seen here, by scrolling at most. Words that CSS shows in capitals are in capitals. What
// stands in text inputs counts.
func (p *Place) See(words string) {
	p.tab.t.Helper()
	p.look(words, true)
}

// Gone waits until the words cannot be seen here, or the place is not there.
func (p *Place) Gone(words string) {
	p.tab.t.Helper()
	p.look(words, false)
}

func (p *Place) look(words string, want bool) {
	p.tab.t.Helper()
	if err := p.seen(words, want); err != nil {
		p.tab.t.Fatalf("%v; there is: %q", err, p.words())
	}
}

func (p *Place) seen(words string, want bool) error {
	ctx, cancel := context.WithTimeout(p.tab.ctx, p.tab.patience)
	defer cancel()
	quoted, err := json.Marshal(words)
	if err != nil {
		return err
	}
	return p.tab.until(ctx, func(ctx context.Context) error {
		var got bool
		switch err := eval(ctx, fmt.Sprintf("usherTest.sees(%s, %s)", p.script(), quoted), &got); {
		case err != nil:
			return err
		case got && !want:
			return fmt.Errorf("%q is still to be seen in %v", words, p)
		case !got && want:
			return fmt.Errorf("%q is not to be seen in %v", words, p)
		}
		return nil
	})
}

// Text is all that stands here now, with single spaces; empty if the place is not there.
func (p *Place) Text() string {
	p.tab.t.Helper()
	var out string
	p.tab.Eval("usherTest.text("+p.script()+")", &out)
	return out
}

// Count is how many elements in this place fit the selector and are shown.
func (p *Place) Count(selector string) int {
	p.tab.t.Helper()
	quoted, err := json.Marshal(selector)
	if err != nil {
		p.tab.t.Fatal(err)
	}
	var out int
	p.tab.Eval(fmt.Sprintf("[...(%s?.querySelectorAll(%s) ?? [])].filter(usherTest.shown).length", p.script(), quoted), &out)
	return out
}

// words is the beginning of the text, for failures.
func (p *Place) words() string {
	const most = 1500
	ctx, cancel := context.WithTimeout(p.tab.ctx, p.tab.patience)
	defer cancel()
	var out string
	if err := eval(ctx, "usherTest.text("+p.script()+")", &out); err != nil {
		return err.Error()
	}
	if text := []rune(out); len(text) > most {
		return string(text[:most]) + "…"
	}
	return out
}

// object finds the element and keeps a handle of it in the browser.
func (p *Place) object(ctx context.Context) (runtime.RemoteObjectID, error) {
	reply, err := chromedp.Call(ctx, runtime.Evaluate, runtime.EvaluateParams{Expression: p.script()})
	switch {
	case err != nil:
		return "", err
	case reply.ExceptionDetails != nil:
		return "", errors.New(exception(reply.ExceptionDetails))
	case reply.Result == nil || reply.Result.ObjectID == "":
		return "", fmt.Errorf("there is no %v", p)
	}
	return reply.Result.ObjectID, nil
}
