package cli_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"usher/access"
	"usher/sandbox/battery"
	"usher/sandbox/slacksim"
)

// A vendor is gone for an hour, in which something is due, something is asked and something is approved. People are told
// the truth meanwhile, what does not need the vendor goes on, removals begin within a minute of the return, and nothing
// happens twice. At night the hour begins at other minutes.
func TestAVendorGoneForAnHourDelaysOnly(t *testing.T) {
	t.Parallel()
	var ways []string
	for _, vendor := range []string{"okta", "jira", "slack"} {
		for _, kind := range []string{"down", "error_503", "hang_before", "rate_limit_bare"} {
			ways = append(ways, vendor+" "+kind)
		}
	}
	battery.Entries{Commit: ways, Night: rounds(ways, 50)}.Play(t, func(t *testing.T, entry string) {
		vendor, kind, _ := strings.Cut(unrounded(entry), " ")
		wait := 30 * time.Minute
		if entry != unrounded(entry) {
			wait = 6*time.Minute + time.Duration(dice(entry).IntN(49*60))*time.Second
		}
		report(t, inTown(t, setup{}, func(ctx context.Context, w *town) []string {
			h := &hour{town: w, vendor: vendor}
			return append(h.play(ctx, kind, wait), w.truthful()...)
		}))
	})
}

// The roles of the hour, and the group of the second.
const (
	hourWrite, hourZoom = "GitHub: Write", "Zoom: Webinar host"
	zoomGroup           = "00g1zoomwebinar"
)

// hour is an hour without a vendor.
type hour struct {
	*town
	vendor string
	faults []string
}

func (h *hour) want(ok bool, format string, args ...any) {
	h.faults = append(h.faults, h.expect(ok, fmt.Sprintf(format, args...))...)
}

// play plays the hour; it begins some time after Maya got hers, of which Aisha's manager has not decided yet.
func (h *hour) play(ctx context.Context, kind string, wait time.Duration) []string {
	h.ask(ctx, "maya", "github write", hourWrite, "1 hour")
	h.approve(ctx, "priya", hourWrite)
	h.until(ctx, "Maya has it", h.state("maya", hourWrite, access.GrantActive))
	due := h.grantOf("maya", hourWrite).DueAt
	h.ask(ctx, "aisha", "github write", hourWrite, "6 hours")
	h.until(ctx, "Priya is asked about Aisha", func() bool { return len(h.world.Slack.Messages("U0PRIYA")) == 2 })
	h.sleep(ctx, wait)
	gone := h.world.Clock.Now()
	h.inject(h.vendor, "*", kind, 0)
	h.meanwhile(ctx)
	h.sleep(ctx, due.Add(3*time.Minute).Sub(h.world.Clock.Now()))
	h.overdue()
	h.sleep(ctx, gone.Add(time.Hour).Sub(h.world.Clock.Now()))
	h.want(h.vendor != "jira" || h.told("sofia", "Held up: Jira"), "Sofia was not told what holds it up")
	h.world.ClearFaults()
	back := h.world.Clock.Now()
	if h.vendor == "okta" { // A removal waits for nobody else.
		h.outages = append(h.outages, span{gone, back})
	}
	h.returned(ctx, back)
	return h.faults
}

// meanwhile has Sofia ask and Priya approve while the vendor is gone, and looks at what they and Aisha are told.
func (h *hour) meanwhile(ctx context.Context) {
	short, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	asked := h.world.Request(short, "sofia", "zoom", hourZoom, "1 day", "A fix")
	m, _ := h.question("priya", hourWrite)
	pressed := h.world.Press(ctx, "priya", m, "approve") // Slack itself may tell her that nobody answers.
	h.want(pressed == nil || h.vendor != "jira", "Priya's press: %v", pressed)
	h.sleep(ctx, time.Minute) // Longer than the longest call.
	filed, approved := h.newest(hourZoom).ID != "", h.newest(hourWrite).State == access.RequestApproved
	sofia, aisha := h.world.Member(zoomGroup, "sofia"), h.world.Member(githubWrite, "aisha")
	switch h.vendor {
	case "okta": // Nothing can be checked, so nothing is taken, and both are told.
		h.want(asked != nil && !filed && !approved, "Sofia's request was filed: %v, Aisha's approved: %v", filed, approved)
		h.want(h.sees("sofia", "try again in"), "Sofia was not told that nothing can be checked")
		h.want(h.sees("priya", "try again in"), "Priya was not told that nothing can be checked")
		h.want(!aisha, "Aisha was given something without Okta")
	case "jira": // Aisha's issue exists, so she is served; Sofia's access waits for its record.
		h.want(asked == nil && filed && !sofia, "Sofia's request: %v, she is a member: %v", asked, sofia)
		h.want(h.told("sofia", "It is being recorded"), "Sofia was not told what it waits for")
		h.want(approved && aisha && h.told("aisha", "active"), "Aisha waits for Jira")
	case "slack": // Nobody can be told anything; what was not taken has to be pressed again.
		h.want(asked != nil, "Sofia saw her request filed without Slack")
		h.want(!sofia || filed, "Sofia was given something that she did not ask for")
		h.want(!aisha || approved, "Aisha was given something that nobody approved")
	}
}

// overdue looks at Maya's access, which was due three minutes ago, while the vendor is still gone.
func (h *hour) overdue() {
	member := h.world.Member(githubWrite, "maya")
	switch h.vendor {
	case "okta":
		h.want(member, "the test is wrong: Okta was not gone")
		h.want(h.told("maya", "is ending") && h.told("maya", "Held up: The directory"), "Maya was not told that the removal is still to come")
		h.want(!h.told("maya", ": ended"), "Maya was told that it ended, and it has not")
	case "jira":
		h.want(!member, "the removal waited for Jira")
		h.want(h.told("maya", ": ended"), "Maya was not told that it ended")
	case "slack":
		h.want(!member, "the removal waited for Slack")
	}
}

// returned has everybody do again what could not be done, after the first minute, which belongs to removals.
func (h *hour) returned(ctx context.Context, back time.Time) {
	before := len(h.world.Okta.Calls())
	h.sleep(ctx, time.Minute)
	if h.vendor == "okta" {
		tried := false
		for _, c := range h.world.Okta.Calls()[before:] {
			tried = tried || c.Name == "group.member.remove" && !c.At.After(back.Add(time.Minute))
		}
		h.want(tried, "no removal was tried within a minute of the return")
	}
	h.want(!h.world.Member(githubWrite, "maya"), "no removal within a minute of the return")
	if h.newest(hourZoom).ID == "" {
		h.ask(ctx, "sofia", "zoom", hourZoom, "1 day")
	}
	h.approve(ctx, "priya", hourWrite)
	h.until(ctx, "Sofia has it", h.state("sofia", hourZoom, access.GrantActive))
	h.until(ctx, "Aisha has it", h.state("aisha", hourWrite, access.GrantActive))
	h.settle(ctx)
	h.faults = append(h.faults, h.judge(ctx)...)
	h.want(h.tally.requests == 3, "%d requests, want those of Maya, Aisha and Sofia", h.tally.requests)
	h.leap(ctx, 30*time.Hour)
	h.settle(ctx)
	h.faults = append(h.faults, h.judge(ctx)...)
	h.want(h.tally.ended == 3, "%d of three accesses have ended", h.tally.ended)
}

// sees reports whether somebody has words before them: in a window, in a message, or where only they see them.
func (w *town) sees(handle, words string) bool {
	p, _ := w.world.Company.Person(handle)
	if v, open := w.world.Slack.View(p.SlackID()); open && strings.Contains(v.Plain(), words) {
		return true
	}
	for _, m := range w.world.Slack.Messages(slacksim.GeneralChannel) {
		if m.To == p.SlackID() && strings.Contains(m.Plain(), words) {
			return true
		}
	}
	return w.told(handle, words)
}

// truthful looks at every state that a requester's message ever had: what it said was true when it was said.
func (w *town) truthful() (faults []string) {
	for _, p := range w.world.Company.People {
		for _, m := range w.world.Slack.Messages(p.SlackID()) {
			kind, id := markOf(m.Metadata)
			if kind != "status" {
				continue
			}
			var g access.Grant
			w.read(func(tx access.Tx) bool { return tx.Get(access.Grants, string(id), &g) == nil })
			for _, v := range w.world.Slack.Versions(m.Channel, m.TS) {
				at := v.PostedAt
				if !v.EditedAt.IsZero() {
					at = v.EditedAt
				}
				active, ended := strings.Contains(v.Plain(), g.Role.String()+": active"), strings.Contains(v.Plain(), g.Role.String()+": ended")
				for _, group := range g.Groups {
					if group.Preexisting {
						continue
					}
					if has := w.wasMember(group.Group.ID, p.OktaID(), at); active && !has || ended && has {
						faults = append(faults, fmt.Sprintf("%s was told at %s, and was a member of %s: %v\n%s", p.Handle, at, group.Group.ID, has, v.Plain()))
					}
				}
			}
		}
	}
	return faults
}

// wasMember reports whether a user who was not in the group before Usher was a member at a moment.
func (w *town) wasMember(group, user string, at time.Time) (has bool) {
	for _, c := range w.world.Okta.MemberHistory(group) {
		if c.User == user && !c.At.After(at) {
			has = c.Added
		}
	}
	return has
}
