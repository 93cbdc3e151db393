package bot

import (
	"fmt"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"usher/access"
	"usher/catalog"
)

// note is a message as it is posted: blocks for the screen, text for the notification and the screen reader.
type note struct {
	text   string
	blocks []slack.Block
}

// render draws a message. It is a function of its argument and the time alone.
func render(m access.Message, now time.Time) note {
	switch m.Kind {
	case access.MessageAsk:
		return askNote(m)
	case access.MessageNotice:
		return noticeNote(m, now)
	case access.MessageStatus:
	}
	return statusNote(m)
}

// askNote is the question to an approver; once the answer is there, the same message tells it and has no buttons.
func askNote(m access.Message) note {
	r := m.Request
	verb := "asks for"
	if r.Kind == access.KindExtension {
		verb = "asks to extend"
	}
	who := cut(r.Requester.String(), 80)
	question := fmt.Sprintf("%s %s %s %s.", who, verb, r.Role, length(r.Duration))
	text := plainEscape(fmt.Sprintf("%s Reason given: %s. Approve or deny it in Slack.", question, cut(r.Justification, 300)))
	title := "Access request"
	if r.Kind == access.KindExtension {
		title = "Extension request"
	}
	blocks := []slack.Block{
		header("title", title),
		section("who", fmt.Sprintf("*%s* %s *%s* %s.", escape(who), verb, escape(r.Role.String()), length(r.Duration))),
		contextLine("about", facts(r)),
	}
	blocks = append(blocks, quote("reason", "Reason given by "+who, r.Justification)...)
	blocks = append(blocks, decisions(r)...)
	if m.Open {
		approve := button("approve", string(r.ID), "Approve", slack.StylePrimary)
		if r.Role.Risk.Rank() >= catalog.RiskHigh.Rank() || r.Role.Elevated {
			approve.Confirm = confirm("Approve privileged access?", fmt.Sprintf("%s gets %s %s.", who, r.Role, length(r.Duration)), "Approve", "Not yet")
		}
		blocks = append(blocks,
			slack.NewActionBlock("decide", approve, button("deny", string(r.ID), "Deny…", slack.StyleDanger)),
			contextLine("deadline", "Lapses "+when(r.Deadline)+" if nobody decides. "+because(r.Policy.Because)+issueTail(r.Issue)),
		)
		return note{text, blocks}
	}
	outcome := askOutcome(r, m.Grant)
	blocks = append(blocks, section("outcome", outcome), contextLine("issue", orDash(strings.TrimPrefix(issueTail(r.Issue), " "))))
	return note{plainEscape(question) + " " + outcome, blocks}
}

// because is the policy's reason as a sentence.
func because(s string) string {
	if s == "" {
		return ""
	}
	return escape(cut(s, 200)) + "."
}

func issueTail(i access.Issue) string {
	if i.Key == "" {
		return ""
	}
	return " Record: " + link(i)
}

// facts are title, department, role and risk on one line.
func facts(r access.Request) string {
	var parts []string
	for _, s := range []string{r.Title, r.Department, r.Role.Description} {
		if s != "" {
			parts = append(parts, escape(cut(s, 200)))
		}
	}
	return strings.Join(append(parts, risk(r.Role)), " · ")
}

// decisions tells who decided before.
func decisions(r access.Request) []slack.Block {
	var lines []string
	for _, d := range r.Decisions {
		word := "approved"
		if d.Verdict == access.Deny {
			word = "denied"
		}
		lines = append(lines, fmt.Sprintf("%s %s %s", escape(cut(d.By.String(), 80)), word, when(d.At)))
	}
	if len(lines) == 0 {
		return nil
	}
	return []slack.Block{contextLine("decisions", cut(strings.Join(lines, " · "), 2900))}
}

// askOutcome tells an approver what became of the question.
func askOutcome(r access.Request, g *access.Grant) string {
	switch r.State {
	case access.RequestPending:
		return "Your decision is recorded; others still have to decide."
	case access.RequestDenied:
		d, _ := r.DeniedBy()
		return fmt.Sprintf("*Denied* by %s: %s", escape(cut(d.By.String(), 80)), escape(cut(d.Reason, 500)))
	case access.RequestCanceled:
		return "*Canceled*: nothing is to be decided any more."
	case access.RequestExpired:
		return "*Expired*: nobody decided in time."
	case access.RequestApproved:
	}
	by := "the policy"
	if n := len(r.Decisions); n > 0 {
		by = cut(r.Decisions[n-1].By.String(), 80)
	}
	s := fmt.Sprintf("*Approved* by %s %s.", escape(by), when(r.DecidedAt))
	if g != nil && g.State == access.GrantFailed {
		s += " The access could not be given: " + escape(g.Failure)
	}
	return s
}

// statusNote is the requester's live message.
func statusNote(m access.Message) note {
	r, g := m.Request, m.Grant
	what := r.Role.String()
	if r.Kind == access.KindExtension {
		what = "Extension of " + what
	}
	line, buttons := statusLine(m)
	blocks := []slack.Block{section("what", "*"+escape(what)+"*, "+length(r.Duration)), section("status", line)}
	if t := trouble(r, g); t != "" {
		blocks = append(blocks, contextLine("trouble", ":warning: "+escape(t)))
		line += " " + escape(t)
	}
	if len(buttons) > 0 {
		blocks = append(blocks, slack.NewActionBlock("act", buttons...))
	}
	if r.Issue.Key != "" {
		blocks = append(blocks, contextLine("issue", "Record: "+link(r.Issue)))
	}
	return note{plainEscape(what) + ": " + strings.ReplaceAll(line, "*", ""), blocks}
}

func trouble(r access.Request, g *access.Grant) string {
	if g != nil && g.Trouble != "" && r.Kind == access.KindAccess {
		return g.Trouble
	}
	return r.Trouble
}

// statusLine says how things stand, and what can be done about it.
func statusLine(m access.Message) (string, []slack.BlockElement) {
	r, g := m.Request, m.Grant
	switch r.State {
	case access.RequestPending:
		cancel := button("cancel", string(r.ID), "Cancel request", "")
		return waiting(r), []slack.BlockElement{cancel}
	case access.RequestDenied:
		return askOutcome(r, nil), nil
	case access.RequestCanceled:
		return "*Canceled.* Nothing was changed.", nil
	case access.RequestExpired:
		return "*Expired*: nobody decided before " + when(r.Deadline) + ". You can ask again with /access.", nil
	case access.RequestApproved:
	}
	if r.Kind == access.KindExtension {
		if g != nil && r.Extended {
			return "*Extended.* Your access is now active until " + when(g.DueAt) + ".", nil
		}
		return "*Approved.*", nil
	}
	if g == nil {
		return "*Approved.* Usher gives access as soon as the record exists in Jira.", nil
	}
	return grantLine(*g, m.Extension)
}

func waiting(r access.Request) string {
	var people []access.Person
	for _, a := range r.Asks {
		if a.Step == r.Step {
			people = append(people, a.Approver)
		}
	}
	if r.Issue.Key == "" {
		return "*Filing the request* in Jira; then " + escape(names(people, 3)) + " will be asked."
	}
	s := "*Waiting* for " + escape(names(people, 3))
	if n := len(r.Policy.Steps); n > 1 {
		s += fmt.Sprintf(" (step %d of %d)", r.Step+1, n)
	}
	return s + ". It lapses " + when(r.Deadline) + "."
}

// grantLine says how the access itself stands.
func grantLine(g access.Grant, offer access.ExtensionOffer) (string, []slack.BlockElement) {
	switch g.State {
	case access.GrantProvisioning:
		if g.Failure != "" {
			return "*Not given*: " + escape(g.Failure) + " Usher is taking back what was changed.", nil
		}
		return "*Approved.* Usher is giving access now; you will read here when it is proven.", nil
	case access.GrantActive:
		if g.DueAt.IsZero() {
			return "*Active*, with no end.", grantButtons(g, offer)
		}
		return "*Active* until " + when(g.DueAt) + "." + beforeUsher(g), grantButtons(g, offer)
	case access.GrantRevoking:
		return "*Ending*: " + endWords(g) + " Usher is removing the access.", nil
	case access.GrantFailed:
		return "*Not given*: " + escape(g.Failure), nil
	case access.GrantEnded:
	}
	return "*Ended*: " + endWords(g) + beforeUsher(g), nil
}

func beforeUsher(g access.Grant) string {
	for _, gg := range g.Groups {
		if gg.Preexisting {
			return " You were a member before, so that membership stays when this ends."
		}
	}
	return ""
}

func endWords(g access.Grant) string {
	switch g.EndReason {
	case access.EndExpired:
		return "its time was up."
	case access.EndReleased:
		return "you gave it back."
	case access.EndRevoked:
		return "revoked by " + escape(cut(g.EndedBy.String(), 80)) + ": " + escape(cut(g.EndNote, 500)) + "."
	case access.EndReview, access.EndReclaimed, access.EndOffboarded, access.EndLost:
	}
	return string(g.EndReason) + "."
}

func grantButtons(g access.Grant, offer access.ExtensionOffer) []slack.BlockElement {
	release := button("release", string(g.ID), "Release", "")
	release.Confirm = confirm("Give it back?", "You lose "+g.Role.String()+" at once. You can ask for it again.", "Release", "Keep")
	list := []slack.BlockElement{release}
	if offer.By > 0 {
		list = append(list, button("extend", string(g.ID), "Extend by "+offer.By.String(), ""))
	}
	return list
}

// noticeNote tells the holder of the coming end.
func noticeNote(m access.Message, now time.Time) note {
	g := m.Grant
	text := fmt.Sprintf("Your access to %s ends in %s.", g.Role, left(now, g.DueAt))
	blocks := []slack.Block{
		section("what", fmt.Sprintf("Your access to *%s* ends %s, in %s.", escape(g.Role.String()), when(g.DueAt), left(now, g.DueAt))),
		slack.NewActionBlock("act", grantButtons(*g, m.Extension)...),
	}
	if m.Extension.By == 0 && m.Extension.Why != "" {
		blocks = append(blocks, contextLine("why", escape(m.Extension.Why)))
	}
	return note{plainEscape(text) + " Extend it or give it back in Slack.", blocks}
}
