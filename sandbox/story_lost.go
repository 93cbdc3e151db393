package sandbox

import (
	"context"
	"fmt"
	"strings"
	"time"

	"usher/sandbox/jirasim"
	"usher/sandbox/slacksim"
)

// issueLost loses Jira's answer to the making of an issue. Jira's search shows a new issue late and knows no
// idempotency key, so only patience keeps Usher from making a second one.
func (t *tour) issueLost(ctx context.Context) error {
	before := len(t.w.Jira.Issues())
	t.w.Jira.Inject(jirasim.Fault{Name: "issue.create", Kind: jirasim.FaultLostAnswer, Times: 1})
	if err := t.w.Request(ctx, "aisha", "github write", "GitHub: Write", "1 hour", "Mend the build"); err != nil {
		return err
	}
	if err := t.until(ctx, "Jira made the issue and its answer was lost", func() bool {
		return len(t.w.Jira.Issues()) == before+1 && t.lost("jira", "issue.create") == 1
	}); err != nil {
		return err
	}
	if err := t.passing(ctx, time.Minute, 8, "priya", "Aisha Bello", "Approve"); err != nil {
		return err
	}
	t.seen("minutes later Usher found the issue, and Priya was asked")
	if n := len(t.w.Jira.Issues()) - before; n != 1 {
		return fmt.Errorf("there are %d issues for one request", n)
	}
	t.seen("exactly one issue")
	return t.denyNewest(ctx, "priya", "Aisha Bello", "aisha")
}

// jiraDown shows that a policy which approves by itself gives nothing before there is a record.
func (t *tour) jiraDown(ctx context.Context) error {
	before := len(t.w.Jira.Issues())
	if err := t.settled(ctx, 100*time.Millisecond); err != nil { // What is left of earlier scenes is not to be tried first.
		return err
	}
	t.w.Jira.Inject(jirasim.Fault{Name: "issue.create", Kind: jirasim.FaultDown})
	if err := t.w.Request(ctx, "petra", "zoom", "Zoom: Webinar host", "1 day", "The results of the year"); err != nil {
		return err
	}
	if err := t.passing(ctx, time.Minute, 10, "petra", "Zoom", "being recorded", "Jira cannot be reached"); err != nil {
		return err
	}
	if err := t.notMember(groupZoom, "petra"); err != nil {
		return err
	}
	t.seen("approved by the policy, recorded nowhere, given to nobody")
	t.w.ClearFaults()
	if err := t.passing(ctx, time.Minute, 8, "petra", "Zoom", "active until"); err != nil {
		return err
	}
	if n := len(t.w.Jira.Issues()) - before; n != 1 || !t.w.Member(groupZoom, "petra") {
		return fmt.Errorf("after the outage there are %d issues, and Petra is in the group: %t", n, t.w.Member(groupZoom, "petra"))
	}
	t.seen("Jira is back: one issue, then the access")
	if err := t.w.PressHome(ctx, "petra", "Release"); err != nil {
		return err
	}
	return t.ended(ctx, groupZoom, "petra")
}

// messageLost loses Slack's answers to the first posts of a request.
func (t *tour) messageLost(ctx context.Context) error {
	before, asked := len(t.w.Jira.Issues()), t.told("priya", "Elena Petrova")
	t.w.Slack.Inject(slacksim.Fault{Name: "chat.postMessage", Kind: slacksim.LostAnswer, Times: 2})
	if err := t.w.Request(ctx, "elena", "github write", "GitHub: Write", "1 hour", "Mend the tests"); err != nil {
		return err
	}
	if err := t.until(ctx, "both posts arrived and both answers were lost", func() bool { return t.lost("slack", "chat.postMessage") == 2 }); err != nil {
		return err
	}
	for range 3 {
		t.w.Clock.Advance(5 * time.Second)
		if err := t.settled(ctx, 100*time.Millisecond); err != nil {
			return err
		}
	}
	if n := t.told("elena", "GitHub: Write"); n != 1 {
		return fmt.Errorf("Elena has %d messages about her request, expected one", n)
	}
	// The copy with buttons that work is the one whose address Usher found again.
	if err := t.denyNewest(ctx, "priya", "Elena Petrova", "elena"); err != nil {
		return err
	}
	if err := t.settled(ctx, 300*time.Millisecond); err != nil {
		return err
	}
	if n := t.told("priya", "Elena Petrova") - asked; n != 1 {
		return fmt.Errorf("Priya has %d copies of the question, expected one", n)
	}
	if n, live := t.told("elena", "GitHub: Write"), t.told("elena", "GitHub: Write: denied"); n != 2 || live != 1 {
		return fmt.Errorf("Elena has %d messages about her request and %d with the answer, expected a first and one with the answer", n, live)
	}
	t.seen("one question to Priya and one message to Elena, although neither post was answered; the answer is one more")
	if n := len(t.w.Jira.Issues()) - before; n != 1 {
		return fmt.Errorf("there are %d issues for one request", n)
	}
	return nil
}

// lost counts the calls of a vendor whose answer was lost.
func (t *tour) lost(vendor, name string) int {
	n := 0
	switch vendor {
	case "jira":
		for _, c := range t.w.Jira.Calls() {
			if c.Name == name && c.Fault == "lost_answer" {
				n++
			}
		}
	case "slack":
		for _, c := range t.w.Slack.Calls() {
			if c.Name == name && c.Fault == "lost_answer" {
				n++
			}
		}
	}
	return n
}

// passing lets time pass in steps until somebody has a message with the words.
func (t *tour) passing(ctx context.Context, step time.Duration, most int, handle string, words ...string) error {
	has := func() bool {
		for _, m := range t.w.Slack.Messages(t.w.slackID(handle)) {
			if contains(m.Plain()+" "+m.Text, words) {
				return true
			}
		}
		return false
	}
	for range most {
		if has() {
			return nil
		}
		t.w.Clock.Advance(step)
		if err := t.settled(ctx, 60*time.Millisecond); err != nil {
			return err
		}
	}
	// On a busy machine the clock may have outrun Usher: all that was due is due, and only has to be done.
	wait, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if t.w.Slack.Wait(wait, has) != nil {
		return fmt.Errorf("%s has no message with %q after %s", handle, strings.Join(words, ", "), time.Duration(most)*step)
	}
	return nil
}

// denyNewest ends a request by a denial, which leaves nothing behind.
func (t *tour) denyNewest(ctx context.Context, approver, requester, handle string) error {
	m, err := t.w.WaitMessage(ctx, approver, requester, "Deny")
	if err != nil {
		return err
	}
	if err := t.deny(ctx, approver, m, "The tour needs no more."); err != nil {
		return err
	}
	_, err = t.w.WaitMessage(ctx, handle, "denied", "needs no more")
	return err
}

// deny presses Deny and gives the reason.
func (t *tour) deny(ctx context.Context, approver string, m slacksim.Message, why string) error {
	if err := t.w.Press(ctx, approver, m, "deny"); err != nil {
		return err
	}
	if _, err := t.w.WaitView(ctx, approver, "deny"); err != nil {
		return err
	}
	if err := t.w.Fill(ctx, approver, "plain_text_input", why); err != nil {
		return err
	}
	_, err := t.w.Submit(ctx, approver)
	return err
}
