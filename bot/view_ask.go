package bot

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/slack-go/slack"

	"usher/access"
	"usher/catalog"
)

// message is what is posted: blocks, and the text for notifications and screen readers.
type message struct {
	Text   string
	Blocks []slack.Block
}

// askMessage asks an approver, and afterwards says what became of it.
func askMessage(m access.Message) message {
	r := m.Request
	title := fmt.Sprintf("%s asks for %s", r.Requester, r.Role)
	if r.Kind == access.KindExtension {
		title = fmt.Sprintf("%s asks to extend %s", r.Requester, r.Role)
	}
	blocks := []slack.Block{header(title)}
	if !m.Open {
		blocks = append(blocks, section(outcomeIcon(r)+askOutcome(r, m.Grant, m.To)))
	}
	blocks = append(blocks, askFacts(r, m.Grant))
	if d := line(r.Role.Description); d != "" {
		blocks = append(blocks, slack.NewContextBlock("", plain(d, 600)))
	}
	blocks = append(blocks, quote("Reason given by "+r.Requester.String(), r.Justification))
	blocks = append(blocks, decisionBlocks(r)...)
	blocks = append(blocks, small(askFoot(r, m.Open)))
	if m.Open {
		blocks = append(blocks, decideButtons(r))
		return message{Text: fallback(sentences(askText(r, m.Grant), asText(strings.ReplaceAll(askFoot(r, true), " · ", ". ")), "Approve or deny in Slack.")), Blocks: blocks}
	}
	return message{Text: fallback(sentences(asText(askOutcome(r, m.Grant, m.To)), saidOf(r), askText(r, m.Grant), r.Issue.Key)), Blocks: blocks}
}

// jobOf is what the requester does, as mrkdwn; empty when the directory does not say.
func jobOf(r access.Request) string {
	job := lit(r.Title, 120)
	if d := lit(r.Department, 120); d != "" {
		job = strings.TrimPrefix(job+", "+d, ", ")
	}
	return job
}

func askFacts(r access.Request, g *access.Grant) slack.Block {
	who := lit(r.Requester.String(), 120)
	if job := jobOf(r); job != "" {
		who += "\n" + job
	}
	pairs := [][2]string{
		{"Who", who},
		{"App and role", lit(r.Role.AppName, 120) + "\n" + lit(r.Role.EntitlementName, 120)},
		{"How long", howLong(r, g)},
		{"Risk", riskText(r.Role)},
	}
	return fields(pairs...)
}

// howLong gives the length and roughly when it would end, counted from the decision.
func howLong(r access.Request, g *access.Grant) string {
	switch {
	case r.Kind == access.KindExtension && r.State == access.RequestPending && g != nil && !g.DueAt.IsZero():
		return fmt.Sprintf("%s more\nuntil %s", r.Duration, when(g.DueAt.Add(toTime(r.Duration))))
	case r.Kind == access.KindExtension:
		return r.Duration.String() + " more"
	case r.Duration == catalog.Standing:
		return "No end"
	case r.State == access.RequestPending:
		return fmt.Sprintf("%s\nuntil about %s if approved soon", r.Duration, when(r.CreatedAt.Add(toTime(r.Duration))))
	}
	return r.Duration.String()
}

// decisionBlocks lists what was decided so far.
func decisionBlocks(r access.Request) []slack.Block {
	var blocks []slack.Block
	for _, d := range r.Decisions {
		word := ":white_check_mark: Approved by "
		if d.Verdict == access.Deny {
			word = ":no_entry: Denied by "
		}
		s := word + lit(d.By.String(), 120) + ", " + when(d.At)
		if len(r.Policy.Steps) > 1 {
			s += fmt.Sprintf(" (step %d of %d)", d.Step+1, len(r.Policy.Steps))
		}
		blocks = append(blocks, small(s))
		if d.Reason != "" {
			blocks = append(blocks, quote("Reason given by "+d.By.String(), d.Reason))
		}
		if len(blocks) > 16 {
			break
		}
	}
	return blocks
}

func askFoot(r access.Request, open bool) string {
	var parts []string
	if open {
		parts = append(parts, "Expires "+when(r.Deadline)+" if nobody decides")
		if n := len(r.Policy.Steps); n > 1 {
			parts = append(parts, fmt.Sprintf("step %d of %d", r.Step+1, n))
		}
		if r.Step < len(r.Policy.Steps) && r.Policy.Steps[r.Step].Quorum > 1 {
			parts = append(parts, fmt.Sprintf("%d approvals needed in this step", r.Policy.Steps[r.Step].Quorum))
		}
		if why := lit(r.Policy.Because, 200); why != "" {
			parts = append(parts, "You are asked because: "+why)
		}
	}
	if l := issueLink(r.Issue); l != "" {
		parts = append(parts, l)
	}
	if len(parts) == 0 {
		return "Recorded by Usher"
	}
	return strings.Join(parts, " · ")
}

// decideValue is the request and the step that is asked about: a copy may be a moment old.
func decideValue(r access.Request) string { return fmt.Sprintf("%s.%d", r.ID, r.Step+1) }

// parseDecide reads what decideValue wrote, and the request alone, which stands in messages of older versions.
func parseDecide(s string) (id string, step int, ok bool) {
	id, number, found := strings.Cut(s, ".")
	if found {
		n, err := strconv.Atoi(number)
		if err != nil || n < 1 || n > 99 || number != strconv.Itoa(n) {
			return "", 0, false
		}
		step = n
	}
	return id, step, true
}

// decideButtons are Approve and Deny. Approving what is risky asks once more.
func decideButtons(r access.Request) slack.Block {
	about := r.Requester.String() + ", " + r.Role.String()
	yes := said(button(actionApprove, decideValue(r), "Approve"), "Approve: "+about).WithStyle(slack.StylePrimary)
	if r.Role.Risk.Rank() >= catalog.RiskHigh.Rank() || r.Role.Elevated {
		yes = yes.WithConfirm(confirm("Approve this access?",
			cut(line(fmt.Sprintf("%s gets %s, %s. Risk: %s.", r.Requester, r.Role, lengthText(r), r.Role.Risk)), 300), "Approve", "Go back"))
	}
	no := said(button(actionDeny, decideValue(r), "Deny…"), "Deny: "+about)
	return slack.NewActionBlock("decide/"+string(r.ID), yes, no)
}

// askText is the whole question in plain words.
func askText(r access.Request, g *access.Grant) string {
	who := r.Requester.String()
	if job := jobOf(r); job != "" {
		who += " (" + asText(job) + ")"
	}
	what := fmt.Sprintf("%s asks for %s, %s", who, r.Role, lengthText(r))
	if r.Kind == access.KindExtension {
		what = fmt.Sprintf("%s asks to extend %s by %s", who, r.Role, r.Duration)
		if r.State == access.RequestPending && g != nil && !g.DueAt.IsZero() {
			what += ", until " + utc(g.DueAt.Add(toTime(r.Duration)))
		}
	}
	risk := "Risk: " + cut(line(string(r.Role.Risk)), 20)
	if r.Role.Elevated {
		risk += ", elevated"
	}
	return sentences(cut(line(what), 700), risk, "Reason given: "+cut(line(r.Justification), access.JustificationSize))
}

// saidOf is the reason of a denial as text.
func saidOf(r access.Request) string {
	d, ok := r.DeniedBy()
	if !ok || r.State != access.RequestDenied {
		return ""
	}
	return "Reason given by " + cut(line(d.By.String()), 80) + ": " + cut(line(d.Reason), access.JustificationSize)
}

// askOutcome says why there are no buttons, for the reader of this copy: what was decided, by whom and when. How the
// access goes on is not followed here and so not said, except that it was not given after all.
func askOutcome(r access.Request, g *access.Grant, reader access.Person) string {
	s := "*" + lit(askVerdict(r, reader), 400) + "*" + stampOf(r)
	if g != nil && g.State == access.GrantFailed && r.State == access.RequestApproved && r.Kind == access.KindAccess {
		s += "\nThe access could not be given: " + lit(orWord(g.Failure, "the directory refused it."), 400)
	}
	return s
}

func outcomeIcon(r access.Request) string {
	return map[access.RequestState]string{
		access.RequestApproved: ":white_check_mark: ", access.RequestDenied: ":no_entry: ",
		access.RequestCanceled: ":leftwards_arrow_with_hook: ", access.RequestExpired: ":hourglass: ",
	}[r.State]
}

func stampOf(r access.Request) string {
	if r.State == access.RequestPending || r.DecidedAt.IsZero() {
		return ""
	}
	return ", " + when(r.DecidedAt)
}

// askVerdict is the sentence on a copy that has no buttons any more.
func askVerdict(r access.Request, reader access.Person) string {
	switch r.State {
	case access.RequestApproved:
		return "Approved by " + orWord(deciders(r, access.Approve), "the policy")
	case access.RequestDenied:
		return "Denied by " + orWord(deciders(r, access.Deny), "an approver")
	case access.RequestCanceled:
		return "Canceled: no decision is needed any more"
	case access.RequestExpired:
		return "Expired: nobody decided in time"
	case access.RequestPending:
	}
	if decided(r, reader) {
		return "Approved by you (" + reader.String() + "); more approvals are needed"
	}
	return "Your decision is no longer needed: " + orWord(deciders(r, access.Approve), "somebody else") + " approved this step"
}

// deciders lists those who gave a verdict, as plain text.
func deciders(r access.Request, v access.Verdict) string {
	var list []string
	for _, d := range r.Decisions {
		if d.Verdict == v {
			list = append(list, cut(line(d.By.String()), 80))
		}
	}
	return strings.Join(list, " and ")
}
