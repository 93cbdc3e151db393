package sandbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

const (
	groupSales   = "00g1salesforce"
	groupReports = "00g1sfreports"
)

// shared holds two roles of one group and ends one of them.
func (t *tour) shared(ctx context.Context) error {
	for _, want := range [][2]string{{"Salesforce: User", "7 days"}, {"Salesforce: Reports", "1 day"}} {
		if err := t.sells(ctx, "bella", "Bella Rossi", want[0], want[1]); err != nil {
			return err
		}
		if _, err := t.w.WaitMessage(ctx, "bella", want[0], "active until"); err != nil {
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

// sells asks for a role of Salesforce, which Grace approves.
func (t *tour) sells(ctx context.Context, handle, name, role, length string) error {
	if err := t.w.Request(ctx, handle, role, role, length, "The campaign of the spring"); err != nil {
		return err
	}
	m, err := t.w.WaitMessage(ctx, "grace", name+" asks for "+role, "Approve")
	if err != nil {
		return err
	}
	return t.w.Press(ctx, "grace", m, "approve")
}

// half gives a role of two groups while only one of them can be changed.
func (t *tour) half(ctx context.Context) error {
	t.troubles("error_503", 1, Adds)
	if err := t.sells(ctx, "iris", "Iris Novak", "Salesforce: Reports", "1 day"); err != nil {
		return err
	}
	if err := t.passing(ctx, 5*time.Second, 10, "iris", "Salesforce: Reports", "not there yet", "keeps trying"); err != nil {
		return err
	}
	if t.w.Member(groupSales, "iris") == t.w.Member(groupReports, "iris") {
		return errors.New("Iris should be in one of the two groups")
	}
	t.seen("in one group of two the access is not called active")
	t.w.ClearFaults()
	t.w.Clock.Advance(30 * time.Second)
	return nil
}

// overtaken has a removal held up until another role needs the membership again.
func (t *tour) overtaken(ctx context.Context) error {
	if err := t.half(ctx); err != nil {
		return err
	}
	if _, err := t.w.WaitMessage(ctx, "iris", "Salesforce: Reports", "active until"); err != nil {
		return err
	}
	t.troubles("error_503", 0, Removes)
	t.w.Clock.Advance(24 * time.Hour)
	if err := t.passing(ctx, 5*time.Second, 10, "iris", "Salesforce: Reports", "is ending", "keeps trying"); err != nil {
		return err
	}
	before := len(t.w.Directory.History(groupSales))
	if err := t.sells(ctx, "iris", "Iris Novak", "Salesforce: User", "7 days"); err != nil {
		return err
	}
	if _, err := t.w.WaitMessage(ctx, "iris", "Salesforce: User", "approved by Grace Obi"); err != nil {
		return err
	}
	t.w.ClearFaults()
	t.w.Clock.Advance(30 * time.Second)
	if err := t.ended(ctx, groupReports, "iris"); err != nil {
		return err
	}
	m, err := t.w.WaitMessage(ctx, "iris", "Salesforce: User", "active until")
	if err != nil {
		return err
	}
	if now := len(t.w.Directory.History(groupSales)); now != before || !t.w.Member(groupSales, "iris") {
		return fmt.Errorf("the membership that User needs was changed: %d changes before, %d after", before, now)
	}
	t.seen("the held-up removal spared the group that was needed again")
	if err := t.w.Press(ctx, "iris", m, "release"); err != nil {
		return err
	}
	return t.ended(ctx, groupSales, "iris")
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
