package slacksim_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"usher/sandbox/slacksim"
)

// modal is a view with one text input "why" and whatever else is given.
func modal(title string, more ...any) map[string]any {
	blocks := []any{map[string]any{
		"type": "input", "block_id": "why", "label": words("Why"),
		"element": map[string]any{"type": "plain_text_input", "action_id": "text", "max_length": 20, "min_length": 3},
	}}
	return map[string]any{
		"type": "modal", "callback_id": title, "title": words(title), "submit": words("Send"), "close": words("Cancel"),
		"private_metadata": "secret", "blocks": append(blocks, more...),
	}
}

func words(text string) map[string]any { return map[string]any{"type": "plain_text", "text": text} }

func with(v map[string]any, name string, value any) map[string]any {
	v[name] = value
	return v
}

// trigger runs the command and returns the trigger_id that the app got.
func (b *bench) trigger(frames <-chan frame) string {
	b.t.Helper()
	if _, err := b.Run(b.ctx, "U1ANN", "/access", ""); err != nil {
		b.t.Fatal(err)
	}
	return (<-frames).text("trigger_id")
}

// listening connects a bot that acknowledges everything with nothing and passes the frames on.
func (b *bench) listening() <-chan frame {
	frames := make(chan frame, 100)
	b.connect().serve(func(f frame) string { frames <- f; return "" })
	return frames
}

func TestTriggersWorkOnceAndSoon(t *testing.T) {
	t.Parallel()
	b := start(t, func(c *slacksim.Config) { c.TriggerLife, c.NoRateLimits = time.Second, true })
	frames := b.listening()
	id := b.trigger(frames)
	if r := b.call("views.open", map[string]any{"trigger_id": id, "view": map[string]any{"type": "modal"}}); r.code() != "invalid_arguments" {
		t.Errorf("bad view: %s", r.raw)
	}
	if r := b.call("views.open", map[string]any{"trigger_id": id, "view": modal("One")}); !r.ok() {
		t.Errorf("a refused view used the trigger up: %s", r.raw)
	}
	if r := b.call("views.open", map[string]any{"trigger_id": id, "view": modal("Two")}); r.code() != "exchanged_trigger_id" {
		t.Errorf("again: %s", r.raw)
	}
	if r := b.call("views.open", map[string]any{"trigger_id": "1.2.abc", "view": modal("Two")}); r.code() != "invalid_trigger_id" {
		t.Errorf("invented: %s", r.raw)
	}
	id = b.trigger(frames)
	deadline := time.Now().Add(5 * time.Second)
	for code := ""; code != "expired_trigger_id"; {
		// A push that finds no modal behind its trigger leaves the trigger alone until it expires.
		<-time.After(10 * time.Millisecond)
		code = b.call("views.push", map[string]any{"trigger_id": id, "view": modal("Late")}).code()
		if code != "not_found" && code != "expired_trigger_id" || time.Now().After(deadline) {
			t.Fatalf("late: %s", code)
		}
	}
	if v, ok := b.View("U1ANN"); !ok || v.Title != "One" || v.PrivateMetadata != "secret" {
		t.Errorf("%+v", v)
	}
}

func TestModalsStackThreeDeep(t *testing.T) {
	t.Parallel()
	b := start(t)
	button := buttons("more")[0]
	frames := b.listening()
	root := b.mustCall("views.open", map[string]any{"trigger_id": b.trigger(frames), "view": modal("1", button)}).text("view", "id")
	top := root
	for _, title := range []string{"2", "3"} {
		if _, err := b.Click(b.ctx, "U1ANN", slacksim.InView(top), "more"); err != nil {
			t.Fatal(err)
		}
		f := <-frames
		r := b.mustCall("views.push", map[string]any{"trigger_id": f.text("trigger_id"), "view": modal(title, button)})
		if r.text("view", "root_view_id") != root || r.text("view", "previous_view_id") != top {
			t.Errorf("%s", r.raw)
		}
		top = r.text("view", "id")
	}
	if _, err := b.Click(b.ctx, "U1ANN", slacksim.InView(root), "more"); !isNotThere(err) {
		t.Errorf("a covered view took a click: %v", err)
	}
	if _, err := b.Click(b.ctx, "U1ANN", slacksim.InView(top), "more"); err != nil {
		t.Fatal(err)
	}
	if r := b.call("views.push", map[string]any{"trigger_id": (<-frames).text("trigger_id"), "view": modal("4")}); r.code() != "push_limit_reached" {
		t.Errorf("%s", r.raw)
	}
	if got := len(b.Stack("U1ANN")); got != 3 {
		t.Errorf("%d views", got)
	}
	if err := b.CloseView(b.ctx, "U1ANN", top); err != nil {
		t.Fatal(err)
	}
	if r := b.call("views.update", map[string]any{"view_id": top, "view": modal("3")}); r.code() != "not_found" {
		t.Errorf("closed view: %s", r.raw)
	}
	if r := b.call("views.update", map[string]any{"view_id": root, "view": modal("hidden")}); !r.ok() {
		t.Errorf("hidden view: %s", r.raw)
	}
	if r := b.call("views.push", map[string]any{"trigger_id": b.trigger(frames), "view": modal("x")}); r.code() != "not_found" {
		t.Errorf("push from a command: %s", r.raw)
	}
}

func isNotThere(err error) bool {
	var e *slacksim.NotThereError
	return errors.As(err, &e)
}

func isShown(err error, code string) bool {
	var e *slacksim.UserError
	return errors.As(err, &e) && e.Code == code
}

func TestUpdatesKeepInputAndCheckTheHash(t *testing.T) {
	t.Parallel()
	b := start(t)
	frames := b.listening()
	open := b.mustCall("views.open", map[string]any{"trigger_id": b.trigger(frames), "view": with(modal("A"), "external_id", "e1")})
	id, hash := open.text("view", "id"), open.text("view", "hash")
	if err := b.SetInput(b.ctx, "U1ANN", id, "why", "text", "because"); err != nil {
		t.Fatal(err)
	}
	up := b.mustCall("views.update", map[string]any{"view_id": id, "hash": hash, "view": modal("B")})
	if up.text("view", "hash") == hash || up.text("view", "state", "values", "why", "text", "value") != "because" {
		t.Errorf("%s", up.raw)
	}
	if r := b.call("views.update", map[string]any{"view_id": id, "hash": hash, "view": modal("C")}); r.code() != "hash_conflict" {
		t.Errorf("%s", r.raw)
	}
	if r := b.call("views.update", map[string]any{"view": modal("C")}); r.code() != "invalid_arguments" {
		t.Errorf("neither id: %s", r.raw)
	}
	if r := b.call("views.update", map[string]any{"external_id": "e1", "view": modal("C")}); r.code() != "not_found" {
		t.Errorf("the update dropped the external id, yet: %s", r.raw)
	}
	other := modal("D")
	other["blocks"].([]any)[0].(map[string]any)["block_id"] = "new"
	r := b.mustCall("views.update", map[string]any{"view_id": id, "view": other})
	if r.at("view", "state", "values", "new", "text", "value") != nil || r.at("view", "state", "values", "why") != nil {
		t.Errorf("input survived a new block id: %s", r.raw)
	}
}

func TestExternalIDsAreUnique(t *testing.T) {
	t.Parallel()
	b := start(t)
	frames := b.listening()
	b.mustCall("views.publish", map[string]any{"user_id": "U1ANN", "view": map[string]any{"type": "home", "blocks": []any{}, "external_id": "e"}})
	if r := b.call("views.open", map[string]any{"trigger_id": b.trigger(frames), "view": with(modal("A"), "external_id", "e")}); r.code() != "duplicate_external_id" {
		t.Errorf("%s", r.raw)
	}
}

func TestHomeIsPublishedPerPerson(t *testing.T) {
	t.Parallel()
	b := start(t)
	home := map[string]any{"type": "home", "blocks": section("hi")}
	first := b.mustCall("views.publish", map[string]any{"user_id": "U1ANN", "view": home})
	if v, ok := b.Home("U1ANN"); !ok || v.Plain() != "hi" {
		t.Errorf("%+v", v)
	}
	if _, ok := b.Home("U2BOB"); ok {
		t.Error("Bob sees Ann's")
	}
	hash := first.text("view", "hash")
	second := b.mustCall("views.publish", map[string]any{"user_id": "U1ANN", "view": home, "hash": hash})
	if second.text("view", "id") != first.text("view", "id") {
		t.Error("the view has a new id")
	}
	if r := b.call("views.publish", map[string]any{"user_id": "U1ANN", "view": home, "hash": hash}); r.code() != "hash_conflict" {
		t.Errorf("%s", r.raw)
	}
	if r := b.call("views.publish", map[string]any{"user_id": "U9", "view": home}); r.code() != "invalid_arguments" {
		t.Errorf("%s", r.raw)
	}
	b.connect().serve(func(frame) string { return "" })
	if err := b.OpenHome(b.ctx, "U1ANN"); err != nil {
		t.Fatal(err)
	}
	b.contains(string(b.Deliveries()[0].Payload), `"tab":"home"`)
	b.contains(string(b.Deliveries()[0].Payload), second.text("view", "hash"))
}

func TestHomeTabMayBeOff(t *testing.T) {
	t.Parallel()
	b := start(t, func(c *slacksim.Config) {
		c.Manifest = []byte(strings.Replace(manifest, "home_tab_enabled: true", "home_tab_enabled: false", 1))
	})
	if r := b.call("views.publish", map[string]any{"user_id": "U1ANN", "view": map[string]any{"type": "home", "blocks": []any{}}}); r.code() != "not_enabled" {
		t.Errorf("%s", r.raw)
	}
	if err := b.OpenHome(b.ctx, "U1ANN"); !isShown(err, "not_enabled") {
		t.Errorf("%v", err)
	}
}

func TestLargeViewsAreRefused(t *testing.T) {
	t.Parallel()
	b := start(t)
	blocks := []any{}
	for range 100 {
		blocks = append(blocks, section(strings.Repeat("x", 2990))...)
	}
	view := map[string]any{"type": "home", "blocks": blocks}
	if r := b.call("views.publish", map[string]any{"user_id": "U1ANN", "view": view}); r.code() != "view_too_large" {
		t.Errorf("%.200s", r.raw)
	}
}

func TestViewFaultsPointIntoTheView(t *testing.T) {
	t.Parallel()
	b := start(t)
	v := modal("A")
	delete(v, "submit")
	v["title"] = words(strings.Repeat("x", 25))
	r := b.call("views.open", map[string]any{"trigger_id": "x", "view": v})
	b.contains(string(r.raw), `[ERROR] missing required field: submit [json-pointer:/view]`)
	b.contains(string(r.raw), `[ERROR] must be less than 25 characters [json-pointer:/view/title/text]`)
	if r.code() != "invalid_arguments" {
		t.Errorf("%s", r.raw)
	}
}

func TestWaitingEndsWithTheContext(t *testing.T) {
	t.Parallel()
	b := start(t)
	ctx, cancel := context.WithTimeout(b.ctx, 20*time.Millisecond)
	defer cancel()
	if _, err := b.WaitView(ctx, "U1ANN", nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}
}
