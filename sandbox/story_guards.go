package sandbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"usher/sandbox/slacksim"
)

// strangers are refused before a form opens.
func (t *tour) strangers(ctx context.Context) error {
	if err := t.refused(ctx, "gina", "full members of this workspace only"); err != nil {
		return err
	}
	return t.refused(ctx, "una", "not confirmed in Slack")
}

// refused has somebody type /access and expects a sentence instead of a form.
func (t *tour) refused(ctx context.Context, handle, words string) error {
	id := t.w.slackID(handle)
	if _, err := t.w.Slack.Run(ctx, id, "/access", ""); err != nil {
		return err
	}
	opened := false
	err := t.until(ctx, handle+" is told: "+words, func() bool {
		_, opened = t.w.Slack.View(id)
		return opened || slices.ContainsFunc(t.w.whispers(handle), func(m slacksim.Message) bool { return contains(m.Plain(), []string{words}) })
	})
	if opened {
		return fmt.Errorf("%s was given a form and should have been refused", handle)
	}
	return err
}

// notRouted forges approvals by somebody who was not asked, and one by Priya from a message that was never hers.
func (t *tour) notRouted(ctx context.Context) error {
	b, ok := button(t.ask.Blocks, "approve")
	if !ok {
		return errors.New("the question has no Approve button")
	}
	jonas := t.w.slackID("jonas")
	if _, err := t.w.OpenHome(ctx, "jonas", "Your access"); err != nil {
		return err
	}
	home, _ := t.w.Slack.Home(jonas)
	stray := t.ask
	stray.TS = "1700000000.000001"
	forged := []struct {
		who, words string
		payload    any
	}{
		{"jonas", "not routed to you", t.forgedClick(jonas, t.ask, b)},
		{"jonas", "not routed to you", t.forgedHomeClick(jonas, home, b)},
		{"priya", "another copy of the message", t.forgedClick(t.w.slackID("priya"), stray, b)},
	}
	for _, f := range forged {
		before := t.told(f.who, f.words)
		if _, err := t.w.Slack.Send(ctx, "interactive", f.payload); err != nil {
			return err
		}
		if err := t.until(ctx, f.who+" is told: "+f.words, func() bool { return t.told(f.who, f.words) > before }); err != nil {
			return err
		}
		if got := t.status(); got != "Waiting for approval" {
			return fmt.Errorf("a forged click of %s moved the issue to %q", f.who, got)
		}
	}
	return t.notMember(groupWrite, "maya")
}

// forge sends somebody's click on a button of another person's message and expects a refusal with the words.
func (t *tour) forge(ctx context.Context, who string, m slacksim.Message, label, words string) error {
	b, ok := button(m.Blocks, label)
	if !ok {
		return fmt.Errorf("the message has no button %q:\n%s", label, m.Plain())
	}
	before := t.told(who, words)
	if _, err := t.w.Slack.Send(ctx, "interactive", t.forgedClick(t.w.slackID(who), m, b)); err != nil {
		return err
	}
	return t.until(ctx, who+", who forged a click, is told: "+words, func() bool { return t.told(who, words) > before })
}

// told counts the messages in somebody's DM that say the words.
func (t *tour) told(handle, words string) int {
	n := 0
	for _, m := range t.w.Slack.Messages(t.w.slackID(handle)) {
		if contains(m.Plain()+m.Text, []string{words}) {
			n++
		}
	}
	return n
}

// forgedHomeClick is a press of a button that never stood on the person's Home tab.
func (t *tour) forgedHomeClick(user string, home slacksim.View, b element) any {
	p := t.forgedClick(user, slacksim.Message{}, b)
	delete(p, "channel")
	delete(p, "message")
	p["container"] = map[string]any{"type": "view", "view_id": home.ID}
	p["view"] = home.Raw
	return p
}

// ineligible has Hugo of Sales look for a role of Engineering, and then forge the form that he was not offered.
func (t *tour) ineligible(ctx context.Context) error {
	if err := t.w.Form(ctx, "hugo", "zoom", "Zoom: Webinar host", ""); err != nil {
		return err
	}
	if err := t.w.Choose(ctx, "hugo", "github write", "GitHub: Write"); err == nil {
		return errors.New("the search offers Hugo GitHub: Write")
	}
	t.seen("the search does not offer GitHub: Write to Hugo")
	if err := t.w.Fill(ctx, "hugo", "plain_text_input", "I would like to"); err != nil {
		return err
	}
	v, _ := t.w.Slack.View(t.w.slackID("hugo"))
	frame, err := t.w.Slack.Submitted(t.w.slackID("hugo"), v.ID)
	if err != nil {
		return err
	}
	// As if his client had sent another role than the one that was chosen.
	payload := strings.ReplaceAll(string(frame.Payload), "zoom-webinar", "github-write")
	payload = strings.ReplaceAll(payload, `"value":"1d"`, `"value":"6h"`)
	before := len(t.w.Jira.Issues())
	got, err := t.w.Slack.Send(ctx, frame.Type, json.RawMessage(payload))
	if err != nil {
		return err
	}
	if !contains(string(got.Ack), []string{"cannot ask for GitHub: Write", "Only Engineering"}) {
		return fmt.Errorf("the forged form should be refused with the reason of the catalog; the answer was %s", got.Ack)
	}
	t.seen("a forged form is refused: only Engineering, Data, Design and contractors write code")
	if n := len(t.w.Jira.Issues()); n != before {
		return fmt.Errorf("%d issues were made by a refused form", n-before)
	}
	return t.w.Slack.CloseAll(ctx, t.w.slackID("hugo"))
}
