package sandbox

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"usher/sandbox/jirasim"
	"usher/sandbox/slacksim"
)

// soonMost bounds the wait for something to appear before a person; calmFor is how long nobody must have called a vendor
// for things to be called calm, and calmMost bounds that wait.
const (
	soonMost = 5 * time.Second
	calmFor  = 150 * time.Millisecond
	calmMost = 3 * time.Second
)

// soon waits a little until cond holds.
func (w *World) soon(ctx context.Context, cond func() bool) bool {
	ctx, cancel := context.WithTimeout(ctx, soonMost)
	defer cancel()
	return w.Slack.Wait(ctx, cond) == nil
}

// calm waits until what was caused has played out, so that the next look sees it. It gives up quietly: something may hang
// on purpose.
func (w *World) calm(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, calmMost)
	defer cancel()
	_ = w.quiet(ctx, calmFor)
}

// quiet waits until no vendor has been called for the given time.
func (w *World) quiet(ctx context.Context, calm time.Duration) error {
	last, since := -1, time.Now()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		if n := len(w.Directory.Calls()) + len(w.Jira.Calls()) + len(w.Slack.Calls()); n != last {
			last, since = n, time.Now()
		}
		if time.Since(since) > calm {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// seenBy is what was written to the person: the messages of the DM, and the answers in channels that only they see.
func (w *World) seenBy(p Person) []slacksim.Message {
	list := append(w.Slack.Messages(p.SlackID()), w.whispers(p.Handle)...)
	slices.SortStableFunc(list, func(a, b slacksim.Message) int { return a.PostedAt.Compare(b.PostedAt) })
	return list
}

// whispers are the answers in #general that only this person sees.
func (w *World) whispers(handle string) []slacksim.Message {
	id := w.slackID(handle)
	return slices.DeleteFunc(w.Slack.Messages(slacksim.GeneralChannel), func(m slacksim.Message) bool { return m.To != id })
}

func messageText(m slacksim.Message) string {
	if m.Ephemeral {
		return "(only you see this) " + m.Plain() + "\n"
	}
	return m.Plain() + "\n"
}

func viewText(v slacksim.View) string {
	return v.Plain() + "\n(a window; do: close shows what is behind it)\n"
}

func (w *World) homeText(p Person) string {
	home, ok := w.Slack.Home(p.SlackID())
	if !ok {
		return ""
	}
	return "Home tab\n" + w.Slack.Named(home.Plain()) + "\n"
}

func optionsText(list []slacksim.Option) string {
	if len(list) == 0 {
		return "nothing fits\n"
	}
	var b strings.Builder
	for _, o := range list {
		fmt.Fprintf(&b, "%s  %s (%s)\n", o.Value, o.Text, o.Description)
	}
	return b.String()
}

// mark remembers how each message looked, so that news can tell what changed.
func (w *World) mark(p Person) map[string]string {
	at := map[string]string{}
	for _, m := range w.seenBy(p) {
		at[m.Channel+m.TS] = messageText(m)
	}
	return at
}

// news is what the person looks at after an act: the open window, otherwise what was written or changed since then.
func (w *World) news(p Person, since map[string]string) string {
	if v, open := w.Slack.View(p.SlackID()); open {
		return w.Slack.Named(viewText(v))
	}
	var fresh []string
	for _, m := range w.seenBy(p) {
		if text := messageText(m); since[m.Channel+m.TS] != text {
			fresh = append(fresh, text)
		}
	}
	if len(fresh) == 0 {
		return "done; nothing new is on the screen\n"
	}
	return w.Slack.Named(strings.Join(fresh, "\n"))
}

// screen is what somebody has before them: the modal if one is open, else the last messages. The Home tab is not among
// it: nobody sees it without opening it, which draws it anew.
func (w *World) screen(r *http.Request) (any, error) {
	p, ok := w.Company.Person(r.URL.Query().Get("who"))
	if !ok {
		return nil, errors.New("who is missing or not among the people; GET /_sandbox/people lists them")
	}
	return w.screenText(p), nil
}

func (w *World) screenText(p Person) string {
	if v, open := w.Slack.View(p.SlackID()); open {
		return w.Slack.Named(viewText(v))
	}
	var parts []string
	list := w.seenBy(p)
	for _, m := range list[max(0, len(list)-5):] {
		parts = append(parts, messageText(m))
	}
	if len(parts) == 0 {
		return "nothing\n"
	}
	return w.Slack.Named(strings.Join(parts, "\n"))
}

// people lists everybody, one line each.
func (w *World) people(*http.Request) (any, error) {
	var b strings.Builder
	for _, p := range w.Company.People {
		fmt.Fprintf(&b, "%-8s %s, %s", p.Handle, p.Name, p.Title)
		if m, ok := w.Company.Person(p.Manager); ok {
			fmt.Fprintf(&b, " (manager: %s)", m.Handle)
		}
		for word, is := range map[string]bool{"guest": p.Guest, "outsider": p.Outsider, "unconfirmed address": p.Unconfirmed, "has left": p.Left} {
			if is {
				b.WriteString(" [" + word + "]")
			}
		}
		b.WriteString("\n")
	}
	return b.String(), nil
}

// issue is one issue as text; without a key the newest.
func (w *World) issue(r *http.Request) (any, error) {
	key := r.URL.Query().Get("key")
	if list := w.Jira.Issues(); key == "" && len(list) > 0 {
		key = list[len(list)-1].Key
	}
	is, ok := w.Jira.Issue(key)
	if !ok {
		return nil, errors.New("key names no issue, or there is none yet")
	}
	return fmt.Sprintf("%s  %s\nStatus: %s\n\n%s", is.Key, is.Summary, is.Status, issueText(is)), nil
}

// issueText is the description and the comments as a reader sees them.
func issueText(is jirasim.Issue) string {
	var b strings.Builder
	b.WriteString(jirasim.RenderWiki(is.Description) + "\n")
	for _, c := range is.Comments {
		b.WriteString("\n" + jirasim.RenderWiki(c.Body) + "\n")
	}
	return b.String()
}
