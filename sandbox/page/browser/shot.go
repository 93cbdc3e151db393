package browser

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// Shot writes a PNG of what is in the window, or, for a place in the page, of all of that place. A relative path is meant
// from the folder Pictures.
func (p *Place) Shot(path string) {
	p.tab.t.Helper()
	p.tab.must("take a picture of "+p.String(), func(ctx context.Context) error {
		if len(p.steps) == 0 {
			return shoot(ctx, p.tab.in(path), nil, false)
		}
		var clip *page.Viewport
		if err := eval(ctx, "(e => e && usherTest.box(e))("+p.script()+")", &clip); err != nil {
			return err
		}
		if clip == nil {
			return errors.New("it is not there")
		}
		clip.Scale = 1
		return shoot(ctx, p.tab.in(path), clip, true)
	})
}

// Whole writes a PNG of the whole page, beyond the window too.
func (tab *Tab) Whole(path string) {
	tab.t.Helper()
	tab.must("take a picture of the whole page", func(ctx context.Context) error { return shoot(ctx, tab.in(path), nil, true) })
}

func (tab *Tab) in(path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(Pictures(tab.t), path)
}

// Pictures is the folder for pictures, which git ignores: pictures, beside go.mod.
func Pictures(t testing.TB) string {
	t.Helper()
	root, err := root()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(root, "pictures")
}

// root is the folder of the module, which is above that of every test.
func root() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
	}
	return "", errors.New("there is no go.mod above this folder")
}

func shoot(ctx context.Context, path string, clip *page.Viewport, beyond bool) error {
	shot, err := chromedp.Call(ctx, page.CaptureScreenshot, page.CaptureScreenshotParams{
		Format: page.CaptureScreenshotFormatPng, Clip: clip, CaptureBeyondViewport: &beyond,
	})
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return err
	}
	return os.WriteFile(path, shot.Data, 0o600)
}
