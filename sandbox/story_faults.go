package sandbox

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

func (t *tour) downGiving(ctx context.Context) error {
	if err := t.w.Request(ctx, "sofia", "aws read", "AWS: Read only", "", "Compare the bills"); err != nil {
		return err
	}
	m, err := t.w.WaitMessage(ctx, "omar", "Sofia Reyes", "AWS", "Approve")
	if err != nil {
		return err
	}
	t.troubles("down", 0, Reads, Adds)
	if err := t.w.Press(ctx, "omar", m, "approve"); err != nil {
		return err
	}
	if err := t.passing(ctx, 5*time.Second, 10, "sofia", "AWS", "keeps trying"); err != nil {
		return err
	}
	got, err := t.w.WaitMessage(ctx, "sofia", "AWS", "keeps trying")
	if err != nil {
		return err
	}
	t.seen("Sofia is told the truth: approved, not active yet, Usher keeps trying")
	t.step.Screen = got.Plain()
	if err := t.notMember("00g1awsreadonly", "sofia"); err != nil {
		return err
	}
	t.w.ClearFaults()
	t.w.Clock.Advance(30 * time.Second)
	if err := t.member(ctx, "00g1awsreadonly", "sofia"); err != nil {
		return err
	}
	news, err := t.w.WaitMessage(ctx, "sofia", "AWS", "active until")
	if err != nil {
		return err
	}
	if news.TS == got.TS {
		return errors.New("the message was only changed, of which Slack notifies nobody")
	}
	return t.until(ctx, "the access comes with a new message, for Slack notifies of no change; the first one points to it", func() bool {
		old, _ := t.w.Slack.Message(got.Channel, got.TS)
		return strings.Contains(old.Plain(), "newer message")
	})
}

func (t *tour) downTaking(ctx context.Context) error {
	if _, err := t.w.OpenHome(ctx, "noor", "For admins"); err != nil {
		return err
	}
	t.w.Directory.Inject(Fault{Kind: "down"})
	t.w.Clock.Advance(24 * time.Hour)
	if err := t.passing(ctx, 5*time.Second, 10, "sofia", "AWS", "is ending", "keeps trying"); err != nil {
		return err
	}
	t.seen("%s is gone at the due time; the message says that the removal is still to come", t.w.Directory.Label())
	if v, err := t.w.OpenHome(ctx, "noor", "AWS"); err == nil {
		t.seen("the admin's Home tab shows the failure")
		t.step.Screen = v.Plain()
	} else {
		return err
	}
	t.w.ClearFaults()
	t.w.Clock.Advance(30 * time.Second)
	if err := t.ended(ctx, "00g1awsreadonly", "sofia"); err != nil {
		return err
	}
	_, err := t.w.WaitMessage(ctx, "sofia", "AWS", "ended")
	return err
}

func (t *tour) preexisting(ctx context.Context) error {
	if err := t.w.Request(ctx, "kenji", "datadog", "Datadog: Viewer", "1 hour", "Look at the graphs"); err != nil {
		return err
	}
	if _, err := t.w.WaitMessage(ctx, "kenji", "Datadog", "active until"); err != nil {
		return err
	}
	t.w.Clock.Advance(time.Hour)
	if _, err := t.w.WaitMessage(ctx, "kenji", "Datadog", "ended"); err != nil {
		return err
	}
	if !t.w.Member(groupLogs, "kenji") {
		return errors.New("Kenji lost a membership that he had before Usher")
	}
	t.seen("the automatic grant ended; the membership that Kenji had before is untouched")
	return nil
}

func (t *tour) extendAndRelease(ctx context.Context) error {
	if err := t.w.Request(ctx, "hugo", "zoom", "Zoom: Webinar host", "1 day", "Customer webinar"); err != nil {
		return err
	}
	if err := t.member(ctx, groupZoom, "hugo"); err != nil {
		return err
	}
	m, err := t.w.WaitMessage(ctx, "hugo", "Zoom", "active until")
	if err != nil {
		return err
	}
	if err := t.forge(ctx, "carla", m, "release", "Only the person who holds the access"); err != nil {
		return err
	}
	if err := t.w.PressHome(ctx, "hugo", "Extend"); err != nil {
		return err
	}
	if _, err := t.w.WaitMessage(ctx, "hugo", "Zoom", "extended by 1 day"); err != nil {
		return err
	}
	t.w.Clock.Advance(25 * time.Hour)
	if err := t.settled(ctx, 200*time.Millisecond); err != nil { // An end that comes too early has come by then.
		return err
	}
	if _, err := t.w.OpenHome(ctx, "hugo", "Zoom", "Release"); err != nil {
		return err
	}
	if !t.w.Member(groupZoom, "hugo") {
		return errors.New("the extension was not kept: access ended at the first due time")
	}
	t.seen("the access outlived its first end by the extension")
	if err := t.w.PressHome(ctx, "hugo", "Release"); err != nil {
		return err
	}
	return t.ended(ctx, groupZoom, "hugo")
}

func (t *tour) restart(ctx context.Context) error {
	if err := t.w.Request(ctx, "mei", "github write", "GitHub: Write", "6 hours", "Fix a query in the repository"); err != nil {
		return err
	}
	m, err := t.w.WaitMessage(ctx, "anders", "Mei Tanaka", "GitHub", "Approve")
	if err != nil {
		return err
	}
	if err := t.w.Press(ctx, "anders", m, "approve"); err != nil {
		return err
	}
	if err := t.member(ctx, groupWrite, "mei"); err != nil {
		return err
	}
	if _, err := t.w.WaitMessage(ctx, "mei", "GitHub", "active until"); err != nil {
		return err
	}
	if err := t.product.Stop(ctx); err != nil {
		return err
	}
	t.seen("Usher was stopped")
	t.w.Clock.Advance(7 * time.Hour)
	if err := t.product.Start(ctx); err != nil {
		return err
	}
	t.seen("Usher was started again seven hours later")
	if err := t.ended(ctx, groupWrite, "mei"); err != nil {
		return err
	}
	_, err = t.w.WaitMessage(ctx, "mei", "GitHub", "ended")
	return err
}

func (t *tour) quiet(ctx context.Context) error {
	if err := t.settled(ctx, 400*time.Millisecond); err != nil {
		return err
	}
	t.w.ResetCalls()
	for range 24 {
		t.w.Clock.Advance(time.Hour)
		if err := t.settled(ctx, 60*time.Millisecond); err != nil {
			return err
		}
	}
	if n := len(t.w.Directory.Calls()) + len(t.w.Jira.Calls()); n != 0 {
		return fmt.Errorf("%d calls to %s and Jira while nothing was due", n, t.w.Directory.Label())
	}
	t.seen("no call to %s or Jira in a day", t.w.Directory.Label())
	return nil
}

// audit compares the directory with what the company started with: every tour grant has ended, so nothing may differ.
func (t *tour) audit(context.Context) error {
	for _, g := range t.w.Company.Groups {
		want, got := userIDs(t.w.Directory, g.Members), t.w.Directory.Members(g.ID)
		if g.Rule == "" && !slices.Equal(want, got) {
			return fmt.Errorf("group %s holds %v, and at the start it held %v", g.Name, got, want)
		}
	}
	t.seen("every group has exactly the members that it had before the tour")
	seen := map[string]bool{}
	for _, is := range t.w.Jira.Issues() {
		for _, l := range is.Labels {
			if strings.HasPrefix(l, "usher-") && seen[l] {
				return fmt.Errorf("two issues carry %s", l)
			}
			seen[l] = true
		}
	}
	t.seen("one issue for each request")
	if n := t.changeless(); n != 0 {
		t.seen("calls to %s that changed nothing: %d, each after an outage", t.w.Directory.Label(), n)
	}
	return nil
}
