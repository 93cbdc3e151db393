package browser

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// Click clicks with the mouse on what has these words as its name for a screen reader: a button, link, tab, option, menu
// item, box or field. A name that only contains the words does if none equals them. It waits until exactly one such thing is
// shown, enabled, at rest and not covered by anything, and scrolls to it.
func (p *Place) Click(words string) {
	p.tab.t.Helper()
	if err := p.click(words, clickable()); err != nil {
		p.tab.t.Fatalf("click %q in %v: %v", words, p, err)
	}
}

// clickable are the roles of what answers a click.
func clickable() []string {
	return append(typable(), "button", "link", "tab", "option", "menuitem", "menuitemradio", "menuitemcheckbox", "checkbox", "radio", "switch",
		"treeitem", "DisclosureTriangle")
}

// typable are the roles of what takes text or a choice.
func typable() []string {
	return []string{"textbox", "searchbox", "combobox", "spinbutton", "Date", "DateTime", "InputTime"}
}

// thing is something with a name in the page.
type thing struct {
	name, role string
	object     runtime.RemoteObjectID
}

func (p *Place) click(words string, roles []string) error {
	ctx, cancel := context.WithTimeout(p.tab.ctx, p.tab.patience)
	defer cancel()
	return p.tab.until(ctx, func(ctx context.Context) error {
		found, err := p.named(ctx, words, roles)
		if err != nil {
			return err
		}
		return press(ctx, found)
	})
}

// spot is where to click, or why not.
type spot struct {
	X, Y float64
	Why  string
}

// press moves the mouse to a thing, looks whether it is still there, and clicks.
func press(ctx context.Context, on thing) error {
	at, err := aim(ctx, on)
	if err != nil {
		return err
	}
	if err := mouse(ctx, input.DispatchMouseEventTypeMouseMoved, at); err != nil {
		return err
	}
	// Two frames later, what moves has moved, and what the pointer opens is open.
	if err := eval(ctx, "new Promise(r => requestAnimationFrame(() => requestAnimationFrame(() => r(0))))", nil); err != nil {
		return err
	}
	again, err := aim(ctx, on)
	if err != nil {
		return err
	}
	if again != at {
		return fmt.Errorf("the %s %q moves", on.role, on.name)
	}
	if err := mouse(ctx, input.DispatchMouseEventTypeMousePressed, at); err != nil {
		return finalError{err}
	}
	if err := mouse(ctx, input.DispatchMouseEventTypeMouseReleased, at); err != nil {
		return finalError{err}
	}
	return nil
}

func aim(ctx context.Context, on thing) (spot, error) {
	var at spot
	if err := call(ctx, on.object, "function() { return usherTest.aim(this) }", &at); err != nil {
		return spot{}, err
	}
	if at.Why != "" {
		return spot{}, fmt.Errorf("the %s %q: %s", on.role, on.name, at.Why)
	}
	return at, nil
}

func mouse(ctx context.Context, kind input.DispatchMouseEventType, at spot) error {
	event := input.DispatchMouseEventParams{Type: kind, X: at.X, Y: at.Y}
	if kind != input.DispatchMouseEventTypeMouseMoved {
		event.Button, event.ClickCount = input.MouseButtonLeft, 1
	}
	_, err := chromedp.Call(ctx, input.DispatchMouseEvent, event)
	return err
}

// call calls a JavaScript function on an object of the page and reads its value into out.
func call(ctx context.Context, on runtime.RemoteObjectID, function string, out any) error {
	yes := true
	reply, err := chromedp.Call(ctx, runtime.CallFunctionOn, runtime.CallFunctionOnParams{FunctionDeclaration: function, ObjectID: on, ReturnByValue: &yes})
	if err != nil {
		return err
	}
	return result(reply.Result, reply.ExceptionDetails, out)
}

// named finds the one thing of these roles that is called so, in the tree that Chromium gives to screen readers.
func (p *Place) named(ctx context.Context, words string, roles []string) (thing, error) {
	root, err := p.object(ctx)
	if err != nil {
		return thing{}, err
	}
	for _, query := range []accessibility.QueryAXTreeParams{{ObjectID: root, AccessibleName: words}, {ObjectID: root}} {
		tree, err := chromedp.Call(ctx, accessibility.QueryAXTree, query)
		if err != nil {
			return thing{}, err
		}
		var found []thing
		for _, n := range tree.Nodes {
			name, role := plain(n.Name), plain(n.Role)
			if n.Ignored || !slices.Contains(roles, role) || !strings.Contains(name, words) {
				continue
			}
			got, err := resolve(ctx, n)
			if err != nil {
				return thing{}, err
			}
			if got.object != "" {
				found = append(found, got)
			}
		}
		switch {
		case len(found) == 1:
			return found[0], nil
		case len(found) > 1:
			return thing{}, fmt.Errorf("%d things are called so: %v; In may name the place", len(found), names(found))
		}
	}
	return thing{}, errors.New("nothing that is shown is called so")
}

// resolve gets a handle of a node's element; none if the element is not shown. A node may be gone by now.
func resolve(ctx context.Context, n *accessibility.Node) (thing, error) {
	reply, err := chromedp.Call(ctx, dom.ResolveNode, dom.ResolveNodeParams{BackendNodeID: n.BackendDOMNodeID})
	if err != nil {
		return thing{}, err
	}
	// What is drawn by its label is shown if that is. A choice of a closed list is not.
	var is bool
	const test = "function() { return (this.localName !== 'option' || this.closest('select').size > 1) && " +
		"(usherTest.shown(this) || [...(this.labels ?? [])].some(usherTest.shown)) }"
	if err := call(ctx, reply.Object.ObjectID, test, &is); err != nil || !is {
		return thing{}, err
	}
	return thing{name: plain(n.Name), role: plain(n.Role), object: reply.Object.ObjectID}, nil
}

// plain is the text of a value of the tree.
func plain(v *accessibility.Value) string {
	var out string
	if v == nil || json.Unmarshal(v.Value, &out) != nil {
		return ""
	}
	return out
}

func names(all []thing) []string {
	var out []string
	for _, t := range all {
		out = append(out, fmt.Sprintf("%s %q", t.role, t.name))
	}
	return out
}
