package slackpane_test

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"usher/sandbox/page/slackpane"
	"usher/sandbox/slacksim"
)

// app is the part of a fragment after the switch, for failures.
func app(html string) string {
	_, after, _ := strings.Cut(html, `<div class="sl-app`)
	return after
}

func has(t *testing.T, html string, want ...string) {
	t.Helper()
	for _, w := range want {
		if !strings.Contains(html, w) {
			t.Errorf("the fragment lacks %q:\n%s", w, app(html))
		}
	}
}

func lacks(t *testing.T, html string, bad ...string) {
	t.Helper()
	for _, w := range bad {
		if strings.Contains(html, w) {
			t.Errorf("the fragment has %q:\n%s", w, app(html))
		}
	}
}

func TestFilesOfThePaneAreThere(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"pane.css", "pane.js"} {
		if _, err := fs.Stat(slackpane.Assets(), name); err != nil {
			t.Error(err)
		}
	}
}

func TestLookingChangesNothing(t *testing.T) {
	t.Parallel()
	b := start(t)
	changed := b.Slack.Changed()
	for _, who := range []string{"maya", "gina", "victor", "derek"} {
		for _, tab := range []string{"home", "messages", "general", "", "nonsense"} {
			wellFormed(t, b.get(who, tab))
		}
	}
	select {
	case <-changed:
		t.Error("the workspace changed")
	default:
	}
	if n := len(b.Slack.Deliveries()); n > 0 {
		t.Errorf("the app was sent %d envelopes", n)
	}
	if b.Slack.Inbox("U0MAYA", "").First != "" || b.Slack.Conversation("U0MAYA", "U0MAYA", 1).Channel != "" {
		t.Error("a DM was opened")
	}
}

func TestStrangersAreRefused(t *testing.T) {
	t.Parallel()
	b := start(t)
	rec := httptest.NewRecorder()
	b.pane.ServeHTTP(rec, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/?who=%3Cb%3E", nil))
	if rec.Code != http.StatusBadRequest {
		t.Errorf("%d %s", rec.Code, rec.Body)
	}
	for _, verb := range []string{"press", "set", "options", "submit", "close", "close-all", "command", "shortcut", "open", "read"} {
		if code, v := b.post(verb, `{"who":"nobody"}`); code != http.StatusBadRequest || !strings.Contains(fmt.Sprint(v), "not among the people") {
			t.Errorf("%s: %d %v", verb, code, v)
		}
		rec := httptest.NewRecorder()
		b.pane.ServeHTTP(rec, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/"+verb, nil))
		if rec.Code != http.StatusMethodNotAllowed {
			t.Errorf("GET %s: %d", verb, rec.Code)
		}
	}
}

func TestANewcomerSeesWhoTheyAre(t *testing.T) {
	t.Parallel()
	b := start(t)
	html := b.get("maya", "home")
	has(t, html, "You are <b>Maya Chen</b>", "Software Engineer", "Your manager is", "Priya Nair", "IT admin", "Larkspur", "Helper is getting this page ready")
	if i, j := strings.Index(html, "Start here"), strings.Index(html, "Leadership"); i < 0 || j < i {
		t.Error("the people of the story do not come first")
	}
	for handle, mark := range map[string]string{"gina": "guest", "victor": "from another company", "derek": "deactivated", "una": "address not confirmed", "leo": "two Slack accounts"} {
		has(t, b.get(handle, ""), mark)
	}
}

func TestEverybodySeesThePlacesThatSlackGivesThem(t *testing.T) {
	t.Parallel()
	b := start(t)
	for who, want := range map[string][]string{
		"maya": {">Home", ">Messages", ">#general"}, "gina": {">Home", ">Messages", ">Gina Ferrari (you)"}, "victor": {">#general"}, "derek": {},
	} {
		html := b.get(who, "general")
		has(t, html, want...)
		if got := strings.Count(html, `class="sl-tab`); got != len(want)+min(len(want), 1) { // The row of tabs has the class sl-tabs.
			t.Errorf("%s has %d tabs", who, got-1)
		}
	}
	has(t, b.get("derek", "home"), "account is deactivated")
	lacks(t, b.get("derek", "home"), "sl-composer", "sl-shortcuts")
	has(t, b.get("victor", "general"), "sl-composer")
	lacks(t, b.get("victor", "general"), "sl-command", "sl-shortcuts")
	has(t, b.get("maya", "messages"), "Sending messages to this app has been turned off.", "Helper has not written to Maya yet. Helps")
	lacks(t, b.get("maya", "messages"), "sl-composer")
	if err := b.Slack.Deactivate("U0MAYA"); err != nil {
		t.Fatal(err)
	}
	has(t, b.get("maya", "messages"), "account is deactivated")
}

func TestHostileTextStaysText(t *testing.T) {
	t.Parallel()
	const evil = `"><script>alert(1)</script><img src=x onerror=alert(1)>`
	b := start(t)
	for i := range b.Company.People {
		if b.Company.People[i].Handle == "maya" {
			b.Company.People[i].Name, b.Company.People[i].Title, b.Company.People[i].Department = evil, evil, evil
		}
	}
	b.Company.Name = evil
	u, _ := b.Slack.User("U0MAYA")
	u.RealName = evil
	b.Slack.UpdateUser(u)
	blocks := []map[string]any{{
		"type": "section", "block_id": evil, "text": map[string]string{"type": "mrkdwn", "text": evil},
		"accessory": map[string]any{"type": "button", "action_id": evil, "value": evil, "text": map[string]string{"type": "plain_text", "text": evil}},
	}}
	b.call("chat.postMessage", map[string]any{"channel": "U0MAYA", "text": evil, "blocks": blocks})
	b.call("views.publish", map[string]any{"user_id": "U0MAYA", "view": map[string]any{"type": "home", "blocks": blocks}})
	b.must("command", `{"who":"maya","text":"<img src=x>"}`)
	b.post("command", `{"who":"maya","text":"/<img"}`)
	for _, tab := range []string{"home", "messages", "general"} {
		html := b.get("maya", tab)
		wellFormed(t, html)
		lacks(t, html, "<img src=x", "<script")
	}
	has(t, b.get("maya", "general"), "&lt;img")
}

func TestMessagesAreDrawnAsSlackDoes(t *testing.T) {
	t.Parallel()
	b := start(t)
	post := func(text string) string {
		ts, _ := b.call("chat.postMessage", map[string]any{"channel": "U0MAYA", "text": text})["ts"].(string)
		return ts
	}
	first, second := post("*first*"), post("second")
	html := b.get("maya", "messages")
	has(t, html, "<b>first</b>", `<span class="sl-badge">APP</span>`, ">Today<", `id="m-`+b.Slack.DM("U0MAYA")+"-"+first+`"`)
	lacks(t, html, "(edited)", "Only visible to you")
	b.call("chat.update", map[string]any{"channel": b.Slack.DM("U0MAYA"), "ts": first, "text": "changed"})
	b.call("chat.delete", map[string]any{"channel": b.Slack.DM("U0MAYA"), "ts": second})
	b.Clock.Advance(24 * time.Hour)
	post("third")
	html = b.get("maya", "messages")
	has(t, html, "changed", "(edited)", ">Yesterday<", ">Today<", "third")
	lacks(t, html, "second")
	lacks(t, b.get("priya", "messages"), "changed", "third")
	wellFormed(t, html)
}

func TestOnlyTheNewestMessagesAreDrawn(t *testing.T) {
	t.Parallel()
	b := start(t, func(c *slacksim.Config) { c.NoRateLimits = true })
	for i := range 130 {
		b.call("chat.postMessage", map[string]any{"channel": "U0MAYA", "text": fmt.Sprintf("number %03d", i)})
	}
	html := b.get("maya", "messages")
	if n := strings.Count(html, "<article"); n != 100 {
		t.Errorf("%d messages", n)
	}
	has(t, html, "number 129", "number 030", "Show older messages (30)", `data-older="100"`)
	lacks(t, html, "number 029")
	html = b.get("maya", "messages", "older=100")
	has(t, html, "number 000")
	lacks(t, html, "Show older")
}

func TestTheRailKeepsItsOrder(t *testing.T) {
	t.Parallel()
	b := start(t)
	order := func(who string) string {
		names := []string{}
		for _, part := range strings.Split(b.get(who, ""), `id="sl-rail-b-`)[1:] {
			name, _, _ := strings.Cut(part, `"`)
			names = append(names, name)
		}
		return strings.Join(names, " ")
	}
	if got := order("maya"); got != "maya priya noor" {
		t.Errorf("at first: %s", got)
	}
	if got := order("zoe"); got != "maya priya noor zoe" {
		t.Errorf("as Zoë: %s", got)
	}
	for _, id := range []string{"U0TOMAS", "U0HELEN", "U0PRIYA"} {
		b.call("chat.postMessage", map[string]any{"channel": id, "text": "hi"})
	}
	if got := order("zoe"); got != "maya priya noor tomas helen zoe" {
		t.Errorf("with news: %s", got)
	}
}

func TestUnreadMessagesAreCounted(t *testing.T) {
	t.Parallel()
	b := start(t)
	unread := func(who string, n int) {
		t.Helper()
		html := b.get(who, "home")
		sign := fmt.Sprintf("%d unread</span></span></a>", n)
		if n == 0 && strings.Contains(html, " unread</span>") || n > 0 && !strings.Contains(html, sign) {
			t.Errorf("%s has not %d unread:\n%s", who, n, app(html))
		}
	}
	unread("maya", 0)
	ts, _ := b.call("chat.postMessage", map[string]any{"channel": "U0MAYA", "text": "one"})["ts"].(string)
	b.call("chat.postMessage", map[string]any{"channel": "U0MAYA", "text": "two"})
	unread("maya", 2)
	has(t, b.get("priya", "home"), ", 2 unread</span>")
	b.must("read", `{"who":"maya","tab":"messages","ts":"`+ts+`"}`)
	unread("maya", 1)
	b.must("read", `{"who":"maya","tab":"messages"}`)
	unread("maya", 0)
	b.must("read", `{"who":"maya","tab":"messages","ts":"`+ts+`"}`)
	unread("maya", 0)
	lacks(t, b.get("priya", "home"), "unread</span>")
	if code, _ := b.post("read", `{"who":"maya","tab":"home"}`); code != http.StatusBadRequest {
		t.Errorf("the Home tab can be read: %d", code)
	}
}

func TestAViewIsADialogOverTheApp(t *testing.T) {
	t.Parallel()
	b := start(t)
	id, _ := b.opened("maya", `{"type":"modal","title":{"type":"plain_text","text":"Ask <us>"},"blocks":[{"type":"divider"}]}`, func(frame) string { return "" })
	html := b.get("maya", "general")
	wellFormed(t, html)
	has(t, html, `role="dialog" aria-modal="true"`, "Ask &lt;us&gt;", `data-view="`+id+`"`, `id="sl-app" inert`, `data-close="top">Close</button>`)
	lacks(t, html, "data-submit", "sl-back")
	lacks(t, b.get("priya", "general"), `role="dialog"`, "inert")
}

// text is a view with one input.
func text(t *testing.T, more map[string]any) string {
	t.Helper()
	words := func(s string) map[string]any { return map[string]any{"type": "plain_text", "text": s} }
	view := map[string]any{
		"type": "modal", "title": words("Form"), "submit": words("Send"), "close": words("Never mind"),
		"blocks": []any{map[string]any{
			"type": "input", "block_id": "why", "label": words("Why"), "element": map[string]any{"type": "plain_text_input", "action_id": "words"},
		}},
	}
	for k, v := range more {
		view[k] = v
	}
	out, err := json.Marshal(view)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}
