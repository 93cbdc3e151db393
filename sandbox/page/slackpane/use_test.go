package slackpane_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"usher/sandbox/slacksim"
)

func TestNothingMovesUnderThePointer(t *testing.T) {
	t.Parallel()
	b := start(t, func(c *slacksim.Config) { c.NoRateLimits = true })
	b.app(quiet)
	write := func(text string) {
		b.call("chat.postMessage", map[string]any{"channel": "U0MAYA", "text": text})
	}
	for i := range 20 {
		write(fmt.Sprintf("number %d", i))
	}
	b.asked()
	tab := b.visit("?who=maya&tab=messages", 1000, 700)
	list := func() (top, left float64) {
		var at [2]float64
		tab.Eval("(l => [l.scrollTop, l.scrollHeight - l.clientHeight - l.scrollTop])(document.querySelector('.sl-list'))", &at)
		return at[0], at[1]
	}
	tab.See("Yes")
	if top, left := list(); top == 0 || left > 1 {
		t.Errorf("the newest message is not in view: %v from the top, %v from the end", top, left)
	}
	write("while the pointer is elsewhere")
	tab.See("while the pointer is elsewhere")
	if _, left := list(); left > 1 {
		t.Errorf("the list did not follow, by %v", left)
	}
	tab.Click("Yes")
	before, _ := list()
	write("while somebody aims")
	tab.See("New messages")
	if top, _ := list(); top != before {
		t.Errorf("the list moved by %v", top-before)
	}
	if n := b.Slack.Inbox("U0MAYA", "").Unread; n != 23 {
		t.Fatalf("%d messages", n)
	}
	has(t, b.get("maya", "home"), "1 unread</span></span></a>")
	tab.Click("New messages")
	tab.In(".sl-tabs").Gone("1")
	lacks(t, b.get("maya", "home"), "unread</span></span></a>")
	tab.Accessible()
}

func TestAButtonWaitsForTheAppAndSaysWhenItFails(t *testing.T) {
	t.Parallel()
	b := start(t, func(c *slacksim.Config) { c.AckTimeout = time.Second })
	held := make(chan string)
	heard := b.app(func(frame) string { return <-held })
	b.asked()
	tab := b.visit("?who=maya&tab=messages", 1000, 700)
	tab.Click("Yes")
	busy := tab.In(".bk-actions")
	for busy.Count("[aria-busy=true]") == 0 {
		tab.Eval(nextFrame, nil)
	}
	tab.See("This app responded too slowly or not at all. Try again?")
	if n := busy.Count("[aria-busy=true]"); n > 0 {
		t.Errorf("%d buttons wait still", n)
	}
	tab.Accessible()
	held <- ""
	<-heard
	tab.Click("Yes")
	held <- ""
	<-heard
	tab.Gone("This app responded too slowly")
}

func TestDangerIsAskedAbout(t *testing.T) {
	t.Parallel()
	b := start(t)
	heard := b.app(quiet)
	words := func(s string) map[string]any { return map[string]any{"type": "plain_text", "text": s} }
	b.call("chat.postMessage", map[string]any{"channel": "U0MAYA", "text": "?", "blocks": []any{map[string]any{"type": "actions", "elements": []any{
		map[string]any{"type": "button", "action_id": "end", "text": words("End it"), "confirm": map[string]any{
			"title": words("End <it>?"), "text": map[string]any{"type": "mrkdwn", "text": "For *good* & ever"}, "confirm": words("Do end it"), "deny": words("Keep it"), "style": "danger",
		}},
	}}}})
	tab := b.visit("?who=maya&tab=messages", 1000, 700)
	tab.Click("End it")
	tab.See("For good & ever")
	focus(t, tab, "button", "Keep it")
	tab.Accessible()
	tab.Press("Enter")
	tab.Gone("For good & ever")
	focus(t, tab, "button", "End it")
	tab.Press("Enter")
	tab.See("End <it>?")
	tab.Press("Escape")
	tab.Gone("End <it>?")
	tab.Press("Enter", "Tab", "Enter")
	if f := <-heard; f.Payload.Actions[0].ActionID != "end" || len(heard) > 0 {
		t.Errorf("heard %+v and %d more", f, len(heard))
	}
}

func TestMenusWorkByKeys(t *testing.T) {
	t.Parallel()
	b := start(t)
	heard := b.app(quiet)
	b.asked()
	tab := b.visit("?who=maya&tab=messages", 1000, 700)
	tab.Click("More actions")
	focus(t, tab, "menuitem", "A")
	tab.Press("ArrowDown")
	focus(t, tab, "menuitem", "B")
	b.call("chat.postMessage", map[string]any{"channel": "U0MAYA", "text": "meanwhile"})
	tab.See("meanwhile")
	focus(t, tab, "menuitem", "B")
	tab.Accessible()
	tab.Press("Escape")
	focus(t, tab, "button", "More actions")
	tab.Press("ArrowUp", "Enter")
	if f := <-heard; f.Payload.Actions[0].ActionID != "more" {
		t.Errorf("heard %+v", f)
	}
	tab.Click("Shortcuts")
	tab.Press("Enter")
	if f := <-heard; f.Payload.CallbackID != "ask" {
		t.Errorf("heard %+v", f)
	}
}

func TestPeopleAreFoundByWords(t *testing.T) {
	t.Parallel()
	b := start(t)
	b.app(quiet)
	b.call("chat.postMessage", map[string]any{"channel": "U0GINA", "text": "a word to Gina"})
	tab := b.visit("?who=maya&tab=general", 1000, 700)
	tab.Click("change who you are")
	focus(t, tab, "searchbox", "Search people")
	tab.Accessible()
	tab.Type("Search people", "lin guest")
	people := tab.In("#sl-people")
	people.Gone("Priya Nair")
	people.See("Gina Ferrari")
	tab.Type("Search people", "nobody of that name")
	people.See("Nobody fits.")
	tab.Type("Search people", "guest")
	tab.Press("ArrowDown", "Enter")
	tab.See("You are Gina Ferrari")
	tab.See("a word to Gina") // Who has something to read is taken there.
	people.Gone("Start here")
	tab.Click("Gina Ferrari (you)")
	tab.Type("Message to Gina Ferrari (you)", "/he")
	tab.Press("Enter")
	tab.See("[with what]")
	tab.In(".sl-rail").Click("Maya")
	tab.See("You are Maya Chen")
}

func TestLinksStayOnThePage(t *testing.T) {
	t.Parallel()
	b := start(t)
	b.call("chat.postMessage", map[string]any{"channel": "U0MAYA", "text": "<https://jira.example/browse/ACCESS-7|ACCESS-7> and <https://example.com/|elsewhere>"})
	tab := b.visit("?who=maya&tab=messages", 390, 700)
	tab.Click("elsewhere")
	tab.See("Slack would open https://example.com/")
	tab.Click("ACCESS-7")
	if at := tab.Address(); !strings.Contains(at, "issue=ACCESS-7") || !strings.Contains(at, "pane=jira") || !strings.Contains(at, "127.0.0.1") {
		t.Errorf("the address is %s", at)
	}
	tab.Accessible()
}
