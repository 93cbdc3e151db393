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
	title string // Own words and names, literal text.
	until time.Time
	lines []string // mrkdwn.
	// said is the reason that by gave, if somebody had to give one.
	by   access.Person
	said string
}

// blocks are the headline with its lines, and the reason letter by letter.
func (s status) blocks() []slack.Block {
	head := []string{s.icon + " *" + lit(s.title, 300) + "*"}
	if !s.until.IsZero() {
		head = append(head, "Until *"+when(s.until)+"*.")
	}
	blocks := []slack.Block{section(strings.Join(append(head, s.lines...), "\n"))}
	if s.said != "" {
		blocks = append(blocks, quote("Reason given by "+s.by.String(), s.said))
	}
	return blocks
}

// text is all of it for notifications and screen readers, with whatever more there is to say.
func (s status) text(more ...string) string {
	list := []string{cut(line(s.title), 400)}
	if !s.until.IsZero() {
		list[0] += " until " + utc(s.until)
	}
	for _, l := range s.lines {
		list = append(list, asText(l))
	}
	if s.said != "" {
		list = append(list, "Reason given by "+cut(line(s.by.String()), 80)+": "+cut(line(s.said), access.JustificationSize))
	}
	return fallback(sentences(append(list, more...)...))
}

// statusMessage is the requester's live message.
func statusMessage(m access.Message) message {
	r, g := m.Request, m.Grant
	s := statusOf(r, g)
	blocks := s.blocks()
	trouble := troubleOf(r, g)
	if trouble != "" {
		trouble = "Held up: " + cut(line(trouble), 900)
		blocks = append(blocks, slack.NewSectionBlock(plain(trouble, 1000), nil, nil))
	}
	foot := []string{"Asked " + when(r.CreatedAt)}
	if l := issueLink(r.Issue); l != "" {
		foot = append(foot, l)
	}
	blocks = append(blocks, small(strings.Join(foot, " · ")))
	if b := statusButtons(r, g, m.Extension); b != nil {
		blocks = append(blocks, b)
	}
	return message{Text: s.text(trouble, r.Issue.Key), Blocks: blocks}
}

// foldedMessage is what stays of the requester's message when a newer one has taken its place.
func foldedMessage(m access.Message) message {
	s := headline(":arrow_down:", m.Request.Role.String(), "A newer message says what became of this.")
	foot := []string{"Asked " + when(m.Request.CreatedAt)}
	if l := issueLink(m.Request.Issue); l != "" {
		foot = append(foot, l)
	}
	return message{Text: s.text(m.Request.Issue.Key), Blocks: append(s.blocks(), small(strings.Join(foot, " · ")))}
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
		s := headline(":no_entry:", role+": denied by "+orWord(deciders(r, access.Deny), "an approver"), "Nothing was changed. You can ask again with what is missing.")
		if d, ok := r.DeniedBy(); ok {
			s.by, s.said = d.By, d.Reason
		}
		return s
	case access.RequestCanceled:
		s := headline(":leftwards_arrow_with_hook:", role+": request canceled", "Nothing was changed.")
		if r.Withdrawn != "" {
			s.lines = []string{lit(r.Withdrawn, 300)}
		}
		return s
	case access.RequestExpired:
		return headline(":hourglass:", role+": request expired", "Nobody decided before "+when(r.Deadline)+". You can ask again.")
	case access.RequestApproved:
	}
	if r.Kind == access.KindExtension {
		return extensionStatus(r, g)
	}
	return grantStatus(r, g)
}

func headline(icon, title string, lines ...string) status {
	return status{icon: icon, title: title, lines: lines}
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
	return headline(":hourglass_flowing_sand:", title, append(lines, "It expires "+when(r.Deadline)+" if nobody decides.")...)
}

func lengthLine(r access.Request) string {
	s := lengthText(r)
	return strings.ToUpper(s[:1]) + s[1:] + "."
}

// extensionStatus says what was decided and no more: the end of the access stands on its own message, which is kept true.
func extensionStatus(r access.Request, g *access.Grant) status {
	role, by := r.Role.String(), orWord(deciders(r, access.Approve), "the policy")
	switch {
	case r.Extended:
	case g != nil && (g.State == access.GrantEnded || g.State == access.GrantRevoking):
		return headline(":checkered_flag:", role+": extension approved by "+by+", but the access has ended")
	case r.Issue.Key == "":
		return headline(":white_check_mark:", role+": extension approved by "+by, "It takes effect as soon as it is recorded.")
	}
	return headline(":white_check_mark:", role+": extended by "+r.Duration.String()+", approved by "+by)
}

func grantStatus(r access.Request, g *access.Grant) status {
	role, by := r.Role.String(), orWord(deciders(r, access.Approve), "the policy")
	if g == nil {
		return headline(":white_check_mark:", role+": approved by "+by, "It is being recorded; then Usher gives you the access.")
	}
	s := status{by: g.EndedBy, said: g.EndNote}
	switch g.State {
	case access.GrantProvisioning:
		s.icon, s.title = ":gear:", role+": approved by "+by+", not there yet"
		s.lines = []string{"Usher is giving you the access and writes here as soon as it has checked that it works."}
		if g.Failure != "" {
			s.icon, s.title = ":warning:", role+": could not be given"
			s.lines = []string{lit(g.Failure, 400), "What was added meanwhile is being taken back."}
		}
	case access.GrantActive:
		s.icon, s.title, s.until = ":white_check_mark:", role+": active", g.DueAt
		if g.DueAt.IsZero() {
			s.lines = []string{"It has no end."}
		}
		s.lines = append(s.lines, "Approved by "+lit(by, 300)+".")
		s.lines = append(s.lines, stays(*g)...)
	case access.GrantRevoking:
		s.icon, s.title = ":hourglass_flowing_sand:", role+": is ending"
		s.lines = []string{endLine(*g), "Usher is removing the access and says so here when it is gone."}
	case access.GrantEnded:
		s.icon, s.title = ":checkered_flag:", role+": ended"
		s.lines = append([]string{endLine(*g)}, stays(*g)...)
	case access.GrantFailed:
		s.icon, s.title = ":warning:", role+": could not be given"
		s.lines = append([]string{lit(orWord(g.Failure, "The directory refused it."), 400)}, stays(*g)...)
	}
	return s
}

// stays says which memberships are gone and which stay although the access ended, or will.
func stays(g access.Grant) []string {
	before, needed, gone := 0, 0, 0
	for _, gg := range g.Groups {
		switch {
		case gg.Preexisting && gg.Phase != access.PhaseGone:
			before++
		case gg.Phase == access.PhaseKept:
			needed++
		case gg.Phase == access.PhaseGone:
			gone++
		}
	}
	group := "this group"
	if n := len(g.Groups); n > 1 {
		group = fmt.Sprintf("%d of the %d groups", before, n)
	}
	var lines []string
	switch {
	case g.State == access.GrantActive && before > 0:
		return []string{"You were in " + group + " before Usher, and stay there when this ends."}
	case g.State == access.GrantActive:
		return nil
	case before+needed == 0 && g.State == access.GrantFailed:
		return []string{"Nothing was left behind."}
	case before+needed == 0:
		return []string{"Checked and gone " + when(g.EndedAt) + "."}
	case gone > 0:
		lines = append(lines, fmt.Sprintf("%d of %d memberships: checked and gone %s.", gone, len(g.Groups), when(g.EndedAt)))
	}
	if before > 0 {
		lines = append(lines, "You were in "+group+" before Usher, so that membership stays.")
	}
	if needed > 0 {
		lines = append(lines, "Another access of yours still needs the membership, so it stays until that one ends.")
	}
	return lines
}

// endLine says why access ends or ended.
func endLine(g access.Grant) string {
	switch g.EndReason {
	case access.EndExpired:
		return "Its time was up " + when(g.DueAt) + "."
	case access.EndReleased:
		return "You gave it back."
	case access.EndRevoked:
		return "Taken away by " + orWord(lit(g.EndedBy.String(), 120), "an admin") + "."
	case access.EndReview:
		return "A reviewer ended it."
	case access.EndReclaimed:
		return "It was not used."
	case access.EndOffboarded:
		return "Your account in the company directory is not active any more."
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
		label := "Extend by " + offer.By.String()
		list = append(list, said(button(actionExtend, string(g.ID), label), label+": "+g.Role.String()))
	}
	b := said(button(actionRelease, string(g.ID), release), release+": "+g.Role.String())
	return append(list, b.WithConfirm(confirm("Give this access back?",
		cut(line(g.Role.String()+" ends for you now. You can ask for it again."), 300), "Release", "Keep it")))
}

// noticeMessage tells the holder of the coming end.
func noticeMessage(m access.Message) message {
	g := m.Grant
	if g == nil {
		return statusMessage(m)
	}
	if g.State != access.GrantActive { // The request's own message tells the rest.
		st := headline(":checkered_flag:", g.Role.String()+": ended")
		if g.State != access.GrantEnded {
			st = headline(":hourglass_flowing_sand:", g.Role.String()+": is ending")
		}
		blocks := st.blocks()
		if l := issueLink(m.Request.Issue); l != "" {
			blocks = append(blocks, small(l))
		}
		return message{Text: st.text(m.Request.Issue.Key), Blocks: blocks}
	}
	st := headline(":alarm_clock:", g.Role.String()+" ends soon", "It ends "+when(g.DueAt)+" by itself.")
	extended := m.At != (access.MessageRef{}) && g.Extensions > 0
	if extended { // A notice is redrawn when the end has moved.
		st = headline(":white_check_mark:", g.Role.String()+" was extended", "It now ends "+when(g.DueAt)+" by itself.")
	}
	blocks := st.blocks()
	more := "Extend it or give it back in Slack."
	switch {
	case extended:
		more = ""
	case m.Extension.By > 0:
		blocks = append(blocks, small("Still needed? One click asks for "+m.Extension.By.String()+" more, with the reason that you gave."))
	case m.Extension.Why != "":
		more = "It cannot be extended: " + cut(line(m.Extension.Why), 400)
		blocks = append(blocks, slack.NewContextBlock("", plain("It cannot be extended: "+m.Extension.Why, 400)))
	}
	if l := issueLink(m.Request.Issue); l != "" {
		blocks = append(blocks, small(l))
	}
	blocks = append(blocks, slack.NewActionBlock("grant/"+string(g.ID), grantButtons(*g, m.Extension, "I am done")...))
	return message{Text: st.text(more, m.Request.Issue.Key), Blocks: blocks}
}

// render is the message that a person must see.
func render(m access.Message) message {
	switch m.Kind {
	case access.MessageAsk:
		return askMessage(m)
	case access.MessageNotice:
		return noticeMessage(m)
	case access.MessageFolded:
		return foldedMessage(m)
	case access.MessageStatus:
	}
	return statusMessage(m)
}
