package slacksim_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"usher/sandbox/slacksim"
)

func TestCommandPayloadIsSlacks(t *testing.T) {
	t.Parallel()
	b := start(t)
	frames := b.listening()
	if _, err := b.Run(b.ctx, "U1ANN", "/access", "github @bob"); err != nil {
		t.Fatal(err)
	}
	f := <-frames
	if f.Type != "slash_commands" || !f.Accepts || f.RetryAttempt != nil {
		t.Errorf("envelope %+v", f)
	}
	for name, want := range map[string]string{
		"command": "/access", "text": "github @bob", "user_id": "U1ANN", "user_name": "ann", "team_id": "T0SANDBOX", "team_domain": "sandbox",
		"channel_id": "C0GENERAL", "channel_name": "general", "api_app_id": "A0SANDBOX", "is_enterprise_install": "false",
	} {
		if got := f.text(name); got != want {
			t.Errorf("%s is %q", name, got)
		}
	}
	if _, err := b.RunIn(b.ctx, "U1ANN", "U1ANN", "/escaped", "for @bob in #it"); err != nil {
		t.Fatal(err)
	}
	f = <-frames
	if f.text("text") != "for <@U2BOB|bob> in <#C1IT|it>" || f.text("channel_name") != "directmessage" {
		t.Errorf("%s", f.Payload)
	}
}

func TestCommandsAnswerInTheAcknowledgement(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		ack, text string
		public    bool
		code      string
	}{
		"nothing":    {"", "", false, ""},
		"empty":      {"{}", "", false, ""},
		"text":       {`{"text":"hello"}`, "hello", false, ""},
		"string":     {`"hello"`, "hello", false, ""},
		"in channel": {`{"response_type":"in_channel","text":"all"}`, "all", true, ""},
		"blocks":     {`{"blocks":[{"type":"section","text":{"type":"mrkdwn","text":"b"}}]}`, "b", false, ""},
		"bad blocks": {`{"blocks":[{"type":"nope"}]}`, "", false, "dispatch_unknown_error"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := start(t)
			b.connect().serve(func(frame) string { return c.ack })
			r, err := b.Run(b.ctx, "U1ANN", "/access", "")
			if c.code != "" {
				if !isShown(err, c.code) {
					t.Errorf("%v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			got := r.Ephemeral
			if c.public {
				got = r.InChannel
			}
			if c.text == "" {
				if len(r.Ephemeral)+len(r.InChannel) != 0 {
					t.Errorf("%+v", r)
				}
				return
			}
			if len(got) != 1 || got[0].Plain() != c.text || got[0].Ephemeral == c.public {
				t.Errorf("%+v", r)
			}
		})
	}
}

func TestPeopleWhoMayNotUseTheCommand(t *testing.T) {
	t.Parallel()
	b := start(t)
	for user, check := range map[string]func(error) bool{
		"U4OUT": func(err error) bool { return isShown(err, "invalid_command") },
		"U3OLD": isNotThere,
		"U9":    isNotThere,
	} {
		if _, err := b.Run(b.ctx, user, "/access", ""); !check(err) {
			t.Errorf("%s: %v", user, err)
		}
	}
	if _, err := b.Run(b.ctx, "U1ANN", "/other", ""); !isShown(err, "invalid_command") {
		t.Errorf("%v", err)
	}
	if _, err := b.Shortcut(b.ctx, "U1ANN", "other"); !isNotThere(err) {
		t.Errorf("%v", err)
	}
}

func TestShortcutPayloadIsSlacks(t *testing.T) {
	t.Parallel()
	b := start(t)
	frames := b.listening()
	if _, err := b.Shortcut(b.ctx, "U1ANN", "request_access"); err != nil {
		t.Fatal(err)
	}
	f := <-frames
	if f.Type != "interactive" || f.text("type") != "shortcut" || f.text("callback_id") != "request_access" || f.text("trigger_id") == "" ||
		f.text("user", "id") != "U1ANN" || f.at("response_url") != nil {
		t.Errorf("%s", f.Payload)
	}
}

func TestButtonPayloadIsSlacks(t *testing.T) {
	t.Parallel()
	b := start(t)
	frames := b.listening()
	post := b.mustCall("chat.postMessage", map[string]any{"channel": "U1ANN", "text": "ask", "blocks": buttons("yes", "no")})
	at := slacksim.InMessage(post.text("channel"), post.text("ts"))
	if _, err := b.Click(b.ctx, "U1ANN", at, "yes"); err != nil {
		t.Fatal(err)
	}
	f := <-frames
	for want, path := range map[string][]string{
		"block_actions": {"type"}, "U1ANN": {"user", "id"}, "ann": {"user", "username"}, "T0SANDBOX": {"team", "id"}, "message": {"container", "type"},
		"directmessage": {"channel", "name"}, "A0SANDBOX": {"api_app_id"},
	} {
		if got := f.text(path...); got != want {
			t.Errorf("%v is %q", path, got)
		}
	}
	if f.text("container", "message_ts") != at.TS || f.text("container", "channel_id") != at.Channel || f.text("message", "ts") != at.TS ||
		f.at("is_enterprise_install") != false || f.text("user", "team_id") != "T0SANDBOX" || f.text("response_url") == "" {
		t.Errorf("%s", f.Payload)
	}
	var p struct {
		Actions []map[string]any `json:"actions"`
	}
	if err := json.Unmarshal(f.Payload, &p); err != nil || len(p.Actions) != 1 || p.Actions[0]["action_id"] != "yes" || p.Actions[0]["value"] != "v-yes" ||
		p.Actions[0]["block_id"] != "ask" || p.Actions[0]["action_ts"] == "" {
		t.Errorf("%s", f.Payload)
	}
}

func TestOnlyWhatIsOnTheScreenCanBePressed(t *testing.T) {
	t.Parallel()
	b := start(t)
	frames := b.listening()
	post := b.mustCall("chat.postMessage", map[string]any{"channel": "U1ANN", "text": "ask", "blocks": buttons("yes", "no")})
	at := slacksim.InMessage(post.text("channel"), post.text("ts"))
	before, _ := b.Message(at.Channel, at.TS)
	b.mustCall("chat.update", map[string]any{"channel": at.Channel, "ts": at.TS, "text": "done"})
	if _, err := b.Click(b.ctx, "U1ANN", at, "yes"); !isNotThere(err) {
		t.Errorf("a button that is gone was pressed: %v", err)
	}
	if _, err := b.Click(b.ctx, "U2BOB", at, "yes"); !isNotThere(err) {
		t.Errorf("Bob pressed in Ann's DM: %v", err)
	}
	if len(frames) != 0 {
		t.Errorf("%d envelopes", len(frames))
	}
	if _, err := b.ClickStale(b.ctx, "U1ANN", before, "yes"); err != nil {
		t.Fatal(err)
	}
	if f := <-frames; f.text("container", "message_ts") != at.TS || !strings.Contains(string(f.Payload), `"value":"v-yes"`) {
		t.Errorf("%s", f.Payload)
	}
}

func TestSameActionInTwoBlocksHasToBePicked(t *testing.T) {
	t.Parallel()
	b := start(t)
	frames := b.listening()
	row := func(value string) any {
		return map[string]any{"type": "section", "text": words(value), "accessory": map[string]any{
			"type": "button", "action_id": "release", "value": value, "text": words("Release " + value), "confirm": map[string]any{"text": words("Sure?")},
		}}
	}
	b.mustCall("views.publish", map[string]any{"user_id": "U1ANN", "view": map[string]any{"type": "home", "blocks": []any{row("a"), row("b")}}})
	if _, err := b.Click(b.ctx, "U1ANN", slacksim.InHome(), "release"); !isNotThere(err) {
		t.Errorf("%v", err)
	}
	r, err := b.Click(b.ctx, "U1ANN", slacksim.InHome(), "release", slacksim.Pick{Value: "b"})
	if err != nil || r.Confirm == nil || r.Confirm.Text != "Sure?" || r.Confirm.Confirm != "Yes" || !r.Delivery.Acked {
		t.Errorf("%+v, %v", r, err)
	}
	f := <-frames
	if f.text("view", "type") != "home" || f.text("container", "type") != "view" || f.at("message") != nil {
		t.Errorf("%s", f.Payload)
	}
	if _, err := b.Click(b.ctx, "U1ANN", slacksim.InHome(), "release", slacksim.Pick{Label: "Release a"}); err != nil {
		t.Error(err)
	}
}

// open puts a modal in front of Ann and returns its id.
func (b *bench) open(frames <-chan frame, v map[string]any) string {
	b.t.Helper()
	return b.mustCall("views.open", map[string]any{"trigger_id": b.trigger(frames), "view": v}).text("view", "id")
}

func TestSlackChecksInputBeforeSending(t *testing.T) {
	t.Parallel()
	b := start(t)
	frames := b.listening()
	input := func(id, kind string, more map[string]any) any {
		e := map[string]any{"type": kind, "action_id": id}
		for k, v := range more {
			e[k] = v
		}
		return map[string]any{"type": "input", "block_id": id, "label": words(id), "optional": true, "element": e}
	}
	id := b.open(frames, modal("A",
		input("mail", "email_text_input", nil), input("link", "url_text_input", nil),
		input("hours", "number_input", map[string]any{"is_decimal_allowed": false, "min_value": "1", "max_value": "8"})))
	set := func(block, value string) {
		action := block
		if block == "why" {
			action = "text"
		}
		if err := b.SetInput(b.ctx, "U1ANN", id, block, action, value); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct{ block, value, want string }{
		{"why", "", "Please complete this required field."},
		{"why", "xy", "Please enter at least 3 characters."},
		{"why", strings.Repeat("x", 21), "Please enter no more than 20 characters."},
		{"why", "good", ""},
		{"mail", "nobody", "Please enter a valid email address."},
		{"mail", "a@b.example", ""},
		{"link", "example", "Please enter a valid URL."},
		{"link", "https://example.com", ""},
		{"hours", "1.5", "Please enter a valid number."},
		{"hours", "9", "Please enter a number of at most 8."},
		{"hours", "0", "Please enter a number of at least 1."},
	} {
		set(c.block, c.value)
		if c.want == "" {
			continue
		}
		r, err := b.SubmitView(b.ctx, "U1ANN", id)
		if err != nil || r.Sent || r.Errors[c.block] != c.want || r.View == nil {
			t.Errorf("%s=%q: %+v, %v", c.block, c.value, r, err)
		}
	}
	set("hours", "8")
	r, err := b.SubmitView(b.ctx, "U1ANN", id)
	if err != nil || !r.Sent || !r.Closed || r.View != nil {
		t.Errorf("%+v, %v", r, err)
	}
	f := <-frames
	if f.text("type") != "view_submission" || f.text("view", "state", "values", "why", "text", "value") != "good" || f.text("view", "private_metadata") != "secret" {
		t.Errorf("%s", f.Payload)
	}
}

func TestSubmissionDoesWhatTheAcknowledgementSays(t *testing.T) {
	t.Parallel()
	next := func(title string) string { raw, _ := json.Marshal(modal(title)); return string(raw) }
	for name, c := range map[string]struct {
		ack    string
		titles string // of the stack afterwards
		shown  string // error beside "why"
		fails  bool
	}{
		"nothing closes":           {"", "", "", false},
		"empty closes":             {"{}", "", "", false},
		"null closes":              {"null", "", "", false},
		"clear":                    {`{"response_action":"clear"}`, "", "", false},
		"update":                   {`{"response_action":"update","view":` + next("B") + `}`, "B", "", false},
		"push":                     {`{"response_action":"push","view":` + next("B") + `}`, "A B", "", false},
		"errors":                   {`{"response_action":"errors","errors":{"why":"too vague"}}`, "A", "too vague", false},
		"errors for no input":      {`{"response_action":"errors","errors":{"note":"x"}}`, "A", "", true},
		"errors for no block":      {`{"response_action":"errors","errors":{"zz":"x"}}`, "A", "", true},
		"no errors at all":         {`{"response_action":"errors","errors":{}}`, "A", "", true},
		"errors that are no words": {`{"response_action":"errors","errors":{"why":["x"]}}`, "A", "", true},
		"update without a view":    {`{"response_action":"update"}`, "A", "", true},
		"push of a bad view":       {`{"response_action":"push","view":{"type":"modal"}}`, "A", "", true},
		"unknown action":           {`{"response_action":"explode"}`, "A", "", true},
		"something else":           {`{"text":"hello"}`, "A", "", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := start(t)
			frames := make(chan frame, 10)
			b.connect().serve(func(f frame) string {
				frames <- f
				if f.text("type") == "view_submission" {
					return c.ack
				}
				return ""
			})
			id := b.open(frames, modal("A", map[string]any{"type": "section", "block_id": "note", "text": words("n")}))
			if err := b.SetInput(b.ctx, "U1ANN", id, "why", "text", "good"); err != nil {
				t.Fatal(err)
			}
			r, err := b.SubmitView(b.ctx, "U1ANN", id)
			if isShown(err, "trouble_connecting") != c.fails || (err != nil) != c.fails {
				t.Errorf("%v", err)
			}
			titles := []string{}
			for _, v := range b.Stack("U1ANN") {
				titles = append(titles, v.Title)
			}
			if got := strings.Join(titles, " "); got != c.titles || r.Closed != (got == "") {
				t.Errorf("stack is %q, closed %v", got, r.Closed)
			}
			if r.Errors["why"] != c.shown {
				t.Errorf("errors %v", r.Errors)
			}
		})
	}
}

func TestSubmissionWithoutAnswerIsTroubleConnecting(t *testing.T) {
	t.Parallel()
	b := start(t, func(c *slacksim.Config) { c.AckTimeout = 600 * time.Millisecond })
	frames := make(chan frame, 10)
	r := b.connect()
	go func() {
		for f := range r.frames {
			if f.Type == "slash_commands" {
				r.ack(f, "")
			}
			frames <- f
		}
	}()
	id := b.open(frames, modal("A"))
	if err := b.SetInput(b.ctx, "U1ANN", id, "why", "text", "good"); err != nil {
		t.Fatal(err)
	}
	out, err := b.SubmitView(b.ctx, "U1ANN", id)
	if !isShown(err, "trouble_connecting") || out.Closed || out.View == nil {
		t.Errorf("%+v, %v", out, err)
	}
	f := <-frames
	r.ack(f, "")
	if err := b.Wait(b.ctx, func() bool { d := b.Deliveries(); return len(d[len(d)-1].Ignored) == 1 }); err != nil {
		t.Error(err)
	}
	if d := b.Deliveries(); d[len(d)-1].Ignored[0] != "late" || d[len(d)-1].Acked {
		t.Errorf("%+v", d[len(d)-1])
	}
}

func TestClosingTellsTheAppOnlyWhenAsked(t *testing.T) {
	t.Parallel()
	b := start(t)
	frames := b.listening()
	id := b.open(frames, modal("quiet"))
	if err := b.CloseView(b.ctx, "U1ANN", id); err != nil || len(frames) != 0 {
		t.Errorf("%v, %d frames", err, len(frames))
	}
	button := buttons("more")[0]
	root := b.open(frames, with(modal("1", button), "notify_on_close", true))
	if _, err := b.Click(b.ctx, "U1ANN", slacksim.InView(root), "more"); err != nil {
		t.Fatal(err)
	}
	second := b.mustCall("views.push", map[string]any{
		"trigger_id": (<-frames).text("trigger_id"), "view": with(modal("2"), "notify_on_close", true),
	}).text("view", "id")
	if err := b.CloseView(b.ctx, "U1ANN", second); err != nil {
		t.Fatal(err)
	}
	if f := <-frames; f.text("type") != "view_closed" || f.text("view", "id") != second || f.at("is_cleared") != false {
		t.Errorf("%s", f.Payload)
	}
	if err := b.CloseAll(b.ctx, "U1ANN"); err != nil {
		t.Fatal(err)
	}
	if f := <-frames; f.text("view", "id") != root || f.at("is_cleared") != true {
		t.Errorf("%s", f.Payload)
	}
	if _, ok := b.View("U1ANN"); ok {
		t.Error("a view is left")
	}
}

func TestInputsHoldWhatWasChosen(t *testing.T) {
	t.Parallel()
	b := start(t)
	frames := b.listening()
	option := func(v string) any { return map[string]any{"text": words("Label " + v), "value": v} }
	input := func(id, kind string, more map[string]any) any {
		e := map[string]any{"type": kind, "action_id": "a"}
		for k, v := range more {
			e[k] = v
		}
		return map[string]any{"type": "input", "block_id": id, "label": words(id), "element": e, "optional": true}
	}
	options := map[string]any{"options": []any{option("x"), option("y")}}
	id := b.open(frames, modal("A",
		input("one", "static_select", options), input("many", "multi_static_select", options), input("boxes", "checkboxes", options),
		input("radio", "radio_buttons", map[string]any{"options": options["options"], "initial_option": option("y")}),
		input("day", "datepicker", nil), input("hour", "timepicker", nil), input("moment", "datetimepicker", nil),
		input("who", "users_select", nil), input("whos", "multi_users_select", nil)))
	for block, value := range map[string]any{
		"one": "x", "many": []string{"x", "Label y"}, "boxes": "y", "day": "2026-02-03", "hour": "10:30", "moment": time.Unix(1770000000, 0),
		"who": "U2BOB", "whos": []string{"U1ANN", "U2BOB"},
	} {
		if err := b.SetInput(b.ctx, "U1ANN", id, block, "a", value); err != nil {
			t.Errorf("%s: %v", block, err)
		}
	}
	if err := b.SetInput(b.ctx, "U1ANN", id, "one", "a", "z"); !isNotThere(err) {
		t.Errorf("chose an option that is not there: %v", err)
	}
	v, _ := b.View("U1ANN")
	for _, want := range []string{
		`"one":{"a":{"selected_option":{"text":{"emoji":true,"text":"Label x","type":"plain_text"},"value":"x"},"type":"static_select"}}`,
		`"day":{"a":{"selected_date":"2026-02-03","type":"datepicker"}}`, `"hour":{"a":{"selected_time":"10:30","type":"timepicker"}}`,
		`"moment":{"a":{"selected_date_time":1770000000,"type":"datetimepicker"}}`, `"who":{"a":{"selected_user":"U2BOB","type":"users_select"}}`,
		`"selected_users":["U1ANN","U2BOB"]`, `"why":{"text":{"type":"plain_text_input","value":null}}`,
	} {
		b.contains(string(v.State), want)
	}
	plain := v.Plain()
	for _, want := range []string{
		"== A ==", "Why: <>", "one (optional): <Label x>", "many (optional): <Label x, Label y>", "radio (optional): <Label y>",
		"moment (optional): <2026-02-02 02:40 UTC>", "[Cancel] [Send]",
	} {
		b.contains(plain, want)
	}
	if len(frames) != 0 {
		t.Errorf("%d envelopes for quiet inputs", len(frames))
	}
}

func TestDispatchingInputsTellTheApp(t *testing.T) {
	t.Parallel()
	b := start(t)
	frames := b.listening()
	menu := map[string]any{"type": "static_select", "action_id": "app", "options": []any{map[string]any{"text": words("GitHub"), "value": "gh"}}}
	id := b.open(frames, modal("A",
		map[string]any{"type": "input", "block_id": "app", "label": words("App"), "dispatch_action": true, "element": menu},
		map[string]any{"type": "section", "block_id": "sec", "text": words("or"), "accessory": menu}))
	for _, block := range []string{"app", "sec"} {
		if err := b.SetInput(b.ctx, "U1ANN", id, block, "app", "gh"); err != nil {
			t.Fatal(err)
		}
		f := <-frames
		if f.text("type") != "block_actions" || f.text("container", "view_id") != id || !strings.Contains(string(f.Payload), `"selected_option":{`) ||
			f.text("view", "state", "values", block, "app", "selected_option", "value") != "gh" {
			t.Errorf("%s", f.Payload)
		}
	}
}

func TestExternalSelectAsksTheApp(t *testing.T) {
	t.Parallel()
	b := start(t)
	frames := make(chan frame, 10)
	answers := make(chan string, 1)
	b.connect().serve(func(f frame) string {
		frames <- f
		if f.text("type") == "block_suggestion" {
			return <-answers
		}
		return ""
	})
	id := b.open(frames, modal("A", map[string]any{
		"type": "input", "block_id": "app", "label": words("App"),
		"element": map[string]any{"type": "external_select", "action_id": "pick", "min_query_length": 2},
	}))
	ask := func(typed string) ([]slacksim.Option, error) {
		return b.Options(b.ctx, "U1ANN", id, "app", "pick", typed)
	}
	if _, err := ask("g"); !isShown(err, "query_too_short") {
		t.Errorf("%v", err)
	}
	if err := b.SetInput(b.ctx, "U1ANN", id, "app", "pick", "gh"); !isNotThere(err) {
		t.Errorf("chose before asking: %v", err)
	}
	answers <- `{"option_groups":[{"label":{"type":"plain_text","text":"Dev"},"options":[{"text":{"type":"plain_text","text":"GitHub"},"value":"gh"}]}]}`
	got, err := ask("gi")
	if err != nil || len(got) != 1 || got[0] != (slacksim.Option{Text: "GitHub", Value: "gh", Group: "Dev"}) {
		t.Errorf("%+v, %v", got, err)
	}
	f := <-frames
	if f.text("value") != "gi" || f.text("action_id") != "pick" || f.text("block_id") != "app" || f.text("view", "id") != id {
		t.Errorf("%s", f.Payload)
	}
	if err := b.SetInput(b.ctx, "U1ANN", id, "app", "pick", "gh"); err != nil {
		t.Error(err)
	}
	answers <- `{"options":[]}`
	if got, err := ask("zzz"); err != nil || len(got) != 0 {
		t.Errorf("%+v, %v", got, err)
	}
	for _, bad := range []string{`{}`, ``, `{"options":[{"text":{"type":"plain_text","text":""},"value":"x"}]}`, `{"options":[],"option_groups":[]}`, `[]`} {
		answers <- bad
		if _, err := ask("bad"); !isShown(err, "options_failed") {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

func TestDeactivationIsAnEvent(t *testing.T) {
	t.Parallel()
	b := start(t)
	frames := b.listening()
	if err := b.Deactivate("U2BOB"); err != nil {
		t.Fatal(err)
	}
	f := <-frames
	if f.text("event", "type") != "user_change" || f.at("event", "user", "deleted") != true || f.text("event", "user", "id") != "U2BOB" {
		t.Errorf("%s", f.Payload)
	}
	if _, err := b.Run(b.ctx, "U2BOB", "/access", ""); !isNotThere(err) {
		t.Errorf("%v", err)
	}
	if r := b.call("conversations.open", map[string]any{"users": "U2BOB"}); r.code() != "user_disabled" {
		t.Errorf("%s", r.raw)
	}
	if err := b.Deactivate("U9"); !isNotThere(err) {
		t.Errorf("%v", err)
	}
}

func TestReadOnlyDMTakesNoMessages(t *testing.T) {
	t.Parallel()
	b := start(t)
	if _, err := b.Say("U1ANN", "U1ANN", "hi"); !isShown(err, "read_only") {
		t.Errorf("%v", err)
	}
}

func TestOutsidersClicksCarryTheirTeam(t *testing.T) {
	t.Parallel()
	b := start(t, func(c *slacksim.Config) { c.Channels[0].Members = append(c.Channels[0].Members, "U4OUT") })
	frames := b.listening()
	post := b.mustCall("chat.postMessage", map[string]any{"channel": "C1IT", "text": "ask", "blocks": buttons("yes")})
	if _, err := b.Click(b.ctx, "U4OUT", slacksim.InMessage("C1IT", post.text("ts")), "yes"); err != nil {
		t.Fatal(err)
	}
	if f := <-frames; f.text("user", "team_id") != "T9OTHER" || f.text("team", "id") != "T0SANDBOX" {
		t.Errorf("%s", f.Payload)
	}
}
