package slacksim_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"usher/sandbox/slacksim"
)

func section(text string) []any {
	return []any{map[string]any{"type": "section", "text": map[string]any{"type": "mrkdwn", "text": text}}}
}

func buttons(ids ...string) []any {
	elements := []any{}
	for _, id := range ids {
		elements = append(elements, map[string]any{
			"type": "button", "action_id": id, "value": "v-" + id, "text": map[string]any{"type": "plain_text", "text": strings.ToUpper(id)},
		})
	}
	return []any{map[string]any{"type": "actions", "block_id": "ask", "elements": elements}}
}

func TestPostingToAUserLandsInTheirDM(t *testing.T) {
	t.Parallel()
	b := start(t)
	r := b.mustCall("chat.postMessage", map[string]any{"channel": "U1ANN", "text": "hello"})
	if r.text("channel") != b.DM("U1ANN") || !strings.HasPrefix(r.text("channel"), "D") {
		t.Errorf("channel is %s", r.text("channel"))
	}
	m := b.Messages("U1ANN")
	if len(m) != 1 || m[0].TS != r.text("ts") || m[0].User != "U0BOT" || m[0].Text != "hello" {
		t.Errorf("%+v", m)
	}
	if r := b.form("conversations.open", url.Values{"users": {"U1ANN"}}); r.text("channel", "id") != b.DM("U1ANN") || r.at("already_open") != true {
		t.Errorf("%s", r.raw)
	}
}

func TestPostsAreRefusedAsSlackRefusesThem(t *testing.T) {
	t.Parallel()
	metadata := func(v any) map[string]any {
		return map[string]any{"channel": "U1ANN", "text": "x", "metadata": v}
	}
	for name, c := range map[string]struct {
		args map[string]any
		want string
	}{
		"nothing to say":          {map[string]any{"channel": "U1ANN"}, "no_text"},
		"empty blocks":            {map[string]any{"channel": "U1ANN", "blocks": []any{}}, "no_text"},
		"blocks are no list":      {map[string]any{"channel": "U1ANN", "blocks": "{}"}, "invalid_blocks_format"},
		"blocks are no JSON":      {map[string]any{"channel": "U1ANN", "blocks": "[{"}, "invalid_blocks_format"},
		"bad block":               {map[string]any{"channel": "U1ANN", "blocks": []any{map[string]any{"type": "x"}}}, "invalid_blocks"},
		"alert in a message":      {map[string]any{"channel": "U1ANN", "blocks": `[{"type":"alert","text":{"type":"plain_text","text":"t"}}]`}, "invalid_blocks"},
		"deactivated":             {map[string]any{"channel": "U3OLD", "text": "x"}, "channel_not_found"},
		"stranger":                {map[string]any{"channel": "U5FAR", "text": "x"}, "channel_not_found"},
		"nobody":                  {map[string]any{"channel": "U8", "text": "x"}, "channel_not_found"},
		"private, not invited":    {map[string]any{"channel": "G1SECRET", "text": "x"}, "channel_not_found"},
		"public, not invited":     {map[string]any{"channel": "C2NOBOT", "text": "x"}, "not_in_channel"},
		"archived":                {map[string]any{"channel": "C3OLD", "text": "x"}, "is_archived"},
		"by name":                 {map[string]any{"channel": "#it", "text": "x"}, ""},
		"markdown and text":       {map[string]any{"channel": "U1ANN", "text": "x", "markdown_text": "y"}, "markdown_text_conflict"},
		"as another":              {map[string]any{"channel": "U1ANN", "text": "x", "username": "me"}, "missing_scope"},
		"thread of nothing":       {map[string]any{"channel": "U1ANN", "text": "x", "thread_ts": "1.000001"}, "cannot_reply_to_message"},
		"metadata without type":   {metadata(map[string]any{"event_payload": map[string]any{}}), "invalid_metadata_schema"},
		"metadata is no object":   {metadata("[]"), "invalid_metadata_format"},
		"metadata is too large":   {metadata(map[string]any{"event_type": "t", "event_payload": map[string]any{"x": strings.Repeat("x", 20000)}}), "metadata_too_large"},
		"empty metadata is none":  {metadata(map[string]any{}), ""},
		"too many characters":     {map[string]any{"channel": "U1ANN", "blocks": manyBlocks()}, "msg_blocks_too_long"},
		"very long text is taken": {map[string]any{"channel": "U1ANN", "text": strings.Repeat("x", 50000)}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := start(t)
			r := b.call("chat.postMessage", c.args)
			if r.code() != c.want {
				t.Errorf("%.300s", r.raw)
			}
			if c.want == "invalid_blocks" && (!strings.Contains(string(r.raw), `"errors":["`) || !strings.Contains(string(r.raw), `"messages":["[ERROR] `)) {
				t.Errorf("%s", r.raw)
			}
			if c.want != "" && len(b.Messages("U1ANN")) != 0 {
				t.Error("posted all the same")
			}
		})
	}
}

func manyBlocks() []any {
	out := []any{}
	for range 50 {
		out = append(out, section(strings.Repeat("x", 2900))...)
	}
	return out
}

func TestMessagesTabMayBeOff(t *testing.T) {
	t.Parallel()
	b := start(t, func(c *slacksim.Config) {
		c.Manifest = []byte(strings.Replace(manifest, "messages_tab_enabled: true", "messages_tab_enabled: false", 1))
	})
	if r := b.call("chat.postMessage", map[string]any{"channel": "U1ANN", "text": "x"}); r.code() != "messages_tab_disabled" {
		t.Errorf("%s", r.raw)
	}
	if r := b.call("chat.postMessage", map[string]any{"channel": "C1IT", "text": "x"}); !r.ok() {
		t.Errorf("%s", r.raw)
	}
}

func TestUpdatesChangeWhatTheyName(t *testing.T) {
	t.Parallel()
	b := start(t)
	post := b.mustCall("chat.postMessage", map[string]any{
		"channel": "U1ANN", "text": "one", "blocks": section("one"), "metadata": map[string]any{"event_type": "t", "event_payload": map[string]any{"id": "7"}},
	})
	channel, ts := post.text("channel"), post.text("ts")
	update := func(args map[string]any) reply {
		args["channel"], args["ts"] = channel, ts
		return b.call("chat.update", args)
	}
	if r := update(map[string]any{"blocks": section("two")}); !r.ok() || r.text("text") != "one" || r.at("message", "edited") != nil {
		t.Errorf("blocks alone: %s", r.raw)
	}
	if m, _ := b.Message(channel, ts); m.Plain() != "two" || m.EditedAt.IsZero() || !strings.Contains(string(m.Metadata), `"id":"7"`) {
		t.Errorf("%+v", m)
	}
	if r := update(map[string]any{"text": "three"}); !r.ok() || r.at("message", "edited") == nil {
		t.Errorf("text alone: %s", r.raw)
	}
	m, _ := b.Message(channel, ts)
	if string(m.Blocks) != "null" || m.Text != "three" {
		t.Errorf("text alone leaves %s", m.Blocks)
	}
	if v := b.Versions(channel, ts); len(v) != 3 || v[0].Plain() != "one" || v[2].Plain() != "three" {
		t.Errorf("versions %+v", v)
	}
	if r := update(map[string]any{"text": strings.Repeat("x", 4001)}); r.code() != "msg_too_long" {
		t.Errorf("%s", r.raw)
	}
	if r := b.call("chat.update", map[string]any{"channel": "U1ANN", "ts": ts, "text": "x"}); r.code() != "channel_not_found" {
		t.Errorf("update by user id: %s", r.raw)
	}
	if r := b.call("chat.update", map[string]any{"channel": channel, "ts": "1.000001", "text": "x"}); r.code() != "message_not_found" {
		t.Errorf("%s", r.raw)
	}
}

func TestForeignMessagesCannotBeChanged(t *testing.T) {
	t.Parallel()
	b := start(t)
	m, err := b.Say("U1ANN", "C1IT", "mine, see https://example.com.")
	if err != nil {
		t.Fatal(err)
	}
	if m.Text != "mine, see <https://example.com>." {
		t.Errorf("text is %q", m.Text)
	}
	args := map[string]any{"channel": "C1IT", "ts": m.TS, "text": "x"}
	if r := b.call("chat.update", args); r.code() != "cant_update_message" {
		t.Errorf("%s", r.raw)
	}
	delete(args, "text")
	if r := b.call("chat.delete", args); r.code() != "cant_delete_message" {
		t.Errorf("%s", r.raw)
	}
}

func TestEphemeralMessagesAreSeenByOneAndNeverUpdated(t *testing.T) {
	t.Parallel()
	b := start(t)
	if r := b.call("chat.postEphemeral", map[string]any{"channel": "C1IT", "user": "U2BOB", "text": "x"}); r.code() != "user_not_in_channel" {
		t.Errorf("%s", r.raw)
	}
	r := b.mustCall("chat.postEphemeral", map[string]any{"channel": "C1IT", "user": "U1ANN", "text": "x"})
	if m := b.Messages("C1IT"); len(m) != 1 || !m[0].Ephemeral || m[0].To != "U1ANN" {
		t.Errorf("%+v", m)
	}
	if r := b.call("chat.update", map[string]any{"channel": "C1IT", "ts": r.text("message_ts"), "text": "y"}); r.code() != "message_not_found" {
		t.Errorf("%s", r.raw)
	}
}

func TestDeletedMessagesAreGone(t *testing.T) {
	t.Parallel()
	b := start(t)
	post := b.mustCall("chat.postMessage", map[string]any{"channel": "C1IT", "text": "x"})
	link := b.form("chat.getPermalink", url.Values{"channel": {"C1IT"}, "message_ts": {post.text("ts")}})
	b.contains(link.text("permalink"), "/archives/C1IT/p")
	b.mustCall("chat.delete", map[string]any{"channel": "C1IT", "ts": post.text("ts")})
	if m := b.Messages("C1IT"); len(m) != 0 {
		t.Errorf("%+v", m)
	}
	if v := b.Versions("C1IT", post.text("ts")); len(v) != 2 || !v[1].Deleted {
		t.Errorf("%+v", v)
	}
	if r := b.form("chat.getPermalink", url.Values{"channel": {"C1IT"}, "message_ts": {post.text("ts")}}); r.code() != "message_not_found" {
		t.Errorf("%s", r.raw)
	}
}

func TestHistoryPagesFiltersAndShowsMetadataWhenAsked(t *testing.T) {
	t.Parallel()
	clock := &virtual{now: time.Unix(1767600000, 0)}
	b := start(t, func(c *slacksim.Config) { c.Now = clock.Now })
	ts := []string{}
	for i := range 5 {
		ts = append(ts, b.mustCall("chat.postMessage", map[string]any{
			"channel": "U1ANN", "text": fmt.Sprint("m", i), "metadata": map[string]any{"event_type": "e", "event_payload": map[string]any{"i": i}},
		}).text("ts"))
		clock.add(2 * time.Second)
	}
	b.mustCall("chat.postMessage", map[string]any{"channel": b.DM("U1ANN"), "text": "reply", "thread_ts": ts[0]})
	texts := func(args url.Values) string {
		args.Set("channel", b.DM("U1ANN"))
		r := b.form("conversations.history", args)
		out := ""
		messages, _ := r.at("messages").([]any)
		for _, m := range messages {
			o := reply{fields: m.(map[string]any)}
			out += o.text("text")
			if o.at("metadata") != nil {
				out += "+"
			}
			out += " "
		}
		if next := r.text("response_metadata", "next_cursor"); next != "" {
			out += "|" + next
		}
		return out
	}
	for name, c := range map[string]struct {
		args url.Values
		want string
	}{
		"newest first": {url.Values{}, "m4 m3 m2 m1 m0 "},
		"metadata":     {url.Values{"include_all_metadata": {"true"}}, "m4+ m3+ m2+ m1+ m0+ "},
		"oldest":       {url.Values{"oldest": {ts[3]}}, "m4 "},
		"inclusive":    {url.Values{"oldest": {ts[3]}, "inclusive": {"1"}}, "m4 m3 "},
		"latest":       {url.Values{"latest": {ts[1]}}, "m0 "},
		"one of them":  {url.Values{"latest": {ts[2]}, "oldest": {ts[2]}, "inclusive": {"true"}, "limit": {"1"}}, "m2 "},
		"page":         {url.Values{"limit": {"4"}}, "m4 m3 m2 m1 |bmV4dF90czo0"},
		"next page":    {url.Values{"limit": {"4"}, "cursor": {"bmV4dF90czo0"}}, "m0 "},
	} {
		if got := texts(c.args); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	if r := b.form("conversations.history", url.Values{"channel": {b.DM("U1ANN")}, "oldest": {"soon"}}); r.code() != "invalid_ts_oldest" {
		t.Errorf("%s", r.raw)
	}
}

func TestStoredMessagesDifferFromWhatWasSent(t *testing.T) {
	t.Parallel()
	b := start(t)
	r := b.mustCall("chat.postMessage", map[string]any{"channel": "U1ANN", "text": "✅ see https://x.example/a", "blocks": section("done ✅")})
	if got := r.text("message", "text"); got != ":white_check_mark: see <https://x.example/a>" {
		t.Errorf("text is %q", got)
	}
	blocks := string(b.Messages("U1ANN")[0].Blocks)
	b.contains(blocks, `"block_id":"`)
	b.contains(blocks, `:white_check_mark:`)
	b.contains(blocks, `"verbatim":false`)
	if got := b.Messages("U1ANN")[0].Plain(); got != "done ✅" {
		t.Errorf("people see %q", got)
	}
}

func TestResponseURLWorksFiveTimesInThirtyMinutes(t *testing.T) {
	t.Parallel()
	clock := &virtual{now: time.Unix(1767600000, 0)}
	b := start(t, func(c *slacksim.Config) { c.Now = clock.Now })
	links := make(chan string, 2)
	b.connect().serve(func(f frame) string { links <- f.text("response_url"); return "" })
	run := func() string {
		if _, err := b.Run(b.ctx, "U1ANN", "/access", ""); err != nil {
			t.Fatal(err)
		}
		link := <-links
		return strings.TrimPrefix(link, b.url)
	}
	use := func(path, body string) reply { return b.do(http.MethodPost, path, "application/json", "", body) }
	path := run()
	for i := range 5 {
		if r := use(path, `{"text":"hi","blocks":null,"metadata":{}}`); r.status != 200 || string(r.raw) != "ok" {
			t.Errorf("use %d: %d %s", i, r.status, r.raw)
		}
	}
	if r := use(path, `{"text":"hi"}`); r.code() != "used_url" {
		t.Errorf("sixth: %d %s", r.status, r.raw)
	}
	if m := b.Messages(slacksim.GeneralChannel); len(m) != 5 || !m[0].Ephemeral || m[0].To != "U1ANN" {
		t.Errorf("%+v", m)
	}
	path = run()
	if r := use(path, `{"text":"loud","response_type":"in_channel"}`); r.status != 200 {
		t.Errorf("%s", r.raw)
	}
	if m := b.Messages(slacksim.GeneralChannel); m[5].Ephemeral {
		t.Error("in_channel is ephemeral")
	}
	if r := use(path, `{}`); r.status != 400 || string(r.raw) != "no_text" {
		t.Errorf("%d %s", r.status, r.raw)
	}
	clock.add(31 * time.Minute)
	if r := use(path, `{"text":"late"}`); r.code() != "expired_url" {
		t.Errorf("%s", r.raw)
	}
}
