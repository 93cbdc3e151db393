package slacksim_test

import (
	"maps"
	"testing"
)

func TestViewShowsWhatWasWrongUntilItIsChanged(t *testing.T) {
	t.Parallel()
	b := start(t)
	frames := make(chan frame, 10)
	ack := ""
	b.connect().serve(func(f frame) string {
		frames <- f
		if f.text("type") == "view_submission" {
			return ack
		}
		return ""
	})
	input := func(block string) map[string]any {
		return map[string]any{
			"type": "input", "block_id": block, "label": words("L"), "element": map[string]any{"type": "plain_text_input", "action_id": "text"},
		}
	}
	fields := map[string]any{"type": "modal", "title": words("A"), "submit": words("Send"), "blocks": []any{input("one"), input("two")}}
	id := b.open(frames, fields)
	shows := func(trouble string, errors map[string]string) {
		t.Helper()
		if v, _ := b.View("U1ANN"); v.Trouble != trouble || !maps.Equal(v.Errors, errors) {
			t.Errorf("shows %q and %v, want %q and %v", v.Trouble, v.Errors, trouble, errors)
		}
	}
	set := func(block string) {
		t.Helper()
		if err := b.SetInput(b.ctx, "U1ANN", id, block, "text", "x"); err != nil {
			t.Fatal(err)
		}
	}
	submit := func() { _, _ = b.SubmitView(b.ctx, "U1ANN", id) } // What came of it is on the view.
	shows("", nil)
	submit()
	const required = "Please complete this required field."
	shows("", map[string]string{"one": required, "two": required})
	set("one")
	shows("", map[string]string{"two": required})
	set("two")
	ack = `{"response_action":"errors","errors":{"one":"no"}}`
	submit()
	shows("", map[string]string{"one": "no"})
	ack = `{"response_action":"nonsense"}`
	submit()
	shows("We had some trouble connecting. Try again?", nil)
	set("one")
	shows("", nil)
	submit()
	b.mustCall("views.update", map[string]any{"view_id": id, "view": fields})
	shows("", nil)
}
