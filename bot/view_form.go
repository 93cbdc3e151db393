package bot

import (
	"fmt"
	"strings"

	"github.com/slack-go/slack"

	"usher/access"
	"usher/catalog"
)

const formTitle = "Request access"

// form is everything that the request form shows.
type form struct {
	Meta meta
	// Role is the chosen role, or nil while none is chosen.
	Role *access.Role
	// Preview says what submitting would do; nil while nothing is chosen or when it was refused.
	Preview *access.Preview
	// Alert is a sentence on top, with its field in Wrong.
	Alert string
	// Duration and Reason are put into the inputs when the form has to be drawn anew.
	Duration *catalog.Duration
	Reason   string
	// Suggestions are what fits the words of the command.
	Suggestions []access.Choice
	Words       string
	// Closed is what fits the words when nothing does that the person may ask for.
	Closed []access.Closed
}

// loadingView is opened at once, because the trigger of a click lives three seconds.
func loadingView() slack.ModalViewRequest {
	return modal(callbackDone, formTitle, "Close", section("Opening the catalog…"))
}

// filingView stands in while a submission takes longer than an acknowledgement may.
func filingView() slack.ModalViewRequest {
	return modal(callbackDone, formTitle, "Close",
		section("Filing your request…"), small("You can close this window; nothing gets lost. Usher writes to you in any case."))
}

// formView draws the form.
func formView(f form) slack.ModalViewRequest {
	v := modal(callbackForm, formTitle, "Cancel")
	v.Submit = plain("Continue", 24)
	v.PrivateMetadata = f.Meta.encode()
	var blocks []slack.Block
	if f.Alert != "" {
		blocks = append(blocks, alert(slack.AlertLevelWarning, f.Alert)...)
	}
	blocks = append(blocks, searchInput(f))
	blocks = append(blocks, suggestions(f)...)
	if f.Role != nil {
		blocks = append(blocks, roleBlocks(*f.Role)...)
	}
	if p := f.Preview; p != nil {
		v.Submit = plain("Send request", 24)
		blocks = append(blocks, lengthBlocks(f, *p)...)
		blocks = append(blocks, reasonInput(f))
		blocks = append(blocks, consequences(*p)...)
	}
	v.Blocks.BlockSet = blocks
	return v
}

func searchInput(f form) slack.Block {
	none := 0
	e := &slack.SelectBlockElement{
		Type: slack.OptTypeExternal, ActionID: actionEntitlement, MinQueryLength: &none,
		Placeholder: plain("Search apps and roles", 150), FocusOnLoad: f.Role == nil,
	}
	if f.Role != nil {
		e.InitialOption = roleOption(*f.Role, "")
	}
	id := f.Meta.Block
	if id == "" {
		id = blockEntitlement
	}
	in := slack.NewInputBlock(id, plain("App and role", 2000), nil, e)
	in.DispatchAction = true
	return in
}

// roleOption is one line of the search. The label of an initial option must be the one that was offered.
func roleOption(r access.Role, description string) *slack.OptionBlockObject {
	return option(string(r.Entitlement), r.String(), description)
}

// suggestions are the best hits for the words of the command, as buttons.
func suggestions(f form) []slack.Block {
	if f.Role != nil || f.Words == "" {
		return nil
	}
	if len(f.Suggestions) == 0 {
		return noHit(f)
	}
	var buttons []slack.BlockElement
	for i, c := range f.Suggestions {
		if i == 5 {
			break
		}
		b := button(fmt.Sprintf("%s_%d", actionSuggestion, i), string(c.Entitlement), line(c.Role.String()))
		buttons = append(buttons, b)
	}
	return []slack.Block{
		slack.NewSectionBlock(plain("For “"+cut(line(f.Words), 100)+"”:", 300), nil, nil),
		slack.NewActionBlock("suggestions", buttons...),
	}
}

// noHit says that nothing fits, and what would if the catalog let the person ask for it.
func noHit(f form) []slack.Block {
	blocks := []slack.Block{slack.NewSectionBlock(plain("Nothing that you can ask for fits “"+cut(line(f.Words), 100)+"”. Search above with other words.", 300), nil, nil)}
	for i, c := range f.Closed {
		if i == 3 {
			break
		}
		blocks = append(blocks, slack.NewContextBlock("", plain("You cannot ask for "+cut(line(c.Role.String()), 150)+": "+c.Why, 600)))
	}
	return blocks
}

func roleBlocks(r access.Role) []slack.Block {
	var blocks []slack.Block
	if d := line(r.Description); d != "" {
		blocks = append(blocks, slack.NewSectionBlock(plain(d, 600), nil, nil))
	}
	return append(blocks, small(riskText(r)))
}

// riskText names the risk in words; elevated access says so.
func riskText(r access.Role) string {
	icon := map[catalog.Risk]string{
		catalog.RiskLow: ":white_circle:", catalog.RiskMedium: ":large_blue_circle:",
		catalog.RiskHigh: ":large_orange_circle:", catalog.RiskCritical: ":red_circle:",
	}[r.Risk]
	s := strings.TrimSpace(icon + " " + lit(string(r.Risk), 20) + " risk")
	if r.Elevated {
		s += " · elevated: more than everyday access"
	}
	return s
}

// lengthBlocks let the person choose how long. An extension has one length only.
func lengthBlocks(f form, p access.Preview) []slack.Block {
	if !p.Extends.IsZero() {
		return []slack.Block{section(fmt.Sprintf("You have this access until %s. This request extends it *by %s*.", when(p.Extends), p.Duration))}
	}
	chosen := p.Duration
	if f.Duration != nil {
		chosen = *f.Duration
	}
	var options []*slack.OptionBlockObject
	var initial *slack.OptionBlockObject
	for _, d := range p.Durations {
		o := option(durationValue(d), d.String(), "")
		options = append(options, o)
		if d == chosen {
			initial = o
		}
	}
	if len(options) == 0 {
		return nil
	}
	label, id := plain("How long", 2000), blockDuration+"/"+string(p.Role.Entitlement)
	var e slack.BlockElement = &slack.RadioButtonsBlockElement{
		Type: slack.METRadioButtons, ActionID: actionDuration, Options: options, InitialOption: initial,
	}
	if len(options) > 4 { // A list fits a phone better.
		e = &slack.SelectBlockElement{
			Type: slack.OptTypeStatic, ActionID: actionDuration, Options: options[:min(len(options), 100)], InitialOption: initial,
			Placeholder: plain("Choose a length", 150),
		}
	}
	in := slack.NewInputBlock(id, label, plain("The time runs from the moment you have the access.", 2000), e)
	in.DispatchAction = true
	return []slack.Block{in}
}

func reasonInput(f form) slack.Block {
	hint := plain("Whoever decides reads this, and it stays on the record.", 2000)
	if p := f.Preview; p != nil && p.Automatic {
		hint = plain("It stays on the record.", 2000)
	}
	return slack.NewInputBlock(blockReason, plain("Reason", 2000), hint, &slack.PlainTextInputBlockElement{
		Type: slack.METPlainTextInput, ActionID: actionReason, Multiline: true, MaxLength: access.JustificationSize,
		Placeholder: plain("What do you need it for?", 150), InitialValue: cut(clean(f.Reason), access.JustificationSize),
	})
}

// consequences says what submitting does: who decides, and why they.
func consequences(p access.Preview) []slack.Block {
	var b strings.Builder
	b.WriteString("*Who decides*\n")
	switch {
	case p.Automatic:
		b.WriteString("Nobody has to: the policy approves this at once.")
	case len(p.Steps) == 1:
		b.WriteString(stepText(p.Steps[0]))
	default:
		for i, s := range p.Steps {
			fmt.Fprintf(&b, "%d. %s\n", i+1, stepText(s))
		}
	}
	blocks := []slack.Block{section(strings.TrimSpace(b.String()))}
	if why := lit(p.Because, 300); why != "" {
		blocks = append(blocks, small("Why: "+why))
	}
	return blocks
}

func stepText(s access.PreviewStep) string {
	all := len(s.People) == s.Quorum
	switch {
	case len(s.People) == 0:
		return "People who are found when the step begins"
	case s.Quorum > 1 && all:
		return names(s.People, "and") + ", all of them"
	case s.Quorum > 1:
		return fmt.Sprintf("%d of %s", s.Quorum, names(s.People, "and"))
	}
	return names(s.People, "or")
}

// filedView is the last thing that a requester sees in the window.
func filedView(r access.Request) slack.ModalViewRequest {
	lines := []string{":white_check_mark: *Request filed*", roleText(r.Role) + ", " + lengthText(r)}
	var next string
	switch {
	case r.State != access.RequestPending || r.Automatic():
		next = "The policy approves this. Usher now gives you the access, checks that it is there, and writes to you."
	default:
		next = fmt.Sprintf("%s is asked next. If nobody decides before %s, the request expires. Usher writes to you at every step.",
			orWord(askedNow(r), "The approver"), when(r.Deadline))
	}
	blocks := []slack.Block{section(strings.Join(lines, "\n")), section(next)}
	if l := issueLink(r.Issue); l != "" {
		blocks = append(blocks, small("On record as "+l))
	} else {
		blocks = append(blocks, small("It is being recorded as a Jira issue; nothing is given before that is done."))
	}
	return modal(callbackDone, formTitle, "Done", blocks...)
}

// lengthText is the length as part of a sentence.
func lengthText(r access.Request) string {
	switch {
	case r.Kind == access.KindExtension:
		return "extended by " + r.Duration.String()
	case r.Duration == catalog.Standing:
		return "without an end"
	}
	return "for " + r.Duration.String()
}

// askedNow names those who were asked in the present step and have not decided.
func askedNow(r access.Request) string {
	var people []access.Person
	for _, a := range r.Asks {
		if a.Step == r.Step && !decided(r, a.Approver) {
			people = append(people, a.Approver)
		}
	}
	return names(people, "or")
}

func decided(r access.Request, p access.Person) bool {
	for _, d := range r.Decisions {
		if d.By.Is(p) {
			return true
		}
	}
	return false
}

func orWord(s, word string) string {
	if s == "" {
		return word
	}
	return s
}
