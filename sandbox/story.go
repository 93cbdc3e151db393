package sandbox

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"usher/sandbox/slacksim"
)

// The groups of the story, by their ids in the company file.
const (
	groupWrite = "00g1githubwrite"
	groupAdmin = "00g1githubadmin"
	groupLogs  = "00g1datadog"
	groupZoom  = "00g1zoomwebinar"
)

// story is the tour, scene by scene. Each ends in a state of its own, so that what one shows does not lean on luck of
// another.
func (t *tour) story() []scene {
	directory := t.w.Directory.Label()
	return []scene{
		{"Usher is connected to Slack with two sockets", t.connected},
		{"A guest and an unconfirmed address are refused", t.strangers},
		{"Maya asks for GitHub: Write in a modal that says who decides", t.asks},
		{"A missing reason is shown beside its field", t.validation},
		{"The request becomes a Jira issue, and Priya is asked in a DM", t.filed},
		{"Maya cannot approve her own request", t.selfApproval},
		{"Nobody else can approve it, nor Priya with another message's button", t.notRouted},
		{"Priya approves: the group changes and is read back", t.approves},
		{"A second click and an old copy of the message change nothing", t.doubleClick},
		{"Maya's Home tab counts the time down", t.homeTab},
		{"A day later the access is gone", t.expires},
		{"The evidence is on the issue", t.evidence},
		{"Lin denies with a reason", t.denies},
		{"Hugo of Sales cannot ask for GitHub: Write, not even with a forged form", t.ineligible},
		{"Wendy takes her request back", t.cancels},
		{"Nobody decides: after three days the request is over", t.lapses},
		{"Two owners press at once: one decision; then security decides", t.twoSteps},
		{directory + " is down during an approval", t.downGiving},
		{directory + " is down when the time is up", t.downTaking},
		{"Jira is down: nothing is given before there is a record", t.jiraDown},
		{"Jira makes an issue and its answer is lost", t.issueLost},
		{"Slack posts messages and its answers are lost", t.messageLost},
		{"A membership from before Usher stays", t.preexisting},
		{"Two roles share a group: the end of one leaves the other", t.shared},
		{"The owner revokes", t.revokes},
		{"A removal is held up until another role needs the membership", t.overtaken},
		{"Ravi is told an hour before six hours end", t.noticed},
		{"Extend with one click, then give back early", t.extendAndRelease},
		{"Usher is restarted in the middle, and the end comes while it is away", t.restart},
		{"A quiet day: nobody is called", t.quiet},
		{"Nobody holds more than was granted", t.audit},
	}
}

func (t *tour) connected(ctx context.Context) error {
	return t.until(ctx, "two sockets are up", func() bool { return t.w.Slack.Connections() >= 2 })
}

func (t *tour) asks(ctx context.Context) error {
	if err := t.w.Form(ctx, "maya", "githb writ", "GitHub: Write", "1 day"); err != nil {
		return err
	}
	v, err := t.w.WaitView(ctx, "maya", "Priya Nair")
	if err != nil {
		return err
	}
	t.seen("a search with two typos found the role")
	t.seen("the form names Priya Nair as the one who decides, before anything is sent")
	t.step.Screen = v.Plain()
	return nil
}

func (t *tour) validation(ctx context.Context) error {
	if err := t.w.Fill(ctx, "maya", "plain_text_input", "  "); err != nil {
		return err
	}
	got, err := t.w.Submit(ctx, "maya")
	if err != nil {
		return err
	}
	if len(got.Errors) != 1 || got.Closed {
		return fmt.Errorf("expected one error beside the reason, got %v (closed: %t)", got.Errors, got.Closed)
	}
	for _, text := range got.Errors {
		t.seen("the form stays open and says: %s", text)
	}
	if n := len(t.w.Jira.Issues()); n != 0 {
		return fmt.Errorf("%d issues were made by a refused form", n)
	}
	return nil
}

func (t *tour) filed(ctx context.Context) error {
	if err := t.w.Fill(ctx, "maya", "plain_text_input", "Fix the checkout bug *urgently* {color:red}now{color}"); err != nil {
		return err
	}
	if _, err := t.w.Submit(ctx, "maya"); err != nil {
		return err
	}
	if _, err := t.w.WaitView(ctx, "maya", "filed"); err != nil {
		return err
	}
	if err := t.w.Slack.CloseAll(ctx, t.w.slackID("maya")); err != nil {
		return err
	}
	m, err := t.w.WaitMessage(ctx, "priya", "Maya Chen", "GitHub", "1 day", "Approve")
	if err != nil {
		return err
	}
	t.ask = m
	if t.issue, err = t.newestIssue("Waiting for approval"); err != nil {
		return err
	}
	if err := t.reporter("maya"); err != nil {
		return err
	}
	if !strings.Contains(string(m.Blocks), t.issue) {
		return fmt.Errorf("the question to Priya does not link to %s", t.issue)
	}
	if !contains(m.Text, []string{"Maya Chen", "GitHub", "1 day"}) {
		return fmt.Errorf("the notification text does not carry the question: %q", m.Text)
	}
	t.seen("issue %s waits for approval, reported by Maya, and Priya's message links to it", t.issue)
	t.step.Screen = m.Plain()
	return t.notMember(groupWrite, "maya")
}

func (t *tour) selfApproval(ctx context.Context) error {
	b, ok := button(t.ask.Blocks, "approve")
	if !ok {
		return errors.New("the question has no Approve button")
	}
	// What a forwarded or forged copy would send: Maya's click on the button that was meant for Priya.
	_, err := t.w.Slack.Send(ctx, "interactive", t.forgedClick(t.w.slackID("maya"), t.ask, b))
	if err != nil {
		return err
	}
	if err := t.until(ctx, "Maya is told that somebody else has to decide", func() bool {
		return slices.ContainsFunc(t.w.Slack.Messages(t.w.slackID("maya")), func(m slacksim.Message) bool {
			return contains(m.Plain()+m.Text, []string{"own request"})
		})
	}); err != nil {
		return err
	}
	if got := t.status(); got != "Waiting for approval" {
		return fmt.Errorf("the issue moved to %q", got)
	}
	return t.notMember(groupWrite, "maya")
}

// forgedClick is the payload of a button press by somebody else than the reader of the message. Each is a click of its
// own time, so that none is taken for a repetition of another.
func (t *tour) forgedClick(user string, m slacksim.Message, b element) map[string]any {
	t.forged++
	return map[string]any{
		"type": "block_actions", "api_app_id": "A0USHER", "team": map[string]any{"id": "T0LARKSPUR", "domain": "sandbox"},
		"user":      map[string]any{"id": user, "username": "forger", "name": "forger", "team_id": "T0LARKSPUR"},
		"container": map[string]any{"type": "message", "message_ts": m.TS, "channel_id": m.Channel, "is_ephemeral": false},
		"channel":   map[string]any{"id": m.Channel, "name": "directmessage"},
		"message":   map[string]any{"type": "message", "ts": m.TS, "text": m.Text, "blocks": m.Blocks},
		"actions": []any{map[string]any{
			"type": "button", "action_id": b.Action, "block_id": b.Block, "value": b.Value,
			"action_ts": fmt.Sprintf("1700000000.%06d", t.forged),
		}},
		"trigger_id": "1.2.forged", "is_enterprise_install": false,
	}
}

func (t *tour) approves(ctx context.Context) error {
	if err := t.w.Press(ctx, "priya", t.ask, "approve"); err != nil {
		return err
	}
	if err := t.member(ctx, groupWrite, "maya"); err != nil {
		return err
	}
	m, err := t.w.WaitMessage(ctx, "maya", "GitHub", "active until")
	if err != nil {
		return err
	}
	t.step.Screen = m.Plain()
	t.seen("Maya's message says that the access is active")
	if !t.readBack(Adds, groupWrite, "maya") {
		return errors.New("the change was not read back after it was made")
	}
	t.seen("the membership was read back from %s after the change", t.w.Directory.Label())
	if err := t.until(ctx, "the issue is Active", func() bool { return t.status() == "Active" }); err != nil {
		return err
	}
	return t.until(ctx, "Priya's buttons are gone and her message says who decided", func() bool {
		now, _ := t.w.Slack.Message(t.ask.Channel, t.ask.TS)
		_, left := button(now.Blocks, "approve")
		return !left && contains(now.Plain(), []string{"approved", "Priya Nair"})
	})
}

func (t *tour) doubleClick(ctx context.Context) error {
	before := len(t.w.Directory.History(groupWrite))
	if err := t.w.PressStale(ctx, "priya", t.ask, "approve"); err != nil {
		return err
	}
	if err := t.until(ctx, "Priya is told that the request was approved already", func() bool {
		return slices.ContainsFunc(t.w.Slack.Messages(t.w.slackID("priya")), func(m slacksim.Message) bool {
			return contains(m.Plain()+m.Text, []string{"already approved by you"})
		})
	}); err != nil {
		return err
	}
	if now := len(t.w.Directory.History(groupWrite)); now != before {
		return fmt.Errorf("the second click changed the group: %d changes before, %d after", before, now)
	}
	t.seen("the group was not touched again")
	return nil
}

func (t *tour) homeTab(ctx context.Context) error {
	t.w.Clock.Advance(2 * time.Hour)
	if err := t.settled(ctx, 100*time.Millisecond); err != nil {
		return err
	}
	v, err := t.w.OpenHome(ctx, "maya", "GitHub", "Write", "22 h")
	if err != nil {
		return err
	}
	t.seen("two hours later the Home tab shows 22 hours left")
	t.step.Screen = v.Plain()
	return nil
}

func (t *tour) expires(ctx context.Context) error {
	t.w.Clock.Advance(22 * time.Hour)
	if err := t.ended(ctx, groupWrite, "maya"); err != nil {
		return err
	}
	if err := t.until(ctx, "the issue is Done", func() bool { return t.status() == "Done" }); err != nil {
		return err
	}
	m, err := t.w.WaitMessage(ctx, "maya", "GitHub", "ended")
	if err != nil {
		return err
	}
	t.step.Screen = m.Plain()
	return nil
}

func (t *tour) evidence(ctx context.Context) error {
	is, ok := t.w.Jira.Issue(t.issue)
	if !ok {
		return fmt.Errorf("issue %s is gone", t.issue)
	}
	all := issueText(is)
	for _, want := range []string{"Maya Chen asked for GitHub", "Priya Nair approved", "Added Maya Chen", "Access is active until", "Removed Maya Chen", "Access has ended"} {
		if !strings.Contains(all, want) {
			return fmt.Errorf("issue %s does not say %q:\n%s", t.issue, want, all)
		}
	}
	if !strings.Contains(all, "{color:red}now{color}") {
		return fmt.Errorf("what Maya typed is not on the issue letter by letter:\n%s", all)
	}
	t.seen("request, decision, change, proof, end: all on %s; what Maya typed is shown, not interpreted", t.issue)
	t.step.Screen = all
	return nil
}

func (t *tour) denies(ctx context.Context) error {
	if err := t.w.Request(ctx, "carla", "figma", "Figma: Editor", "", "A slide for a customer"); err != nil {
		return err
	}
	m, err := t.w.WaitMessage(ctx, "lin", "Carla Silva", "Figma", "Deny")
	if err != nil {
		return err
	}
	if err := t.deny(ctx, "lin", m, "Please use the viewer for slides."); err != nil {
		return err
	}
	got, err := t.w.WaitMessage(ctx, "carla", "denied", "Lin Zhao", "use the viewer")
	if err != nil {
		return err
	}
	t.seen("Carla is told who denied it and why")
	t.step.Screen = got.Plain()
	if t.issue, err = t.newestIssue(""); err != nil {
		return err
	}
	if err := t.until(ctx, "the issue is Denied", func() bool { return t.status() == "Denied" }); err != nil {
		return err
	}
	return t.notMember("00g1figmaeditor", "carla")
}

func (t *tour) twoSteps(ctx context.Context) error {
	if err := t.w.Request(ctx, "jonas", "github admin", "GitHub: Administrator", "1 hour", "Rotate the deploy keys"); err != nil {
		return err
	}
	first, err := t.w.WaitMessage(ctx, "tomas", "Jonas Weber", "Administrator", "Approve")
	if err != nil {
		return err
	}
	second, err := t.w.WaitMessage(ctx, "omar", "Jonas Weber", "Administrator", "Approve")
	if err != nil {
		return err
	}
	errs := make(chan error, 2)
	go func() { errs <- t.w.Press(ctx, "tomas", first, "approve") }()
	go func() { errs <- t.w.PressStale(ctx, "omar", second, "approve") }()
	if err := errors.Join(<-errs, <-errs); err != nil {
		return err
	}
	m, err := t.w.WaitMessage(ctx, "ingrid", "Jonas Weber", "Administrator", "Approve")
	if err != nil {
		return err
	}
	t.seen("both owners pressed, one decision counted, and security was asked")
	if err := t.notMember(groupAdmin, "jonas"); err != nil {
		return err
	}
	if err := t.w.Press(ctx, "ingrid", m, "approve"); err != nil {
		return err
	}
	if err := t.member(ctx, groupAdmin, "jonas"); err != nil {
		return err
	}
	if _, err := t.w.WaitMessage(ctx, "jonas", "Administrator", "active until"); err != nil {
		return err
	}
	t.w.Clock.Advance(time.Hour)
	return t.ended(ctx, groupAdmin, "jonas")
}
