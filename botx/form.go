package bot

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"usher/access"
	"usher/catalog"
)

// The parts of the request form. The reason's block id stays the same over updates, so that what was typed stays.
const (
	blockRole      = "role"
	blockDuration  = "duration"
	blockReason    = "reason"
	actionRole     = "role"
	actionDuration = "duration"
	actionReason   = "reason"
	actionSuggest  = "suggest"
)

// form is what the request form shows.
type form struct {
	words       string          // What was typed after the command.
	suggestions []access.Choice // Shown as buttons while nothing is chosen.
	chosen      *access.Choice
	preview     *access.Preview
	refusal     error // Why the chosen one cannot be asked for.
}

// loadingView is what people see while the form is made.
func loadingView() slack.ModalViewRequest {
	v := modal("Request access", formPlain)
	v.Blocks.BlockSet = []slack.Block{section("loading", "Opening the catalog…")}
	return v
}

func modal(title, callback string) slack.ModalViewRequest {
	return slack.ModalViewRequest{Type: slack.VTModal, Title: plain(title, 24), Close: plain("Close", 24), CallbackID: callback}
}

// plainForm says something in a modal.
func plainForm(title, sentence string) slack.ModalViewRequest {
	v := modal(title, formPlain)
	v.Blocks.BlockSet = []slack.Block{section("said", escape(cut(sentence, 2900)))}
	return v
}

// view draws the form.
func (f form) view() slack.ModalViewRequest {
	v := modal("Request access", formRequest)
	search := &slack.SelectBlockElement{Type: slack.OptTypeExternal, ActionID: actionRole, Placeholder: plain("Type a few letters", 150)}
	zero := 0
	search.MinQueryLength = &zero
	meta, id := metadataV1{}, blockRole
	if f.chosen != nil {
		// Slack ignores the initial option of an input that it has on the screen already, so the input is a new one.
		search.InitialOption, id = choiceOption(*f.chosen), blockRole+"/"+string(f.chosen.Entitlement)
		meta.Entitlement = f.chosen.Entitlement
	}
	v.PrivateMetadata = meta.String()
	role := slack.NewInputBlock(id, plain("App and role", 150), nil, search)
	role.DispatchAction = true
	v.Blocks.BlockSet = []slack.Block{role}
	switch {
	case f.refusal != nil:
		v.Blocks.BlockSet = append(v.Blocks.BlockSet, slack.NewAlertBlock(&slack.TextBlockObject{
			Type: slack.PlainTextType, Text: cut(access.Sentence(f.refusal), 200),
		}, slack.AlertBlockOptionLevel(slack.AlertLevelWarning)))
	case f.preview != nil:
		v.Submit = plain("Send request", 24)
		v.Blocks.BlockSet = append(v.Blocks.BlockSet, f.chosenBlocks()...)
	default:
		v.Blocks.BlockSet = append(v.Blocks.BlockSet, f.suggestionBlocks()...)
	}
	if v.Submit == nil {
		v.Submit = plain("Next", 24)
	}
	return v
}

// suggestionBlocks offers what fits the words of the command.
func (f form) suggestionBlocks() []slack.Block {
	if f.words == "" {
		return []slack.Block{contextLine("hint", "Choose what you need; you see who decides before anything is sent.")}
	}
	if len(f.suggestions) == 0 {
		return []slack.Block{section("none", "Nothing in the catalog fits “"+escape(cut(f.words, 100))+"”. Try other words above.")}
	}
	blocks := []slack.Block{section("fits", "This fits “"+escape(cut(f.words, 100))+"”:")}
	var buttons []slack.BlockElement
	for _, c := range f.suggestions {
		buttons = append(buttons, button(actionSuggest+"_"+string(c.Entitlement), string(c.Entitlement), c.Role.String(), ""))
	}
	return append(blocks, slack.NewActionBlock("suggestions", buttons...))
}

// chosenBlocks shows what the chosen role is, for how long, why, and who decides.
func (f form) chosenBlocks() []slack.Block {
	p := f.preview
	about := risk(p.Role)
	if p.Role.Description != "" {
		about = escape(p.Role.Description) + " · " + about
	}
	blocks := []slack.Block{contextLine("about", about)}
	if p.Extends.IsZero() {
		blocks = append(blocks, durationInput(p))
	} else {
		blocks = append(blocks, section("extends", "You have this until "+when(p.Extends)+". Sending this asks to extend it by *"+p.Duration.String()+"*."))
	}
	reason := slack.NewPlainTextInputBlockElement(plain("What do you need it for?", 150), actionReason)
	reason.Multiline = true
	reason.MaxLength = access.JustificationSize
	return append(blocks,
		slack.NewInputBlock(blockReason, plain("Reason", 150), plain("The approver decides by it.", 150), reason),
		contextLine("decides", decides(p)))
}

func durationInput(p *access.Preview) slack.Block {
	var options []*slack.OptionBlockObject
	var initial *slack.OptionBlockObject
	for _, d := range p.Durations {
		o := &slack.OptionBlockObject{Text: plain(d.String(), 75), Value: strconv.FormatInt(int64(d), 10)}
		options = append(options, o)
		if d == p.Duration {
			initial = o
		}
	}
	radio := slack.NewRadioButtonsBlockElement(actionDuration, options...)
	radio.InitialOption = initial
	in := slack.NewInputBlock(blockDuration+"/"+string(p.Role.Entitlement), plain("How long", 150), nil, radio)
	in.DispatchAction = true
	return in
}

// decides says who decides and why, before anything is sent.
func decides(p *access.Preview) string {
	var s string
	switch {
	case p.Automatic:
		s = "*Who decides:* nobody has to; you get it at once."
	case len(p.Steps) == 1:
		s = "*Who decides:* " + stepWords(p.Steps[0]) + "."
	default:
		parts := make([]string, len(p.Steps))
		for i, st := range p.Steps {
			parts[i] = stepWords(st)
		}
		s = "*Who decides:* first " + strings.Join(parts, ", then ") + "."
	}
	if p.Because != "" {
		s += " " + escape(cut(p.Because, 200)) + "."
	}
	return s
}

func stepWords(st access.PreviewStep) string {
	s := escape(names(st.People, 4))
	if st.Quorum > 1 {
		s = strconv.Itoa(st.Quorum) + " of " + s
	}
	return s
}

// openForm opens the form. When the catalog answers within a moment the form itself is opened; otherwise a loading view
// is, because a trigger lives three seconds only.
func (b *Bot) openForm(ctx context.Context, w who, words string, chosen catalog.EntitlementID) {
	type made struct {
		f   form
		err error
	}
	ready := make(chan made, 1)
	go func() {
		var m made
		defer func() {
			if recover() != nil {
				m.err = errors.New("fault while the form was made")
			}
			ready <- m
		}()
		m.f, m.err = b.makeForm(ctx, w, words, chosen)
	}()
	var opened *slack.ViewResponse
	select {
	case m := <-ready:
		if m.err != nil {
			b.refuse(ctx, w, m.err)
			return
		}
		b.open(ctx, w, m.f.view())
		return
	case <-time.After(b.cfg.AckWithin):
	}
	opened, err := b.api.OpenViewContext(ctx, w.trigger, loadingView())
	if err != nil {
		b.log.Warn("open form", "err", errorWord(err))
		w.trigger = ""
		b.tell(ctx, w, "The form could not be opened in time. Please try again.")
		<-ready
		return
	}
	m := <-ready
	v := plainForm("Request access", access.Sentence(m.err))
	if m.err == nil {
		v = m.f.view()
	}
	b.update(ctx, opened.View, v)
}

// makeForm gathers what the first view shows.
func (b *Bot) makeForm(ctx context.Context, w who, words string, chosen catalog.EntitlementID) (form, error) {
	f := form{words: strings.TrimSpace(words)}
	if w.User == "" {
		p, err := b.people.person(ctx, w.slack, b.team)
		if err != nil {
			return f, err
		}
		w.Person = p
	}
	if chosen == "" && f.words != "" {
		list, err := b.core.Choices(ctx, w.Person, f.words, 5)
		if err != nil {
			return f, err
		}
		f.suggestions = list
		if len(list) == 1 {
			chosen = list[0].Entitlement
		}
	}
	if chosen == "" {
		return f, nil
	}
	return b.choose(ctx, w, chosen, access.NotChosen)
}

// choose makes the form for one chosen role.
func (b *Bot) choose(ctx context.Context, w who, e catalog.EntitlementID, d catalog.Duration) (form, error) {
	p, err := b.core.Preview(ctx, access.Draft{By: w.Person, Entitlement: e, Duration: d})
	if access.CodeOf(err) == "" && err != nil {
		return form{}, err
	}
	f := form{refusal: err}
	if err == nil {
		f.preview = &p
		f.chosen = &access.Choice{Entitlement: e, Role: p.Role}
	}
	return f, nil
}

// onFormChange draws the form anew after another role or length was chosen.
func (b *Bot) onFormChange(ctx context.Context, w who, c slack.InteractionCallback, act *slack.BlockAction) {
	e, d := catalog.EntitlementID(act.SelectedOption.Value), access.NotChosen
	if act.ActionID == actionDuration {
		m, err := readMetadata(c.View.PrivateMetadata)
		n, parseErr := strconv.ParseInt(act.SelectedOption.Value, 10, 64)
		if err != nil || parseErr != nil {
			return
		}
		e, d = m.Entitlement, catalog.Duration(n)
	}
	b.refill(ctx, w, c, e, d)
}

func (b *Bot) refill(ctx context.Context, w who, c slack.InteractionCallback, e catalog.EntitlementID, d catalog.Duration) {
	f, err := b.choose(ctx, w, e, d)
	v := plainForm("Request access", access.Sentence(err))
	if err == nil {
		v = f.view()
	}
	b.update(ctx, c.View, v)
}
