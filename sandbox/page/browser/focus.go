package browser

import (
	"context"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// Focus is what has the keyboard.
type Focus struct {
	// Role and Name are what a screen reader says. At the page itself they are "RootWebArea" and its title, or "generic".
	Role, Name string
	// Ring reports whether an outline or a shadow shows that it has the focus.
	Ring bool
	// Element describes it in a failure.
	Element string
}

// Focused returns what has the keyboard now.
func (tab *Tab) Focused() Focus {
	tab.t.Helper()
	var out Focus
	tab.must("find the focus", func(ctx context.Context) error {
		got, err := chromedp.Call(ctx, runtime.Evaluate, runtime.EvaluateParams{Expression: "document.activeElement ?? document.body"})
		if err != nil {
			return err
		}
		tree, err := chromedp.Call(ctx, accessibility.GetPartialAXTree, accessibility.GetPartialAXTreeParams{ObjectID: got.Result.ObjectID, FetchRelatives: new(bool)})
		if err != nil {
			return err
		}
		if err := call(ctx, got.Result.ObjectID, "function() { return {Ring: usherTest.ring(this), Element: usherTest.describe(this)} }", &out); err != nil {
			return err
		}
		if len(tree.Nodes) > 0 {
			out.Role, out.Name = plain(tree.Nodes[0].Role), plain(tree.Nodes[0].Name)
		}
		return nil
	})
	return out
}
