package browser

import (
	"image/png"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestOnlyWhatCanBeSeenIsSeen(t *testing.T) {
	t.Parallel()
	tab := open(t, 1000, "", "")
	for name, c := range map[string]struct {
		body string
		want bool
	}{
		"plain":            {`<p>The words</p>`, true},
		"across elements":  {`<p>The <b>wo</b>rds</p>`, true},
		"wrapped":          {"<p>The\n  words</p>", true},
		"in a field":       {`<input aria-label="f" value="Not The words">`, true},
		"chosen":           {`<select aria-label="s"><option>One</option><option selected>The words</option></select>`, true},
		"not chosen":       {`<select aria-label="s"><option>One</option><option>The words</option></select>`, false},
		"hidden":           {`<p hidden>The words</p>`, false},
		"transparent":      {`<div style="opacity:0"><p>The words</p></div>`, false},
		"invisible":        {`<p style="visibility:hidden">The words</p>`, false},
		"for readers only": {`<span style="position:absolute;width:1px;height:1px;overflow:hidden">The words</span>`, false},
		"secret":           {`<input type="hidden" value="The words">`, false},
		"apart":            {`<p>The</p><p hidden>other</p>`, false},
	} {
		tab.patience = patience
		tab.put(c.body)
		if err := tab.seen("The words", c.want); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		tab.patience = 100 * time.Millisecond
		if tab.seen("The words", !c.want) == nil {
			t.Errorf("%s: the words are seen and not seen", name)
		}
	}
	tab.patience = patience
}

func TestLayoutShiftsAreMeasured(t *testing.T) {
	t.Parallel()
	tab := open(t, 1000, `<div id="top"></div><p style="height:300px">Moved</p><button>Grow</button>`,
		`const top_ = document.getElementById('top');
		document.querySelector('button').addEventListener('click', () => { top_.style.height = '100px' });
		requestAnimationFrame(() => requestAnimationFrame(() => { top_.style.height = '200px' }))`)
	if err := tab.waitFor(func() bool { return tab.LayoutShift() > 0.05 }); err != nil {
		t.Fatalf("a shift by 200 pixels counts %v: %v", tab.LayoutShift(), tab.Shifts())
	}
	before := tab.LayoutShift()
	tab.Click("Grow")
	if err := tab.waitFor(func() bool { all := tab.Shifts(); return all[len(all)-1].Expected }); err != nil {
		t.Fatalf("the shift after the click is not noticed: %v", tab.Shifts())
	}
	if tab.LayoutShift() != before {
		t.Errorf("what a click moved counts: %v", tab.Shifts())
	}
}

func TestAxeFinds(t *testing.T) {
	t.Parallel()
	tab := open(t, 1000, `<section id="a"><h1>Fine</h1></section><section id="b"><button></button><p style="color:#ccc;background:#fff">pale</p></section>`, "")
	if axe(t) == "" {
		t.Skip("there is no axe-core")
	}
	if found := tab.In("#a").Axe(); len(found) > 0 {
		t.Errorf("found where nothing is wrong: %v", found)
	}
	rules := map[string]bool{}
	for _, f := range tab.Axe() {
		rules[f.Rule] = true
	}
	if !rules["button-name"] || !rules["color-contrast"] {
		t.Errorf("found only %v", rules)
	}
}

func TestPicturesAreWritten(t *testing.T) {
	t.Parallel()
	tab := open(t, 390, `<h1>Hello</h1><p style="height:2000px">Long</p>`, "")
	dir := t.TempDir()
	tab.Shot(filepath.Join(dir, "window.png"))
	tab.Whole(filepath.Join(dir, "whole.png"))
	tab.In("h1").Shot(filepath.Join(dir, "head.png"))
	tab.Cut(map[string]string{filepath.Join(dir, "cut.png"): "p"})
	tab.Sharpen(2, 300, 200)
	tab.Shot(filepath.Join(dir, "sharp.png"))
	for name, want := range map[string]func(w, h int) bool{
		"window.png": func(w, h int) bool { return w == 390 && h == 700 },
		"whole.png":  func(w, h int) bool { return w == 390 && h > 2000 },
		"cut.png":    func(w, h int) bool { return w < 390 && h == 2000 },
		"sharp.png":  func(w, h int) bool { return w == 600 && h == 400 },
		"head.png":   func(w, h int) bool { return w < 390 && h < 100 },
	} {
		if w, h := size(t, filepath.Join(dir, name)); !want(w, h) {
			t.Errorf("%s is %d x %d", name, w, h)
		}
	}
}

func size(t *testing.T, path string) (int, int) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close() //nolint:errcheck // it was only read
	c, err := png.DecodeConfig(f)
	if err != nil {
		t.Fatal(err)
	}
	return c.Width, c.Height
}
