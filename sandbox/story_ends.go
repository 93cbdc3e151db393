package sandbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"usher/sandbox/slacksim"
)

const (
	groupSales   = "00g1salesforce"
	groupReports = "00g1sfreports"
	groupRead    = "00g1githubread"
)

// lapses leaves a request undecided until its deadline.
func (t *tour) lapses(ctx context.Context) error {
	m, err := t.asked(ctx, "sofia", "snowflake", "Snowflake: Analyst", "omar", "Sofia Reyes")
	if err != nil {
		return err
	}
	t.w.Clock.Advance(71 * time.Hour)
	if err := t.settled(ctx, 100*time.Millisecond); err != nil {
		return err
	}
	if got := t.status(); got != "Waiting for approval" {
		return fmt.Errorf("an hour before the deadline the issue is %q", got)
	}
	t.w.Clock.Advance(time.Hour)
	if err := t.until(ctx, "after three days the issue is Canceled", func() bool { return t.status() == "Canceled" }); err != nil {
		return err
	}
	if err := t.closed(ctx, m, "expired"); err != nil {
		return err
	}
	_, err = t.w.WaitMessage(ctx, "sofia", "request expired", "Nobody decided")
	return err
}

// cancels takes a request back that nobody has decided.
func (t *tour) cancels(ctx context.Context) error {
	m, err := t.asked(ctx, "wendy", "notion", "Notion: Member", "ruth", "Wendy Park")
	if err != nil {
		return err
	}
	mine, err := t.w.WaitMessage(ctx, "wendy", "Notion", "waits for approval")
	if err != nil {
		return err
	}
	if err := t.forge(ctx, "ruth", mine, "cancel request", "Only the requester can cancel"); err != nil {
		return err
	}
	if err := t.w.Press(ctx, "wendy", mine, "cancel request"); err != nil {
		return err
	}
	if err := t.until(ctx, "Wendy took her request back and the issue is Canceled", func() bool { return t.status() == "Canceled" }); err != nil {
		return err
	}
	if err := t.closed(ctx, m, "canceled"); err != nil {
		return err
	}
	if err := t.w.PressStale(ctx, "ruth", m, "approve"); err != nil {
		return err
	}
	if err := t.until(ctx, "an old copy of the question approves nothing", func() bool {
		return t.told("ruth", "was canceled by Wendy Park") > 0
	}); err != nil {
		return err
	}
	return t.notMember("00g1notion", "wendy")
}

// asked makes a request, takes its issue in hand and returns the approver's question.
func (t *tour) asked(ctx context.Context, handle, words, role, approver, name string) (slacksim.Message, error) {
	if err := t.w.Request(ctx, handle, words, role, "", "For the tour"); err != nil {
		return slacksim.Message{}, err
	}
	m, err := t.w.WaitMessage(ctx, approver, name, "asks for "+role, "Approve")
	if err != nil {
		return m, err
	}
	t.issue, err = t.newestIssue("Waiting for approval")
	return m, err
}

// closed waits until a question has no buttons any more and says why.
func (t *tour) closed(ctx context.Context, m slacksim.Message, why string) error {
	return t.until(ctx, "the question has lost its buttons and says: "+why, func() bool {
		now, _ := t.w.Slack.Message(m.Channel, m.TS)
		_, left := button(now.Blocks, "approve")
		return !left && contains(now.Plain(), []string{why})
	})
}

// noticed watches for the notice: at a sixth of the length before the end, and not earlier.
func (t *tour) noticed(ctx context.Context) error {
	if err := t.w.Request(ctx, "ravi", "github read", "GitHub: Read", "6 hours", "Read the code of the checkout"); err != nil {
		return err
	}
	if _, err := t.w.WaitMessage(ctx, "ravi", "GitHub: Read", "active until"); err != nil {
		return err
	}
	t.w.Clock.Advance(4*time.Hour + 58*time.Minute)
	if err := t.settled(ctx, 100*time.Millisecond); err != nil {
		return err
	}
	if t.told("ravi", "ends soon") != 0 {
		return errors.New("the notice came more than an hour before the end of six hours")
	}
	t.w.Clock.Advance(2 * time.Minute)
	m, err := t.w.WaitMessage(ctx, "ravi", "GitHub: Read ends soon", "Extend", "I am done")
	if err != nil {
		return err
	}
	t.seen("an hour before the end of six hours Ravi is told, with a button to extend")
	t.step.Screen = m.Plain()
	if !t.w.Member(groupRead, "ravi") {
		return errors.New("the access ended with the notice")
	}
	t.w.Clock.Advance(time.Hour)
	if err := t.ended(ctx, groupRead, "ravi"); err != nil {
		return err
	}
	return t.settled(ctx, 100*time.Millisecond)
}

// shared holds two roles of one group and ends one of them.
func (t *tour) shared(ctx context.Context) error {
	for _, want := range [][2]string{{"Salesforce: User", "7 days"}, {"Salesforce: Reports", "1 day"}} {
		role, length := want[0], want[1]
		if err := t.w.Request(ctx, "bella", role, role, length, "The campaign of the spring"); err != nil {
			return err
		}
		m, err := t.w.WaitMessage(ctx, "grace", "Bella Rossi asks for "+role, "Approve")
		if err != nil {
			return err
		}
		if err := t.w.Press(ctx, "grace", m, "approve"); err != nil {
			return err
		}
		if _, err := t.w.WaitMessage(ctx, "bella", role, "active until"); err != nil {
			return err
		}
	}
	var err error
	if t.issue, err = t.newestIssue(""); err != nil {
		return err
	}
	if !t.w.Member(groupSales, "bella") || !t.w.Member(groupReports, "bella") {
		return errors.New("Bella is not in both groups")
	}
	t.w.Clock.Advance(24 * time.Hour)
	if err := t.ended(ctx, groupReports, "bella"); err != nil {
		return err
	}
	if _, err := t.w.WaitMessage(ctx, "bella", "Salesforce: Reports: ended"); err != nil {
		return err
	}
	if err := t.settled(ctx, 200*time.Millisecond); err != nil {
		return err
	}
	if !t.w.Member(groupSales, "bella") {
		return errors.New("the end of Reports took the group away that User still needs")
	}
	t.seen("Reports ended, and Bella is still in the group that User needs too")
	return t.says("another grant still needs it")
}

// revokes has the owner take away what Bella still holds.
func (t *tour) revokes(ctx context.Context) error {
	if err := t.w.PressHome(ctx, "grace", "Revoke access"); err != nil {
		return err
	}
	if _, err := t.w.WaitView(ctx, "grace", "Whose access?"); err != nil {
		return err
	}
	if err := t.w.Fill(ctx, "grace", "users_select", t.w.slackID("bella")); err != nil {
		return err
	}
	v, err := t.w.WaitView(ctx, "grace", "Which?", "Why?")
	if err != nil {
		return err
	}
	t.step.Screen = v.Plain()
	if err := t.w.Fill(ctx, "grace", "static_select", "Salesforce: User"); err != nil {
		return err
	}
	if err := t.w.Fill(ctx, "grace", "plain_text_input", "The campaign is over."); err != nil {
		return err
	}
	if err := t.forgedRevocation(ctx); err != nil {
		return err
	}
	if _, err := t.w.Submit(ctx, "grace"); err != nil {
		return err
	}
	if err := t.ended(ctx, groupSales, "bella"); err != nil {
		return err
	}
	if _, err := t.w.WaitMessage(ctx, "bella", "Salesforce: User: ended", "Taken away by Grace Obi", "campaign is over"); err != nil {
		return err
	}
	t.seen("Bella is told who took it away and why")
	return nil
}

// forgedRevocation sends the form that Grace has before her as if Hugo, who owns nothing, had filled it.
func (t *tour) forgedRevocation(ctx context.Context) error {
	v, _ := t.w.Slack.View(t.w.slackID("grace"))
	frame, err := t.w.Slack.Submitted(t.w.slackID("grace"), v.ID)
	if err != nil {
		return err
	}
	payload := strings.ReplaceAll(string(frame.Payload), t.w.slackID("grace"), t.w.slackID("hugo"))
	got, err := t.w.Slack.Send(ctx, frame.Type, json.RawMessage(payload))
	if err != nil {
		return err
	}
	if !contains(string(got.Ack), []string{"Only an owner of Salesforce or an admin"}) {
		return fmt.Errorf("a revocation by Hugo should be refused; the answer was %s", got.Ack)
	}
	if !t.w.Member(groupSales, "bella") {
		return errors.New("Hugo revoked an access and owns nothing")
	}
	t.seen("the same form from Hugo is refused: only an owner or an admin can revoke")
	return nil
}
