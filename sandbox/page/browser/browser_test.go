package browser

import (
	"fmt"
	"image/png"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// open serves a page with this body and opens it. Its script may be asked for as /script.js; everything else is not found.
func open(t *testing.T, width int, body, script string) *Tab {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; connect-src 'self'; img-src data:")
		switch r.URL.Path {
		case "/":
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			reply(w, `<!doctype html><html lang="en"><head><title>A page</title><meta name="viewport" content="width=device-width">
				<link rel="icon" href="data:,"></head><body><main>%s</main><script type="module" src="/script.js"></script></body></html>`, body)
		case "/script.js":
			w.Header().Set("Content-Type", "text/javascript")
			reply(w, "%s", script)
		case "/broken":
			panic(http.ErrAbortHandler)
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(s.Close)
	tab := Open(t, width, 700)
	tab.Go(s.URL)
	return tab
}

func reply(w io.Writer, format string, args ...any) { _, _ = fmt.Fprintf(w, format, args...) }

// forgive keeps trouble that a test caused on purpose from failing it.
func forgive(tab *Tab) { tab.Allow(func(Trouble) bool { return true }) }

func TestTroubleIsNoticed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		body, script string
		kind         TroubleKind
		want         string
	}{
		"a console error":      {script: `console.error('lost', {a: 1})`, kind: Console, want: "error: \"lost\""},
		"a console warning":    {script: `console.warn('odd')`, kind: Console, want: "odd"},
		"an exception":         {script: `throw new Error('broken')`, kind: Exception, want: "Error: broken"},
		"a promise":            {script: `Promise.reject(new Error('nobody looks'))`, kind: Exception, want: "nobody looks"},
		"a refused request":    {script: `await fetch('/nothing')`, kind: Request, want: "/nothing: status 404"},
		"a failed request":     {script: `await fetch('/broken').catch(() => {})`, kind: Request, want: "/broken: net::ERR_"},
		"a refused picture":    {body: `<img src="/picture.png" alt="">`, kind: Console, want: "img-src"},
		"an inline script":     {body: `<script>alert(1)</script>`, kind: Console, want: "inline script"},
		"an outside address":   {script: `await fetch('https://example.com/').catch(() => {})`, kind: Console, want: "Content Security Policy"},
		"a syntax error":       {script: `const = 1`, kind: Exception, want: "SyntaxError"},
		"an error in a button": {script: `setTimeout(() => { throw new Error('later') })`, kind: Exception, want: "later"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tab := open(t, 1000, c.body+`<p id="end">…</p>`, c.script+"\n;document.getElementById('end').textContent = 'over'")
			var found []Trouble
			err := tab.waitFor(func() bool {
				for _, tr := range tab.Troubles() {
					if tr.Kind == c.kind && strings.Contains(tr.Text, c.want) {
						return true
					}
				}
				found = tab.Troubles()
				return false
			})
			if err != nil {
				t.Errorf("want %s with %q, got %v", c.kind, c.want, found)
			}
			forgive(tab)
			if left := tab.Troubles(); len(left) > 0 {
				t.Errorf("what was allowed is still there: %v", left)
			}
		})
	}
}

// put replaces what is on the page, but not its script.
func (tab *Tab) put(body string) {
	tab.t.Helper()
	tab.Eval(fmt.Sprintf("document.querySelector('main').innerHTML = %q", body), nil)
}

// waitFor waits until something is so, by the tab's patience.
func (tab *Tab) waitFor(so func() bool) error {
	for deadline := time.Now().Add(tab.patience); ; {
		if so() {
			return nil
		}
		if time.Now().After(deadline) {
			return os.ErrDeadlineExceeded
		}
		tab.Eval("usherTest.change()", nil)
	}
}

func TestAQuietPageIsQuiet(t *testing.T) {
	t.Parallel()
	tab := open(t, 1000, `<h1>Hello</h1>`, `console.log('all is well')`)
	tab.See("Hello")
	if got := tab.Troubles(); len(got) > 0 {
		t.Errorf("trouble where there is none: %v", got)
	}
	if got := tab.LayoutShift(); got != 0 {
		t.Errorf("a layout shift of %v where nothing moves", got)
	}
	tab.Accessible()
}

// witness writes each click and change into #heard.
const witness = `
for (const kind of ['click', 'change']) document.addEventListener(kind, e => {
	if (e.isTrusted && e.target.id) document.getElementById('heard').textContent += ' ' + kind + ':' + e.target.id + (kind === 'change' ? '=' + e.target.value : '');
});`

func TestThingsAreClickedByTheirNames(t *testing.T) {
	t.Parallel()
	tab := open(t, 390, "", witness)
	for name, c := range map[string]struct{ body, words, want string }{
		"a button":            {`<button id="a">Approve</button>`, "Approve", "click:a"},
		"an exact name first": {`<button id="b">Approve all</button><button id="a">Approve</button>`, "Approve", "click:a"},
		"a label by attribute": {
			`<button id="a" aria-label="Approve Ann's request">OK</button>`, "Approve Ann", "click:a",
		},
		"a box drawn by its label": {
			`<label id="l"><input type="checkbox" id="a" style="opacity:0;position:absolute"><span>Only mine</span></label>`, "Only mine", "change:a=on",
		},
		"far below":         {`<p style="height:3000px">Much</p><button id="a">Deny</button>`, "Deny", "click:a"},
		"one that is shown": {`<button id="b" hidden>Deny</button><button id="a">Deny</button>`, "Deny", "click:a"},
		"an option":         {`<ul role="listbox" aria-label="L"><li role="option" id="a">Write</li></ul>`, "Write", "click:a"},
		"a menu item":       {`<div role="menu"><button role="menuitem" id="a">Revoke…</button></div>`, "Revoke…", "click:a"},
		"a tab":             {`<div role="tablist"><button role="tab" id="a">Home</button></div>`, "Home", "click:a"},
	} {
		t.Log(name)
		tab.put(`<p id="heard">heard:</p>` + c.body)
		tab.Click(c.words)
		tab.In("#heard").See(c.want)
	}
}

func TestAClickIsRefused(t *testing.T) {
	t.Parallel()
	tab := open(t, 1000, "", "")
	defer func() { tab.patience = patience }()
	for name, c := range map[string]struct{ body, want string }{
		"covered":   {`<button>Approve</button><div class="veil" style="position:fixed;inset:0">Wait</div>`, `<div.veil> "Wait" covers it`},
		"disabled":  {`<button disabled>Approve</button>`, "it is disabled"},
		"hidden":    {`<button hidden>Approve</button>`, "nothing that is shown is called so"},
		"ambiguous": {`<button>Approve</button><button>Approve</button>`, "2 things are called so"},
		"no name":   {`<button aria-label="Yes">Approve</button>`, "nothing that is shown is called so"},
		"plain":     {`<div>Approve</div>`, "nothing that is shown is called so"},
	} {
		tab.patience = patience
		tab.put(c.body)
		tab.patience = 500 * time.Millisecond
		if err := tab.click("Approve", clickable()); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
}

func TestAClickWaits(t *testing.T) {
	t.Parallel()
	tab := open(t, 1000, `<p id="heard">heard:</p><button id="a" disabled>Approve</button>`,
		witness+`setTimeout(() => { document.getElementById('a').disabled = false }, 100)`)
	tab.Click("Approve")
	tab.See("click:a")
}

func TestPlacesNarrow(t *testing.T) {
	t.Parallel()
	row := `<article class="m"><p>%s</p><button id="%s">Approve</button></article>`
	tab := open(t, 1000, `<p id="heard">heard:</p><section id="one">`+fmt.Sprintf(row, "GitHub: Write", "a")+fmt.Sprintf(row, "AWS", "b")+`</section>`+
		`<section id="two">`+fmt.Sprintf(row, "GitHub: Write", "c")+`</section>`, witness)
	tab.In("#one").In(".m", "GitHub").Click("Approve")
	tab.See("click:a")
	tab.In("#one .m").Click("Approve")
	tab.See("click:a click:b")
	tab.In("#two").See("GitHub")
	tab.In("#two").Gone("AWS")
	tab.In("#three").Gone("AWS")
	if got := tab.In("#one").Count("button"); got != 2 {
		t.Errorf("%d buttons, want 2", got)
	}
	if got := tab.In("#two").Text(); got != "GitHub: Write Approve" {
		t.Errorf("text %q", got)
	}
}

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

func TestTextIsTyped(t *testing.T) {
	t.Parallel()
	tab := open(t, 390, `<p id="heard">heard:</p><label>Reason <textarea id="a">Old</textarea></label><label>Name <input id="b"></label>`, witness)
	for _, text := range []string{"Fix it, now! (ÄÖ €)", "مرحبا 👩‍💻 שלום", strings.Repeat("long ", 100), ""} {
		tab.Type("Reason", text)
		var got string
		tab.Eval(`document.getElementById('a').value`, &got)
		if got != text {
			t.Errorf("typed %q, got %q", text, got)
		}
	}
	tab.Type("Name", "Ann")
	tab.Press("Tab")
	tab.See("change:b=Ann")
}

func TestAChoiceIsOneChange(t *testing.T) {
	t.Parallel()
	tab := open(t, 1000, `<p id="heard">heard:</p><label>How long <select id="a"><option value="" disabled selected>Choose</option>
		<option value="1">1 hour</option><option value="6">6 hours</option><option value="24">1 day</option></select></label>`, witness)
	tab.Choose("How long", "6 hours")
	tab.In("#heard").See("change:a=6")
	tab.Choose("How long", "1 hour")
	tab.In("#heard").See("change:a=6 click:a change:a=1")
}

func TestTheKeyboardIsFollowed(t *testing.T) {
	t.Parallel()
	tab := open(t, 1000, `<style>#b:focus { outline: none }</style><p id="heard">heard:</p><button id="a">One</button><button id="b">Two</button>`, witness)
	tab.Press("Tab")
	if f := tab.Focused(); f.Role != "button" || f.Name != "One" || !f.Ring {
		t.Errorf("the first tab leads to %+v", f)
	}
	tab.Press("Enter", "Tab")
	if f := tab.Focused(); f.Name != "Two" || f.Ring {
		t.Errorf("the second tab leads to %+v, which hides its focus", f)
	}
	tab.Press("Space", "Shift+Tab")
	tab.See("click:a click:b")
	if f := tab.Focused(); f.Name != "One" {
		t.Errorf("back leads to %+v", f)
	}
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
