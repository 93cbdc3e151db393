package sandbox

import (
	"context"
	"errors"
	"fmt"
	"time"

	"usher/sandbox/slacksim"
)

const groupRead = "00g1githubread"

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
	return t.until(ctx, "the notice has lost its buttons", func() bool {
		now, _ := t.w.Slack.Message(m.Channel, m.TS)
		_, left := button(now.Blocks, "I am done")
		return !left
	})
}
