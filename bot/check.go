package bot

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Finding is one thing that was checked, in words for the person who runs Usher.
type Finding struct {
	Subject string
	OK      bool
	Detail  string
	// Fix says what to do; empty when OK.
	Fix string
}

// scopes are what the code needs and why; the manifest must grant the same.
func scopes() [][2]string {
	return [][2]string{
		{"commands", "the slash command and the shortcut"},
		{"chat:write", "messages to people"},
		{"im:write", "naming the DM to look into"},
		{"im:history", "looking for a message before it is posted again"},
		{"users:read", "who is a full member"},
		{"users:read.email", "matching people to the directory"},
	}
}

// skewMax is how far Slack's clock and ours may be apart before triggers and times become doubtful.
const skewMax = 30 * time.Second

// Check asks Slack whether everything that the bot needs is there. It changes nothing and posts nothing.
func (n *Notifier) Check(ctx context.Context) []Finding {
	began := n.cfg.Now()
	a, err := n.api.AuthTestContext(ctx)
	if err != nil {
		return []Finding{trouble("bot token", err), n.checkSocket(ctx)}
	}
	list := []Finding{{Subject: "bot token", OK: true, Detail: "signed in to " + line(a.Team) + " as " + line(a.User)}}
	list = append(list, scopeFindings(a.Header)...)
	list = append(list, n.checkSocket(ctx))
	return append(list, skewFinding(a.Header.Get("Date"), began, n.cfg.Now()))
}

// Check is the same as Notifier.Check.
func (b *Bot) Check(ctx context.Context) []Finding { return b.notifier.Check(ctx) }

func trouble(subject string, err error) Finding {
	fix := orWord(hopeless(err), "see whether Slack can be reached from here, and try again")
	return Finding{Subject: subject, Detail: safeCause(err).Error(), Fix: fix}
}

// scopeFindings compares the scopes that Slack says the token has with those that are needed.
func scopeFindings(h http.Header) []Finding {
	values := h.Values("X-Oauth-Scopes")
	if len(values) == 0 {
		return []Finding{{Subject: "scopes", Detail: "Slack did not say which scopes the token has", Fix: "compare the app's scopes with manifest.yml"}}
	}
	var have []string
	for _, s := range strings.Split(strings.Join(values, ","), ",") {
		have = append(have, strings.TrimSpace(s))
	}
	var list []Finding
	for _, s := range scopes() {
		f := Finding{Subject: "scope " + s[0], OK: slices.Contains(have, s[0]), Detail: "for " + s[1]}
		if !f.OK {
			f.Detail = "missing: needed for " + s[1]
			f.Fix = "add it in the app's settings (OAuth & Permissions) or update the app from manifest.yml, then install the app again"
		}
		list = append(list, f)
	}
	return list
}

func (n *Notifier) checkSocket(ctx context.Context) Finding {
	_, _, err := n.api.StartSocketModeContext(ctx)
	if err != nil {
		return trouble("socket mode", err)
	}
	return Finding{Subject: "socket mode", OK: true, Detail: "the app-level token opens sockets"}
}

func skewFinding(date string, before, after time.Time) Finding {
	f := Finding{Subject: "clock"}
	theirs, err := http.ParseTime(date)
	if err != nil {
		f.Detail, f.Fix = "Slack's answer carries no time", "check by hand that this machine's clock is right"
		return f
	}
	// The header has whole seconds, and the answer was written somewhere between before and after.
	skew := max(theirs.Sub(after), before.Sub(theirs.Add(time.Second)), 0)
	if f.OK = skew <= skewMax; f.OK {
		f.Detail = "agrees with Slack's"
		return f
	}
	f.Detail = fmt.Sprintf("%s away from Slack's", skew.Round(time.Second))
	f.Fix = "let this machine set its clock by NTP"
	if theirs.After(after) {
		f.Detail += ", behind it"
	}
	return f
}
