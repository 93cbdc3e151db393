package slackpane_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"usher/sandbox/slacksim"
)

func quiet(frame) string { return "" }

const button = `[{"type":"actions","block_id":"ask","elements":[{"type":"button","action_id":"yes","value":"7","text":{"type":"plain_text","text":"Yes"}},
	{"type":"overflow","action_id":"more","options":[{"text":{"type":"plain_text","text":"A"},"value":"a"},{"text":{"type":"plain_text","text":"B"},"value":"b"}]}]}]`

// asked posts a message with a button to Maya and returns the place of it.
func (b *bench) asked() (place, ts string) {
	b.t.Helper()
	ts, _ = b.call("chat.postMessage", map[string]any{"channel": "U0MAYA", "text": "?", "blocks": button})["ts"].(string)
	return fmt.Sprintf(`{"kind":"message","channel":%q,"ts":%q}`, b.Slack.DM("U0MAYA"), ts), ts
}

func TestPressingReachesTheApp(t *testing.T) {
	t.Parallel()
	b := start(t)
	heard := b.app(quiet)
	place, _ := b.asked()
	b.call("views.publish", map[string]any{"user_id": "U0MAYA", "view": `{"type":"home","blocks":` + button + `}`})
	for _, at := range []string{place, `{"kind":"home"}`} {
		b.must("press", `{"who":"maya","place":`+at+`,"block":"ask","action":"yes","value":"7"}`)
		if f := <-heard; f.Payload.Type != "block_actions" || f.Payload.Actions[0].ActionID != "yes" || f.Payload.Actions[0].Value != "7" {
			t.Errorf("heard %+v", f)
		}
	}
	b.must("press", `{"who":"maya","place":`+place+`,"block":"ask","action":"more","value":"b"}`)
	if f := <-heard; f.Payload.Actions[0].ActionID != "more" {
		t.Errorf("heard %+v", f)
	}
	for _, bad := range []string{
		`{"who":"priya","place":` + place + `,"block":"ask","action":"yes"}`,
		`{"who":"maya","place":` + place + `,"block":"ask","action":"other"}`,
		`{"who":"maya","place":{"kind":"moon"},"block":"ask","action":"yes"}`,
		`{"who":"maya","place":{"kind":"view","view":"V1"},"block":"ask","action":"yes"}`,
	} {
		if code, v := b.post("press", bad); code != http.StatusBadRequest {
			t.Errorf("%s: %d %v", bad, code, v)
		}
	}
}

func TestAClickOnWhatHasJustChangedIsSentAllTheSame(t *testing.T) {
	t.Parallel()
	b := start(t)
	heard := b.app(quiet)
	place, ts := b.asked()
	b.call("chat.update", map[string]any{"channel": b.Slack.DM("U0MAYA"), "ts": ts, "text": "decided", "blocks": []any{}})
	b.must("press", `{"who":"maya","place":`+place+`,"block":"ask","action":"yes"}`)
	if f := <-heard; f.Payload.Actions[0].ActionID != "yes" {
		t.Errorf("heard %+v", f)
	}
	if code, _ := b.post("press", `{"who":"priya","place":`+place+`,"block":"ask","action":"yes"}`); code != http.StatusBadRequest {
		t.Errorf("somebody else clicked on Maya's message: %d", code)
	}
}

func TestWithoutAnAppSlackSaysSo(t *testing.T) {
	t.Parallel()
	b := start(t, func(c *slacksim.Config) { c.AckTimeout = 10 * time.Millisecond })
	place, _ := b.asked()
	for verb, body := range map[string]string{
		"press":    `{"who":"maya","place":` + place + `,"block":"ask","action":"yes"}`,
		"command":  `{"who":"maya","text":"/help me"}`,
		"shortcut": `{"who":"maya","callback":"ask"}`,
	} {
		code, v := b.post(verb, body)
		o, _ := v.(map[string]any)
		if code != http.StatusOK || o["failed"] == nil || o["code"] == nil {
			t.Errorf("%s: %d %v", verb, code, v)
		}
	}
	has(t, b.get("maya", "general"), "Slackbot", "Only visible to you", "/help failed with the error &#34;dispatch_failed&#34;")
	lacks(t, b.get("priya", "general"), "Slackbot")
}

func TestInputsAreEnteredAndSubmitted(t *testing.T) {
	t.Parallel()
	b := start(t)
	ack := ""
	id, heard := b.opened("maya", text(t, nil), func(f frame) string {
		if f.Payload.Type == "view_submission" {
			return ack
		}
		return ""
	})
	submit := `{"who":"maya","view":"` + id + `"}`
	if v := fmt.Sprint(b.must("submit", submit)); !strings.Contains(v, "why:Please complete this required field.") {
		t.Errorf("empty: %s", v)
	}
	has(t, b.get("maya", ""), "Please complete this required field.", `aria-invalid="true"`)
	b.must("set", `{"who":"maya","view":"`+id+`","block":"why","action":"words","value":"because"}`)
	html := b.get("maya", "")
	has(t, html, `value="because"`)
	lacks(t, html, "Please complete")
	ack = `{"response_action":"errors","errors":{"why":"Say more <please>"}}`
	b.must("submit", submit)
	if f := <-heard; !strings.Contains(string(f.Payload.View.State), `"because"`) {
		t.Errorf("heard %+v", f)
	}
	has(t, b.get("maya", ""), "Say more &lt;please&gt;")
	b.call("views.update", map[string]any{"view_id": id, "view": text(t, nil)})
	lacks(t, b.get("maya", ""), "Say more")
	ack = `{"response_action":"nonsense"}`
	if _, v := b.post("submit", submit); !strings.Contains(fmt.Sprint(v), "trouble_connecting") {
		t.Errorf("bad answer: %v", v)
	}
	has(t, b.get("maya", ""), "We had some trouble connecting. Try again?")
	ack = ""
	b.must("submit", submit)
	lacks(t, b.get("maya", ""), `role="dialog"`, "trouble connecting")
	if code, _ := b.post("submit", submit); code != http.StatusBadRequest {
		t.Errorf("a closed view was submitted: %d", code)
	}
}

func TestStacksCloseOneByOneOrAtOnce(t *testing.T) {
	t.Parallel()
	b := start(t)
	push := `{"response_action":"push","view":` + text(t, nil) + `}`
	id, _ := b.opened("maya", `{"type":"modal","title":{"type":"plain_text","text":"First"},"submit":{"type":"plain_text","text":"Next"},"blocks":[{"type":"divider"}]}`,
		func(f frame) string {
			if f.Payload.Type == "view_submission" {
				return push
			}
			return ""
		})
	has(t, b.get("maya", ""), ">First</h2>", ">Cancel</button>")
	b.must("submit", `{"who":"maya","view":"`+id+`"}`)
	html := b.get("maya", "")
	has(t, html, ">Form</h2>", `id="sl-back"`, ">Never mind</button>")
	lacks(t, html, ">First</h2>")
	if code, _ := b.post("close", `{"who":"maya","view":"`+id+`"}`); code != http.StatusBadRequest {
		t.Errorf("a covered view was closed: %d", code)
	}
	top, _ := b.Slack.View("U0MAYA")
	b.must("close", `{"who":"maya","view":"`+top.ID+`"}`)
	has(t, b.get("maya", ""), ">First</h2>")
	b.must("submit", `{"who":"maya","view":"`+id+`"}`)
	b.must("close-all", `{"who":"maya"}`)
	lacks(t, b.get("maya", ""), `role="dialog"`)
}

func TestExternalSelectsSearchTheApp(t *testing.T) {
	t.Parallel()
	b := start(t)
	select_ := map[string]any{"type": "external_select", "action_id": "pick", "min_query_length": 1}
	input := map[string]any{"type": "input", "block_id": "app", "label": map[string]any{"type": "plain_text", "text": "App"}, "element": select_}
	id, heard := b.opened("maya", text(t, map[string]any{"blocks": []any{input}}), func(f frame) string {
		if f.Payload.Type != "block_suggestion" {
			return ""
		}
		return `{"option_groups":[{"label":{"type":"plain_text","text":"Dev"},"options":[{"text":{"type":"plain_text","text":"GitHub"},"value":"gh","description":{"type":"plain_text","text":"Code"}}]}]}`
	})
	ask := func(typed string) any {
		_, v := b.post("options", `{"who":"maya","view":"`+id+`","block":"app","action":"pick","text":"`+typed+`"}`)
		return v
	}
	if v := fmt.Sprint(ask("")); !strings.Contains(v, "query_too_short") {
		t.Error(v)
	}
	if v := fmt.Sprint(ask("gi")); v != "[map[description:Code group:Dev text:GitHub value:gh]]" {
		t.Error(v)
	}
	if f := <-heard; f.Payload.Value != "gi" {
		t.Errorf("heard %+v", f)
	}
	b.must("set", `{"who":"maya","view":"`+id+`","block":"app","action":"pick","value":"gh"}`)
	has(t, b.get("maya", ""), `value="GitHub"`)
	b.call("views.publish", map[string]any{"user_id": "U0MAYA", "view": map[string]any{"type": "home", "blocks": []any{
		map[string]any{"type": "actions", "block_id": "find", "elements": []any{select_}},
	}}})
	b.must("close-all", `{"who":"maya"}`)
	b.must("options", `{"who":"maya","view":"home","block":"find","action":"pick","text":"gi"}`)
	<-heard
	b.must("set", `{"who":"maya","place":{"kind":"home"},"block":"find","action":"pick","value":"gh"}`)
	if f := <-heard; f.Payload.Actions[0].ActionID != "pick" {
		t.Errorf("heard %+v", f)
	}
}

func TestOpeningTheHomeTabTellsTheApp(t *testing.T) {
	t.Parallel()
	b := start(t)
	heard := b.app(quiet)
	b.must("open", `{"who":"maya","tab":"messages"}`)
	b.must("open", `{"who":"maya","tab":"home"}`)
	if f := <-heard; f.Type != "events_api" || f.Payload.Event.Type != "app_home_opened" || len(heard) > 0 {
		t.Errorf("heard %+v and %d more", f, len(heard))
	}
	b.call("views.publish", map[string]any{"user_id": "U0MAYA", "view": `{"type":"home","blocks":[{"type":"section","text":{"type":"mrkdwn","text":"Hello <@U0MAYA>"}}]}`})
	has(t, b.get("maya", "home"), "Hello", "<bdi>Maya Chen</bdi>")
	lacks(t, b.get("maya", "home"), "getting this page ready")
}

func TestCommandsAnswerWhereTheyWereTyped(t *testing.T) {
	t.Parallel()
	b := start(t)
	heard := b.app(func(f frame) string {
		if f.Type == "slash_commands" {
			return `{"text":"for your eyes"}`
		}
		return ""
	})
	b.must("command", `{"who":"maya","text":"  /help  me  "}`)
	if f := <-heard; f.Payload.Text != "me" {
		t.Errorf("heard %+v", f)
	}
	has(t, b.get("maya", "general"), "for your eyes", "Only visible to you")
	lacks(t, b.get("priya", "general"), "for your eyes")
	b.must("command", `{"who":"gina","text":"/help"}`)
	has(t, b.get("gina", "general"), "for your eyes", "Gina Ferrari (you)")
	b.must("command", `{"who":"priya","text":"good morning"}`)
	has(t, b.get("maya", "general"), "good morning")
	b.must("shortcut", `{"who":"maya","callback":"ask"}`)
	for _, want := range []string{"/help", "ask"} {
		if f := <-heard; f.Payload.Command+f.Payload.CallbackID != want {
			t.Errorf("heard %+v", f)
		}
	}
	for body, want := range map[string]string{
		`{"who":"victor","text":"/help"}`:                      "invalid_command",
		`{"who":"maya","text":"/other"}`:                       "invalid_command",
		`{"who":"maya","text":"hi","tab":"messages"}`:          "read_only",
		`{"who":"maya","text":"   "}`:                          "nothing to send",
		`{"who":"maya","text":"hi","tab":"home"}`:              "use general or messages",
		`{"who":"maya","text":"hi","tab":"general","more":""}`: "unknown field",
	} {
		if _, v := b.post("command", body); !strings.Contains(fmt.Sprint(v), want) {
			t.Errorf("%s: %v", body, v)
		}
	}
}
