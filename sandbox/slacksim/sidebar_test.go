package slacksim_test

import (
	"slices"
	"testing"

	"usher/sandbox/slacksim"
)

func TestAppTellsWhatTheManifestOffers(t *testing.T) {
	t.Parallel()
	app := start(t).App()
	if app.Name != "Access" || !app.HomeTab || !app.MessagesTab || !app.ReadOnly {
		t.Errorf("%+v", app)
	}
	if want := []slacksim.Shortcut{{Name: "Request access", Description: "Open", CallbackID: "request_access"}}; !slices.Equal(app.Shortcuts, want) {
		t.Errorf("%+v", app.Shortcuts)
	}
	if len(app.Commands) != 2 || app.Commands[0] != (slacksim.Command{Name: "/access", Description: "Open"}) {
		t.Errorf("%+v", app.Commands)
	}
	app.Commands[0].Name = "/other"
	if again := start(t).App(); again.Commands[0].Name != "/access" {
		t.Error("the caller's change went into the server")
	}
}

func TestInboxCountsWhatTheAppWroteSinceTheMark(t *testing.T) {
	t.Parallel()
	b := start(t)
	if box := b.Inbox("U1ANN", ""); box != (slacksim.Inbox{}) {
		t.Errorf("before any message: %+v", box)
	}
	post := func(text string) string {
		return b.mustCall("chat.postMessage", map[string]any{"channel": "U1ANN", "text": text}).text("ts")
	}
	first, second := post("one"), post("two")
	for read, want := range map[string]int{"": 2, first: 1, second: 0} {
		if box := b.Inbox("U1ANN", read); box != (slacksim.Inbox{First: first, Unread: want}) {
			t.Errorf("read up to %q: %+v", read, box)
		}
	}
	b.mustCall("chat.delete", map[string]any{"channel": b.DM("U1ANN"), "ts": second})
	if box := b.Inbox("U1ANN", ""); box != (slacksim.Inbox{First: first, Unread: 1}) {
		t.Errorf("after the deletion: %+v", box)
	}
}

func TestConversationIsWhatOnePersonSees(t *testing.T) {
	t.Parallel()
	b := start(t)
	b.connect().serve(func(frame) string { return `{"text":"for Ann alone"}` })
	if _, err := b.Run(b.ctx, "U1ANN", "/access", ""); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"a", "b", "c"} {
		if _, err := b.Say("U2BOB", slacksim.GeneralChannel, text); err != nil {
			t.Fatal(err)
		}
	}
	for who, want := range map[string][]string{"U1ANN": {"for Ann alone", "a", "b", "c"}, "U2BOB": {"a", "b", "c"}, "U6GST": {"a", "b", "c"}} {
		c := b.Conversation(who, slacksim.GeneralChannel, 10)
		got := []string{}
		for _, m := range c.Messages {
			got = append(got, m.Text)
		}
		if !slices.Equal(got, want) || c.Older != 0 || c.Member != (who != "U6GST") {
			t.Errorf("%s sees %q, %+v", who, got, c)
		}
	}
	if c := b.Conversation("U1ANN", slacksim.GeneralChannel, 2); len(c.Messages) != 2 || c.Messages[1].Text != "c" || c.Older != 2 {
		t.Errorf("the newest two: %+v", c)
	}
	if c := b.Conversation("U1ANN", "U1ANN", 2); c.Channel != "" || !c.Member || len(c.Messages) != 0 {
		t.Errorf("a DM that nobody has opened: %+v", c)
	}
}

func TestNotesToSelfTakeCommandsAndAreHiddenFromTheApp(t *testing.T) {
	t.Parallel()
	b := start(t)
	frames := make(chan frame, 1)
	b.connect().serve(func(f frame) string {
		frames <- f
		return `{"text":"no guests"}`
	})
	notes := slacksim.NotesID("U6GST")
	if _, err := b.RunIn(b.ctx, "U6GST", notes, "/access", "github"); err != nil {
		t.Fatal(err)
	}
	if f := <-frames; f.text("channel_id") != notes || f.text("channel_name") != "directmessage" {
		t.Errorf("%s", f.Payload)
	}
	if _, err := b.Say("U6GST", notes, "remember"); err != nil {
		t.Fatal(err)
	}
	c := b.Conversation("U6GST", notes, 10)
	if len(c.Messages) != 2 || !c.Messages[0].Ephemeral || c.Messages[1].Text != "remember" || !c.Member {
		t.Errorf("%+v", c)
	}
	if r := b.call("chat.postMessage", map[string]any{"channel": notes, "text": "hi"}); r.code() != "channel_not_found" {
		t.Errorf("the app writes into them: %s", r.raw)
	}
	if _, err := b.Say("U1ANN", notes, "hi"); !isNotThere(err) {
		t.Errorf("somebody else writes into them: %v", err)
	}
}
