package bot

import (
	"fmt"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"usher/access"
	"usher/catalog"
)

func toTime(d catalog.Duration) time.Duration { return time.Duration(d) }

// status is where a request stands, for the one who made it.
type status struct {
	icon  string
	title string   // Own words and names, literal text.
	lines []string // mrkdwn.
}

// statusMessage is the requester's live message.
func statusMessage(m access.Message) message {
	r, g := m.Request, m.Grant
	s := statusOf(r, g)
	blocks := []slack.Block{section(s.icon + " *" + lit(s.title, 300) + "*\n" + strings.Join(s.lines, "\n"))}
	if d, ok := r.DeniedBy(); ok && r.State == access.RequestDenied {
		blocks = append(blocks, quote("Reason given by "+d.By.String(), d.Reason))
	}
	if t := troubleOf(r, g); t != "" {
		blocks = append(blocks, slack.NewSectionBlock(plain("Held up: "+line(t), 1000), nil, nil))
	}
	foot := []string{"Asked " + when(r.CreatedAt)}
	if l := issueLink(r.Issue); l != "" {
		foot = append(foot, l)
	}
	blocks = append(blocks, small(strings.Join(foot, " · ")))
	if b := statusButtons(r, g, m.Extension); b != nil {
		blocks = append(blocks, b)
	}
	text := cut(line(s.title), 400)
	if d, ok := r.DeniedBy(); ok && r.State == access.RequestDenied {
		text += ". Reason given: " + cut(line(d.Reason), 600)
	}
	if g != nil && g.State == access.GrantActive && !g.DueAt.IsZero() && r.Kind == access.KindAccess {
		text += " until " + utc(g.DueAt)
	}
	if t := troubleOf(r, g); t != "" {
		text += ". " + cut(line(t), 400)
	}
	return message{Text: fallback(text), Blocks: blocks}
}

// troubleOf is what holds the request or its grant up, if anything does.
func troubleOf(r access.Request, g *access.Grant) string {
	if g != nil && g.Trouble != "" && g.State != access.GrantEnded && g.State != access.GrantFailed {
		return g.Trouble
	}
	return r.Trouble
}

func statusOf(r access.Request, g *access.Grant) status {
	role := r.Role.String()
	switch r.State {
	case access.RequestPending:
		return pendingStatus(r)
	case access.RequestDenied:
		return status{":no_entry:", role + ": denied by " + orWord(deciders(r, access.Deny), "an approver"), []string{"Nothing was changed. You can ask again with what is missing."}}
	case access.RequestCanceled:
		return status{":leftwards_arrow_with_hook:", role + ": request canceled", []string{"Nothing was changed."}}
	case access.RequestExpired:
		return status{":hourglass:", role + ": request expired", []string{"Nobody decided before " + when(r.Deadline) + ". You can ask again."}}
	case access.RequestApproved:
	}
	if r.Kind == access.KindExtension {
		return extensionStatus(r, g)
	}
	return grantStatus(r, g)
}

func pendingStatus(r access.Request) status {
	title := r.Role.String() + ": waits for approval"
	lines := []string{lengthLine(r)}
	switch who := askedNow(r); {
	case r.Issue.Key == "":
		lines = append(lines, "It is being recorded; then "+orWord(who, "the approver")+" is asked.")
	case who != "":
		lines = append(lines, who+" was asked.")
	default:
		lines = append(lines, "The people for the next step are being found.")
	}
	if done := deciders(r, access.Approve); done != "" {
		lines = append(lines, fmt.Sprintf("Step %d of %d. Approved so far by %s.", r.Step+1, max(1, len(r.Policy.Steps)), lit(done, 300)))
	}
	return status{":hourglass_flowing_sand:", title, append(lines, "It expires "+when(r.Deadline)+" if nobody decides.")}
}

func lengthLine(r access.Request) string {
	s := lengthText(r)
	return strings.ToUpper(s[:1]) + s[1:] + "."
}

func extensionStatus(r access.Request, g *access.Grant) status {
	by := orWord(deciders(r, access.Approve), "the policy")
	if g != nil && (g.State == access.GrantEnded || g.State == access.GrantRevoking) {
		return status{":checkered_flag:", r.Role.String() + ": extension approved by " + by + ", but the access has ended", nil}
	}
	s := status{":white_check_mark:", r.Role.String() + ": extended by " + r.Duration.String() + ", approved by " + by, nil}
	if r.Issue.Key == "" {
		s.title = r.Role.String() + ": extension approved by " + by
		s.lines = []string{"It takes effect as soon as it is recorded."}
	} else if g != nil && !g.DueAt.IsZero() {
		s.lines = []string{"The access is active until " + when(g.DueAt) + "."}
	}
	return s
}

func grantStatus(r access.Request, g *access.Grant) status {
	role, by := r.Role.String(), orWord(deciders(r, access.Approve), "the policy")
	if g == nil {
		return status{":white_check_mark:", role + ": approved by " + by, []string{"It is being recorded; then Usher gives you the access."}}
	}
	switch g.State {
	case access.GrantProvisioning:
		return status{":gear:", role + ": approved by " + by + ", not there yet", []string{"Usher is giving you the access and writes here as soon as it has checked that it works."}}
	case access.GrantActive:
		s := status{":white_check_mark:", role + ": active", []string{"Approved by " + lit(by, 300) + "."}}
		if g.DueAt.IsZero() {
			s.lines = append(s.lines, "It has no end.")
		} else {
			s.lines = append(s.lines, "Until *"+when(g.DueAt)+"*.")
		}
		return s
	case access.GrantRevoking:
		if g.Failure != "" {
			return status{":warning:", role + ": could not be given", []string{lit(g.Failure, 400), "What was added meanwhile is being taken back."}}
		}
		return status{":hourglass_flowing_sand:", role + ": is ending", []string{endLine(*g), "Usher is removing the access and says so here when it is gone."}}
	case access.GrantEnded:
		return status{":checkered_flag:", role + ": ended", []string{endLine(*g), "Checked and gone " + when(g.EndedAt) + "."}}
	case access.GrantFailed:
		return status{":warning:", role + ": could not be given", []string{lit(orWord(g.Failure, "The directory refused it."), 400), "Nothing was left behind."}}
	}
	return status{":grey_question:", role, nil}
}

// endLine says why access ends or ended.
func endLine(g access.Grant) string {
	who := lit(g.EndedBy.String(), 120)
	switch g.EndReason {
	case access.EndExpired:
		return "Its time was up " + when(g.DueAt) + "."
	case access.EndReleased:
		return "You gave it back."
	case access.EndRevoked:
		s := "Taken away by " + orWord(who, "an admin") + "."
		if g.EndNote != "" {
			s += " Reason given: " + lit(g.EndNote, 600)
		}
		return s
	case access.EndReview:
		return "A reviewer ended it."
	case access.EndReclaimed:
		return "It was not used."
	case access.EndOffboarded:
		return "The account has left the company."
	case access.EndLost:
		return "Somebody removed the membership outside of Usher."
	}
	return "It is over."
}

// statusButtons are what the requester can do now; nil when that is nothing.
func statusButtons(r access.Request, g *access.Grant, offer access.ExtensionOffer) slack.Block {
	switch {
	case r.State == access.RequestPending:
		return slack.NewActionBlock("request/"+string(r.ID), cancelButton(r))
	case r.Kind == access.KindExtension || g == nil || g.State != access.GrantActive:
		return nil
	}
	return slack.NewActionBlock("grant/"+string(g.ID), grantButtons(*g, offer, "Release")...)
}

func cancelButton(r access.Request) *slack.ButtonBlockElement {
	return said(button(actionCancel, string(r.ID), "Cancel request"), "Cancel request for "+r.Role.String())
}

// grantButtons are Extend, when there is an offer, and Release with the given label.
func grantButtons(g access.Grant, offer access.ExtensionOffer, release string) []slack.BlockElement {
	var list []slack.BlockElement
	if offer.By > 0 {
		list = append(list, said(button(actionExtend, string(g.ID), "Extend by "+offer.By.String()), "Extend "+g.Role.String()+" by "+offer.By.String()))
	}
	b := said(button(actionRelease, string(g.ID), release), "Release "+g.Role.String())
	return append(list, b.WithConfirm(confirm("Give this access back?",
		cut(line(g.Role.String()+" ends for you now. You can ask for it again."), 300), "Release", "Keep it")))
}

// noticeMessage tells the holder of the coming end.
func noticeMessage(m access.Message) message {
	g := m.Grant
	if g == nil {
		return statusMessage(m)
	}
	role := g.Role.String()
	if g.State != access.GrantActive {
		s := grantStatus(m.Request, g)
		return message{Text: fallback(s.title), Blocks: []slack.Block{section(s.icon + " *" + lit(s.title, 300) + "*\n" + strings.Join(s.lines, "\n"))}}
	}
	blocks := []slack.Block{section(":alarm_clock: *" + lit(role, 200) + " ends soon*\nIt ends " + when(g.DueAt) + " by itself.")}
	switch {
	case m.Extension.By > 0:
		blocks = append(blocks, small("Still needed? One click asks for "+m.Extension.By.String()+" more, with the reason that you gave."))
	case m.Extension.Why != "":
		blocks = append(blocks, slack.NewContextBlock("", plain("It cannot be extended: "+m.Extension.Why, 400)))
	}
	if l := issueLink(m.Request.Issue); l != "" {
		blocks = append(blocks, small(l))
	}
	blocks = append(blocks, slack.NewActionBlock("grant/"+string(g.ID), grantButtons(*g, m.Extension, "I am done")...))
	return message{Text: fallback(cut(line(role), 300) + " ends " + utc(g.DueAt) + ". Extend it or give it back in Slack."), Blocks: blocks}
}

// render is the message that a person must see.
func render(m access.Message) message {
	switch m.Kind {
	case access.MessageAsk:
		return askMessage(m)
	case access.MessageNotice:
		return noticeMessage(m)
	case access.MessageStatus:
	}
	return statusMessage(m)
}
