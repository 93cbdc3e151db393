package browser

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// pasted is the length from which text is put in at once, as if pasted: a key takes a millisecond.
const pasted = 200

// Type clicks into the field that has this label, and types the text in place of what stands there. Text of more than 200
// characters comes in at once, as pasted text does.
func (p *Place) Type(label, text string) {
	p.tab.t.Helper()
	err := p.click(label, typable())
	if err == nil {
		err = p.tab.write(text)
	}
	if err != nil {
		p.tab.t.Fatalf("type into %q in %v: %v", label, p, err)
	}
}

func (tab *Tab) write(text string) error {
	ctx, cancel := context.WithTimeout(tab.ctx, tab.patience)
	defer cancel()
	if err := stroke(ctx, "Control+a"); err != nil {
		return err
	}
	if utf8.RuneCountInString(text) > pasted {
		_, err := chromedp.Call(ctx, input.InsertText, input.InsertTextParams{Text: text})
		return err
	}
	if text == "" {
		return stroke(ctx, "Delete")
	}
	for _, r := range text {
		var err error
		if _, ok := kb.Keys[r]; ok {
			err = chromedp.Do(ctx, chromedp.KeyEvent(string(r)))
		} else { // No key of the keyboard writes it; an input method does.
			_, err = chromedp.Call(ctx, input.InsertText, input.InsertTextParams{Text: string(r)})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Choose opens the drop-down list that has this label and takes the choice with these words, by keys: a browser draws such a
// list outside the page.
func (p *Place) Choose(label, choice string) {
	p.tab.t.Helper()
	if err := p.choose(label, choice); err != nil {
		p.tab.t.Fatalf("choose %q in %q in %v: %v", choice, label, p, err)
	}
}

func (p *Place) choose(label, choice string) error {
	ctx, cancel := context.WithTimeout(p.tab.ctx, p.tab.patience)
	defer cancel()
	var keys []string
	err := p.tab.until(ctx, func(ctx context.Context) error {
		list, err := p.named(ctx, label, typable())
		if err != nil {
			return err
		}
		var is struct {
			Options []string
			Now     int
		}
		const read = "function() { return {options: [...this.options].filter(o => !o.disabled).map(o => o.label), now: [...this.options].filter(o => !o.disabled).findIndex(o => o.selected)} }"
		if err := call(ctx, list.object, read, &is); err != nil {
			return err
		}
		want := slices.Index(is.Options, choice)
		if want < 0 {
			return fmt.Errorf("there are %q", is.Options)
		}
		keys = steps(is.Now, want)
		return call(ctx, list.object, "function() { this.focus() }", nil)
	})
	if err != nil {
		return err
	}
	// Only Enter takes the choice, so that the page hears of one change.
	for _, key := range slices.Concat([]string{"Alt+ArrowDown"}, keys, []string{"Enter"}) {
		if err := stroke(ctx, key); err != nil {
			return err
		}
	}
	return nil
}

// steps are the arrow keys that lead from one choice to another.
func steps(from, to int) []string {
	key := "ArrowDown"
	if to < from {
		key = "ArrowUp"
		from, to = to, from
	}
	return slices.Repeat([]string{key}, to-from)
}

// Press presses keys one after the other: "Tab", "Shift+Tab", "Enter", "Escape", "ArrowDown", "Space", "Control+a", "x".
func (tab *Tab) Press(keys ...string) {
	tab.t.Helper()
	for _, key := range keys {
		tab.must("press "+key, func(ctx context.Context) error { return stroke(ctx, key) })
	}
}

func stroke(ctx context.Context, key string) error {
	parts := strings.Split(key, "+")
	var held []chromedp.Modifier
	for _, m := range parts[:len(parts)-1] {
		is, ok := map[string]chromedp.Modifier{"Shift": chromedp.ModifierShift, "Control": chromedp.ModifierCtrl, "Alt": chromedp.ModifierAlt}[m]
		if !ok {
			return fmt.Errorf("%q is no key to hold", m)
		}
		held = append(held, is)
	}
	name := parts[len(parts)-1]
	text, ok := map[string]string{
		"Tab": kb.Tab, "Enter": kb.Enter, "Escape": kb.Escape, "Space": " ", "Backspace": kb.Backspace, "Delete": kb.Delete, "Home": kb.Home, "End": kb.End,
		"ArrowDown": kb.ArrowDown, "ArrowUp": kb.ArrowUp, "ArrowLeft": kb.ArrowLeft, "ArrowRight": kb.ArrowRight, "PageDown": kb.PageDown, "PageUp": kb.PageUp,
	}[name]
	if !ok {
		if utf8.RuneCountInString(name) != 1 {
			return fmt.Errorf("%q is no key", name)
		}
		text = name
	}
	return chromedp.Do(ctx, chromedp.KeyEvent(text, chromedp.KeyModifiers(held...)))
}
