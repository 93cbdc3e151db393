package browser

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

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
