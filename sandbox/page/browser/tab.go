package browser

import (
	"cmp"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// patience bounds each wait. A loaded machine is slow; a page that is right is not.
const patience = 2 * time.Minute

// phone is the width in CSS pixels from which down a tab behaves as a phone does.
const phone = 600

//go:embed probe.js
var probe string

// Tab is one page, in a browser context of its own: no cookie, cache or storage is shared with another tab. It belongs to
// the goroutine of its test. Its methods fail that test; those of Place search the whole page.
type Tab struct {
	*Place
	t        testing.TB
	ctx      context.Context //nolint:containedctx // chromedp's handle of the tab
	close    context.CancelFunc
	patience time.Duration
	scale    float64 // pixels of a picture for one of CSS

	mu       sync.Mutex
	troubles []Trouble
	sent     map[string]string // what was asked for, by request id
	allow    []func(Trouble) bool
}

// Open opens an empty tab of this size in CSS pixels; at 600 and below it is a phone's: it obeys the viewport that the page
// names. The tab has the zone UTC, asks for reduced motion, and is closed when the test ends. Then the test fails with every
// Trouble that Allow did not expect, and the picture of a tab whose test failed is kept. Without Chromium the test is
// skipped, unless USHER_BROWSER is "required".
//
// Start the server before, so that it ends after the tab.
func Open(t testing.TB, width, height int) *Tab {
	t.Helper()
	if !one.armed {
		t.Fatal("TestMain must run the tests by browser.Tests, which ends Chromium")
	}
	root, err := one.start(chromium(t))
	if err != nil {
		t.Fatalf("start Chromium: %v", err)
	}
	tab := &Tab{t: t, patience: patience, scale: 1, sent: map[string]string{}}
	tab.Place = &Place{tab: tab}
	tab.ctx, tab.close = chromedp.NewContext(root, chromedp.WithNewBrowserContext(), chromedp.WithListener(tab.listen))
	t.Cleanup(tab.end)
	if err := chromedp.Do(tab.ctx); err != nil {
		t.Fatalf("open a tab: %v", err)
	}
	tab.Size(width, height)
	tab.must("prepare the tab", tab.prepare)
	return tab
}

func (tab *Tab) prepare(ctx context.Context) error {
	yes := true
	_, err := chromedp.Call(ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: probe, RunImmediately: &yes})
	if err != nil {
		return err
	}
	// Two tabs have the focus at once, as if each were in front.
	if _, err = chromedp.Call(ctx, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true}); err != nil {
		return err
	}
	still := []*emulation.MediaFeature{{Name: "prefers-reduced-motion", Value: "reduce"}, {Name: "prefers-color-scheme", Value: "light"}}
	if _, err = chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: still}); err != nil {
		return err
	}
	_, err = chromedp.Call(ctx, emulation.SetTimezoneOverride, emulation.SetTimezoneOverrideParams{TimezoneID: "UTC"})
	return err
}

// Size changes the size of the tab, in CSS pixels.
func (tab *Tab) Size(width, height int) {
	tab.t.Helper()
	tab.must("resize the tab", func(ctx context.Context) error {
		options := []chromedp.EmulateViewportOption{chromedp.EmulateScale(tab.scale)}
		if width <= phone {
			options = append(options, chromedp.EmulateMobile, chromedp.EmulatePortrait)
		}
		return chromedp.Do(ctx, chromedp.EmulateViewport(int64(width), int64(height), options...))
	})
}

// Sharpen gives pictures this many pixels for each pixel of CSS, and the tab a size.
func (tab *Tab) Sharpen(scale float64, width, height int) {
	tab.t.Helper()
	tab.scale = scale
	tab.Size(width, height)
}

// Zone moves the reader to an IANA time zone. Pages see it when they are loaded again.
func (tab *Tab) Zone(name string) {
	tab.t.Helper()
	tab.must("change the zone", func(ctx context.Context) error {
		_, err := chromedp.Call(ctx, emulation.SetTimezoneOverride, emulation.SetTimezoneOverrideParams{TimezoneID: name})
		return err
	})
}

// Go opens an address and waits until the page has loaded.
func (tab *Tab) Go(address string) {
	tab.t.Helper()
	tab.must("open "+address, func(ctx context.Context) error { return chromedp.Do(ctx, chromedp.Navigate(address)) })
}

// Address is the address of the page now.
func (tab *Tab) Address() string {
	tab.t.Helper()
	var out string
	tab.Eval("location.href", &out)
	return out
}

// Eval evaluates a JavaScript expression in the page and reads its value into out, which may be nil. A promise is waited
// for. It is for measuring; a newcomer has no such thing.
func (tab *Tab) Eval(expression string, out any) {
	tab.t.Helper()
	tab.must("evaluate "+expression, func(ctx context.Context) error { return eval(ctx, expression, out) })
}

// eval reads the JSON value of an expression into out, unless that is nil.
func eval(ctx context.Context, expression string, out any) error {
	yes := true
	reply, err := chromedp.Call(ctx, runtime.Evaluate, runtime.EvaluateParams{Expression: expression, ReturnByValue: &yes, AwaitPromise: &yes})
	if err != nil {
		return err
	}
	return result(reply.Result, reply.ExceptionDetails, out)
}

// result reads what a script returned, or the exception that ended it.
func result(value *runtime.RemoteObject, thrown *runtime.ExceptionDetails, out any) error {
	if thrown != nil {
		return errors.New(exception(thrown))
	}
	if out == nil || value == nil || len(value.Value) == 0 {
		return nil
	}
	if err := json.Unmarshal(value.Value, out); err != nil {
		return fmt.Errorf("read the value: %w", err)
	}
	return nil
}

// must runs one step, bounded by the tab's patience, and fails the test with its error.
func (tab *Tab) must(what string, f func(context.Context) error) {
	tab.t.Helper()
	ctx, cancel := context.WithTimeout(tab.ctx, tab.patience)
	defer cancel()
	if err := f(ctx); err != nil {
		tab.t.Fatalf("%s: %v", what, err)
	}
}

// until repeats a step each time that the page may have changed, until it succeeds or the patience is over. It returns the
// last error of a step that was not cut off.
func (tab *Tab) until(ctx context.Context, step func(context.Context) error) error {
	var last error
	for {
		err := step(ctx)
		if err == nil || final(err) {
			return err
		}
		if ctx.Err() != nil {
			return cmp.Or(last, err)
		}
		last = err
		// A page that goes away in the meantime ends the wait with an error, and the next page is looked at.
		_ = eval(ctx, "globalThis.usherTest?.change()", nil)
	}
}

// finalError is one that waiting does not mend.
type finalError struct{ error }

func final(err error) bool {
	var f finalError
	return errors.As(err, &f)
}

// end judges the tab and closes it.
func (tab *Tab) end() {
	tab.t.Helper()
	tab.ExpectQuiet()
	if tab.t.Failed() && tab.ctx.Err() == nil {
		name := strings.NewReplacer("/", "-", " ", "_", "#", "-").Replace(tab.t.Name())
		path := filepath.Join(Pictures(tab.t), "failed", name+".png")
		ctx, cancel := context.WithTimeout(tab.ctx, tab.patience)
		defer cancel()
		if err := shoot(ctx, path, nil, false); err != nil {
			tab.t.Logf("no picture of the page: %v", err)
		} else {
			tab.t.Logf("the page as it was: %s", path)
		}
	}
	tab.close()
}
