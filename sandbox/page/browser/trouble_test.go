package browser

import (
	"strings"
	"testing"
)

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
