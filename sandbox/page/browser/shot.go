package browser

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/png"
	"math"
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

// Cut takes one picture of the whole page and writes to each path what a selector's first element covers in it. For many
// elements it is much faster than Shot. A page may be 16,000 pixels high, drawn with one pixel for each of CSS.
func (tab *Tab) Cut(shots map[string]string) {
	tab.t.Helper()
	tab.must("cut pictures out of the page", func(ctx context.Context) error {
		whole, err := capture(ctx, nil, true, true)
		if err != nil {
			return err
		}
		canvas, err := png.Decode(bytes.NewReader(whole))
		if err != nil {
			return err
		}
		for path, selector := range shots {
			var at *page.Viewport
			if err := eval(ctx, fmt.Sprintf("(e => e && usherTest.box(e))(document.querySelector(%q))", selector), &at); err != nil {
				return err
			}
			if at == nil {
				return fmt.Errorf("there is no %s", selector)
			}
			if err := cut(canvas, at, tab.in(path)); err != nil {
				return fmt.Errorf("%s: %w", selector, err)
			}
		}
		return nil
	})
}

// cut writes one part of a picture.
func cut(canvas image.Image, at *page.Viewport, path string) error {
	part := image.Rect(pixel(at.X), pixel(at.Y), pixel(at.X+at.Width), pixel(at.Y+at.Height))
	painted, ok := canvas.(interface {
		SubImage(image.Rectangle) image.Image
	})
	if !ok || !part.In(canvas.Bounds()) {
		return fmt.Errorf("%v is not in the picture of %v", part, canvas.Bounds())
	}
	var out bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(&out, painted.SubImage(part)); err != nil {
		return err
	}
	return write(path, out.Bytes())
}

func pixel(x float64) int { return int(math.Round(x)) }

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
	shot, err := capture(ctx, clip, beyond, false)
	if err != nil {
		return err
	}
	return write(path, shot)
}

// capture is a PNG of the window, of a part of the page, or of all of it; a quick one is several times larger.
func capture(ctx context.Context, clip *page.Viewport, beyond, quick bool) ([]byte, error) {
	shot, err := chromedp.Call(ctx, page.CaptureScreenshot, page.CaptureScreenshotParams{
		Format: page.CaptureScreenshotFormatPng, Clip: clip, CaptureBeyondViewport: &beyond, OptimizeForSpeed: &quick,
	})
	return shot.Data, err
}

func write(path string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return err
	}
	return os.WriteFile(path, data, 0o600)
}
