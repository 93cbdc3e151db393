package slacksim_test

import (
	"bytes"
	"encoding/json"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"usher/sandbox/slacksim"
)

func TestTokensAreTakenFromHeaderAndBody(t *testing.T) {
	t.Parallel()
	const form = "application/x-www-form-urlencoded"
	for name, c := range map[string]struct {
		method, kind, token, body, want string
	}{
		"header":               {"auth.test", form, "xoxb-sandbox", "", ""},
		"form":                 {"auth.test", form, "", "token=xoxb-sandbox", ""},
		"json":                 {"auth.test", "application/json", "", `{"token":"xoxb-sandbox"}`, ""},
		"none":                 {"auth.test", form, "", "", "not_authed"},
		"wrong":                {"auth.test", form, "xoxb-other", "", "invalid_auth"},
		"app token on the API": {"auth.test", form, "xapp-sandbox", "", "not_allowed_token_type"},
		"bot token for socket": {"apps.connections.open", form, "xoxb-sandbox", "", "not_allowed_token_type"},
		"unknown method":       {"chat.command", form, "xoxb-sandbox", "", "unknown_method"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := start(t).do(http.MethodPost, "/api/"+c.method, c.kind, c.token, c.body)
			if r.code() != c.want || r.ok() != (c.want == "") || r.status != http.StatusOK {
				t.Errorf("%d %s", r.status, r.raw)
			}
		})
	}
}

func TestRefusedTokensSayWhy(t *testing.T) {
	t.Parallel()
	b := start(t)
	for _, code := range []string{"token_revoked", "account_inactive", "token_expired", ""} {
		b.RefuseToken("xoxb-sandbox", code)
		if r := b.form("auth.test", nil); r.code() != code {
			t.Errorf("%s", r.raw)
		}
	}
}

func TestBodiesAreReadAsSlackReadsThem(t *testing.T) {
	t.Parallel()
	view := `{"type":"home","blocks":[]}`
	var multi bytes.Buffer
	m := multipart.NewWriter(&multi)
	for _, f := range [][2]string{{"user_id", "U1ANN"}, {"view", view}} {
		if err := m.WriteField(f[0], f[1]); err != nil {
			t.Fatal(err)
		}
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ kind, body, want string }{
		"json":              {"application/json; charset=utf-8", `{"user_id":"U1ANN","view":` + view + `}`, ""},
		"json in json text": {"application/json; charset=utf-8", `{"user_id":"U1ANN","view":` + strconv.Quote(view) + `}`, ""},
		"form with json":    {"application/x-www-form-urlencoded", url.Values{"user_id": {"U1ANN"}, "view": {view}}.Encode(), ""},
		"multipart":         {m.FormDataContentType(), multi.String(), ""},
		"xml":               {"text/xml", `<a/>`, "invalid_post_type"},
		"broken json":       {"application/json", `{"user_id":`, "invalid_json"},
		"json list":         {"application/json", `[]`, "json_not_object"},
		"broken form":       {"application/x-www-form-urlencoded", `view=%zz`, "invalid_form_data"},
		"null blocks":       {"application/json", `{"user_id":"U1ANN","view":{"type":"home","blocks":null}}`, "invalid_arguments"},
		"view no json":      {"application/x-www-form-urlencoded", `user_id=U1ANN&view=%7Bx`, "invalid_arguments"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := start(t).do(http.MethodPost, "/api/views.publish", c.kind, "xoxb-sandbox", c.body)
			if r.code() != c.want || r.ok() != (c.want == "") {
				t.Errorf("%s", r.raw)
			}
		})
	}
}

func TestJSONIsNotReadByFormOnlyMethods(t *testing.T) {
	t.Parallel()
	b := start(t)
	if r := b.call("users.info", map[string]any{"user": "U1ANN"}); r.code() != "invalid_arguments" {
		t.Errorf("JSON: %s", r.raw)
	}
	if r := b.form("users.info", url.Values{"user": {"U1ANN"}}); r.text("user", "profile", "email") != "ann@example.com" {
		t.Errorf("form: %s", r.raw)
	}
	if r := b.do(http.MethodGet, "/api/users.info?user=U1ANN", "", "xoxb-sandbox", ""); !r.ok() {
		t.Errorf("query: %s", r.raw)
	}
}

func TestMissingCharsetIsWarnedOf(t *testing.T) {
	t.Parallel()
	r := start(t).do(http.MethodPost, "/api/auth.test", "application/json", "xoxb-sandbox", "{}")
	if r.text("warning") != "missing_charset" || !r.ok() {
		t.Errorf("%s", r.raw)
	}
}

// declared is one method in slack-methods.json.
type declared struct {
	Tier     string   `json:"tier"`
	JSON     bool     `json:"json_body"`
	Scopes   []string `json:"bot_scopes"`
	Required []string `json:"required"`
	Optional []string `json:"optional"`
	Errors   []string `json:"method_errors"`
	Response []string `json:"response_required"`
}

func contract(t *testing.T) map[string]declared {
	t.Helper()
	dir := os.Getenv("USHER_SPECS")
	if dir == "" {
		t.Skip("USHER_SPECS does not name the folder with slack-methods.json")
	}
	raw, err := os.ReadFile(filepath.Join(dir, "slack-methods.json"))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]declared{}
	if err := json.Unmarshal(raw, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestMethodsAreDeclaredAsSlackDeclaresThem(t *testing.T) {
	t.Parallel()
	all := contract(t)
	tiers := map[string]int{"t1": 1, "t2": 20, "t3": 50, "t4": 100, "t5": 600, "": 600}
	served := slacksim.DeclaredMethods()
	if len(served) < 20 {
		t.Errorf("only %d methods are served", len(served))
	}
	for name, m := range served {
		want, known := all[name]
		if !known {
			t.Errorf("%s is not Slack's", name)
			continue
		}
		slices.Sort(m.Required)
		slices.Sort(m.Optional)
		slices.Sort(want.Required)
		slices.Sort(want.Optional)
		if !slices.Equal(m.Required, want.Required) || !slices.Equal(m.Optional, want.Optional) {
			t.Errorf("%s takes %v and %v, Slack %v and %v", name, m.Required, m.Optional, want.Required, want.Optional)
		}
		if m.FormOnly == want.JSON {
			t.Errorf("%s: form only is %v", name, m.FormOnly)
		}
		if m.Tier != tiers[want.Tier] {
			t.Errorf("%s: tier %d, Slack says %s", name, m.Tier, want.Tier)
		}
		if m.Scope != "" && !slices.Contains(want.Scopes, m.Scope) {
			t.Errorf("%s: scope %s is none of %v", name, m.Scope, want.Scopes)
		}
	}
}

// common are the errors that Slack documents for every method.
func common() []string {
	return []string{
		"invalid_arguments", "missing_scope", "ratelimited", "not_authed", "invalid_auth", "not_allowed_token_type",
		"internal_error", "invalid_json", "json_not_object", "invalid_post_type", "invalid_form_data",
	}
}

func TestEveryErrorIsOneOfTheMethodsOwn(t *testing.T) {
	t.Parallel()
	all := contract(t)
	b := start(t, func(c *slacksim.Config) { c.NoRateLimits = true })
	ts := b.mustCall("chat.postMessage", map[string]any{"channel": "U1ANN", "text": "hi"}).text("ts")
	odd := []any{
		"", "U1ANN", "U3OLD", "U4OUT", "U5FAR", "U7BOT", "U8NONE", "C1IT", "C2NOBOT", "C3OLD", "G1SECRET", "C9NONE", b.DM("U1ANN"), ts, "1.1",
		"true", true, 7, -1,
		[]any{},
		map[string]any{},
		[]any{map[string]any{"type": "divider"}},
		strings.Repeat("x", 5000),
		map[string]any{"type": "modal"},
		map[string]any{"type": "home", "blocks": []any{}},
		"U1ANN,U2BOB", "T0SANDBOX", "B0BOT", "zz:zz",
	}
	right := map[string]any{
		"channel": b.DM("U1ANN"), "ts": ts, "message_ts": ts, "user": "U1ANN", "user_id": "U1ANN", "email": "ann@example.com",
		"view": map[string]any{"type": "home", "blocks": []any{}}, "usergroup": "S1",
	}
	errorsSeen := 0
	for name := range slacksim.DeclaredMethods() {
		want := all[name]
		for _, arg := range append(append([]string{}, want.Required...), want.Optional...) {
			for _, v := range odd {
				args := map[string]any{}
				for _, other := range want.Required {
					args[other] = right[other]
				}
				if arg != "text" && slices.Contains(want.Optional, "text") && arg != "markdown_text" {
					args["text"] = "x"
				}
				args[arg] = v
				r := b.fields(name, want.JSON, args)
				if code := r.code(); code != "" {
					errorsSeen++
					if !slices.Contains(want.Errors, code) && !slices.Contains(common(), code) {
						t.Errorf("%s(%s=%.40v) says %s, which Slack does not", name, arg, v, code)
					}
					continue
				}
				for _, field := range want.Response {
					if _, ok := r.fields[field]; !ok {
						t.Errorf("%s(%s=%v) lacks %s: %s", name, arg, v, field, r.raw)
					}
				}
			}
		}
	}
	if errorsSeen < 300 {
		t.Errorf("only %d errors", errorsSeen)
	}
}

// fields calls a method in the way that it reads.
func (b *bench) fields(name string, asJSON bool, args map[string]any) reply {
	b.t.Helper()
	token := "xoxb-sandbox"
	if name == "apps.connections.open" {
		token = "xapp-sandbox"
	}
	if asJSON {
		body, err := json.Marshal(args)
		if err != nil {
			b.t.Fatal(err)
		}
		return b.do(http.MethodPost, "/api/"+name, "application/json; charset=utf-8", token, string(body))
	}
	form := url.Values{}
	for k, v := range args {
		if s, ok := v.(string); ok {
			form.Set(k, s)
			continue
		}
		raw, err := json.Marshal(v)
		if err != nil {
			b.t.Fatal(err)
		}
		form.Set(k, string(raw))
	}
	return b.do(http.MethodPost, "/api/"+name, "application/x-www-form-urlencoded", token, form.Encode())
}

func TestUnknownArgumentsAreRefused(t *testing.T) {
	t.Parallel()
	r := start(t).call("chat.postMessage", map[string]any{"channel": "U1ANN", "text": "x", "colour": "red"})
	if r.code() != "invalid_arguments" || !strings.Contains(string(r.raw), "invalid additional property: colour") {
		t.Errorf("%s", r.raw)
	}
}

func TestEveryMethodTakesATeamID(t *testing.T) {
	t.Parallel()
	r := start(t).call("chat.postMessage", map[string]any{"channel": "U1ANN", "text": "x", "team_id": "T0SANDBOX"})
	if !r.ok() {
		t.Errorf("%s", r.raw)
	}
}

func TestScopesComeFromTheManifest(t *testing.T) {
	t.Parallel()
	b := start(t, func(c *slacksim.Config) {
		c.Manifest = []byte(strings.Replace(manifest, `[commands, "chat:write", "im:write", "im:history", "users:read", "users:read.email"]`, `[commands]`, 1))
	})
	for method, c := range map[string]struct {
		args   url.Values
		needed string
	}{
		"chat.postMessage":      {url.Values{"channel": {"U1ANN"}, "text": {"x"}}, "chat:write"},
		"users.info":            {url.Values{"user": {"U1ANN"}}, "users:read"},
		"users.lookupByEmail":   {url.Values{"email": {"ann@example.com"}}, "users:read.email"},
		"conversations.open":    {url.Values{"users": {"U1ANN"}}, "im:write"},
		"conversations.history": {url.Values{"channel": {b.DM("U1ANN")}}, "im:history"},
		"conversations.info":    {url.Values{"channel": {"C1IT"}}, "channels:read"},
		"team.info":             {nil, "team:read"},
		"usergroups.list":       {nil, "usergroups:read"},
	} {
		r := b.form(method, c.args)
		if r.code() != "missing_scope" || r.text("needed") != c.needed || r.text("provided") != "commands" {
			t.Errorf("%s: %s", method, r.raw)
		}
	}
	if r := b.form("auth.test", nil); !r.ok() || r.header.Get("X-OAuth-Scopes") != "commands" {
		t.Errorf("auth.test: %s", r.raw)
	}
}

func TestEmailIsHiddenWithoutItsScope(t *testing.T) {
	t.Parallel()
	b := start(t, func(c *slacksim.Config) {
		c.Manifest = []byte(strings.Replace(manifest, `, "users:read.email"`, "", 1))
	})
	if r := b.form("users.info", url.Values{"user": {"U1ANN"}}); !r.ok() || r.at("user", "profile", "email") != nil {
		t.Errorf("%s", r.raw)
	}
}

func TestRateLimitsFollowTheClock(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)
	clock := &virtual{now: now}
	b := start(t, func(c *slacksim.Config) { c.Now = clock.Now })
	for range 50 {
		if r := b.form("users.lookupByEmail", url.Values{"email": {"ann@example.com"}}); !r.ok() {
			t.Fatalf("%s", r.raw)
		}
		clock.add(time.Second / 2)
	}
	r := b.form("users.lookupByEmail", url.Values{"email": {"ann@example.com"}})
	if r.status != http.StatusTooManyRequests || r.code() != "ratelimited" || r.header.Get("Retry-After") != "35" {
		t.Errorf("%d %s, retry after %s", r.status, r.raw, r.header.Get("Retry-After"))
	}
	if r := b.form("users.info", url.Values{"user": {"U1ANN"}}); !r.ok() {
		t.Errorf("another method is limited too: %s", r.raw)
	}
	clock.add(35 * time.Second)
	if r := b.form("users.lookupByEmail", url.Values{"email": {"ann@example.com"}}); !r.ok() {
		t.Errorf("still limited: %s", r.raw)
	}
}

func TestPostingIsLimitedPerChannel(t *testing.T) {
	t.Parallel()
	clock := &virtual{now: time.Unix(1767600000, 0)}
	b := start(t, func(c *slacksim.Config) { c.Now = clock.Now })
	post := func(to string) reply { return b.call("chat.postMessage", map[string]any{"channel": to, "text": "x"}) }
	for range 10 {
		post("U1ANN")
	}
	if r := post("U1ANN"); r.status != http.StatusTooManyRequests || r.code() != "rate_limited" {
		t.Errorf("%d %s", r.status, r.raw)
	}
	if r := post("U2BOB"); !r.ok() {
		t.Errorf("another channel is limited too: %s", r.raw)
	}
}

func TestUsersAreShownAsSlackShowsThem(t *testing.T) {
	t.Parallel()
	b := start(t)
	user := func(id string) reply { return b.form("users.info", url.Values{"user": {id}}) }
	for id, want := range map[string]map[string]any{
		"U1ANN": {"deleted": false, "is_bot": false, "team_id": "T0SANDBOX", "is_email_confirmed": true, "is_restricted": false},
		"U3OLD": {"deleted": true},
		"U4OUT": {"team_id": "T9OTHER", "is_stranger": false},
		"U5FAR": {"team_id": "T9OTHER", "is_stranger": true},
		"U6GST": {"is_restricted": true, "is_ultra_restricted": false, "is_email_confirmed": false},
		"U7BOT": {"is_bot": true},
		"U0BOT": {"is_bot": true},
	} {
		r := user(id)
		for field, v := range want {
			if got := r.at("user", field); got != v {
				t.Errorf("%s: %s is %v, want %v", id, field, got, v)
			}
		}
	}
	if r := user("U4OUT"); r.at("user", "profile", "email") != nil {
		t.Errorf("an outsider's e-mail shows: %s", r.raw)
	}
	if r := user("U9"); r.code() != "user_not_found" {
		t.Errorf("%s", r.raw)
	}
	for mail, want := range map[string]string{
		"ANN@example.com": "", "old@example.com": "users_not_found", "olga@other.example": "users_not_found", "no@example.com": "users_not_found",
	} {
		if r := b.form("users.lookupByEmail", url.Values{"email": {mail}}); r.code() != want {
			t.Errorf("%s: %s", mail, r.raw)
		}
	}
}

func TestUsersAreListedInPages(t *testing.T) {
	t.Parallel()
	b := start(t)
	seen := []string{}
	cursor := ""
	for range 10 {
		r := b.form("users.list", url.Values{"limit": {"3"}, "cursor": {cursor}})
		members, _ := r.at("members").([]any)
		for _, m := range members {
			seen = append(seen, reply{fields: m.(map[string]any)}.text("id"))
		}
		if cursor = r.text("response_metadata", "next_cursor"); cursor == "" {
			break
		}
	}
	if len(seen) != 8 || seen[0] != "U0BOT" || seen[7] != "U7BOT" {
		t.Errorf("saw %v", seen)
	}
	if r := b.form("users.list", url.Values{"cursor": {"bogus"}}); r.code() != "invalid_cursor" {
		t.Errorf("%s", r.raw)
	}
}

func TestTeamAndGroupsAreServed(t *testing.T) {
	t.Parallel()
	b := start(t, func(c *slacksim.Config) {
		c.Manifest = nil
		c.UserGroups = []slacksim.UserGroup{
			{ID: "S1", Handle: "it", Name: "IT", Users: []string{"U1ANN"}}, {ID: "S2", Handle: "gone", Disabled: true},
		}
	})
	if r := b.form("team.info", nil); r.text("team", "domain") != "sandbox" {
		t.Errorf("%s", r.raw)
	}
	r := b.form("usergroups.list", url.Values{"include_users": {"true"}})
	if groups, _ := r.at("usergroups").([]any); len(groups) != 1 || !strings.Contains(string(r.raw), `"users":["U1ANN"]`) {
		t.Errorf("%s", r.raw)
	}
	if r := b.form("usergroups.users.list", url.Values{"usergroup": {"S1"}}); !strings.Contains(string(r.raw), "U1ANN") {
		t.Errorf("%s", r.raw)
	}
	if r := b.form("usergroups.users.list", url.Values{"usergroup": {"S2"}}); r.code() != "no_such_subteam" {
		t.Errorf("%s", r.raw)
	}
	if r := b.form("bots.info", url.Values{"bot": {"B0BOT"}}); r.text("bot", "user_id") != "U0BOT" {
		t.Errorf("%s", r.raw)
	}
}
