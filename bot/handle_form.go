package bot

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/slack-go/slack"

	"usher/access"
	"usher/catalog"
)

// command answers the slash command: the form in a window, or one sentence.
func (b *Bot) command(ctx context.Context, j job, d slack.SlashCommand) {
	say := func(err error) {
		b.logFault("command", err)
		b.logFault("command", b.ephemeral(ctx, d.ResponseURL, sentenceFor(err)))
	}
	if !b.ourApp(d.APIAppID) || (!b.home().own(d.TeamID) && !b.home().own(d.EnterpriseID)) {
		say(outsider())
		return
	}
	if d.Command != b.cfg.Command {
		say(&access.Refusal{Text: "Usher answers to " + b.cfg.Command + " only."})
		return
	}
	b.openForm(ctx, opening{user: d.UserID, trigger: d.TriggerID, came: j.came, words: strings.TrimSpace(d.Text), say: say})
}

// shortcut answers the global shortcut.
func (b *Bot) shortcut(ctx context.Context, j job, c slack.InteractionCallback) {
	if c.CallbackID != callbackShortcut {
		b.tell(ctx, c, "Usher does not know this shortcut any more.")
		return
	}
	b.openForm(ctx, opening{user: c.User.ID, trigger: c.TriggerID, came: j.came, say: func(err error) {
		b.logFault("shortcut", err)
		b.tell(ctx, c, sentenceFor(err))
	}})
}

// preview draws the form for a role. What the core refuses becomes a banner; only faults are errors.
func (b *Bot) preview(ctx context.Context, by access.Person, f form, e catalog.EntitlementID, d catalog.Duration) (form, error) {
	f.Meta.Entitlement = e
	p, err := b.core.Preview(ctx, access.Draft{Key: f.Meta.Key, By: by, Entitlement: e, Duration: d})
	if access.CodeOf(err) == access.BadDuration && d != access.NotChosen {
		f.Alert = access.Sentence(err)
		p, err = b.core.Preview(ctx, access.Draft{Key: f.Meta.Key, By: by, Entitlement: e, Duration: access.NotChosen})
	}
	switch {
	case access.CodeOf(err) != "":
		f.Alert = access.Sentence(err)
		return f, nil
	case err != nil:
		return f, fmt.Errorf("preview request: %w", err)
	}
	f.Role, f.Preview = &p.Role, &p
	return f, nil
}

// chosen is what the inputs of a form hold.
type chosen struct {
	entitlement catalog.EntitlementID
	duration    catalog.Duration // access.NotChosen if nothing was chosen for this role.
	unreadable  bool             // The length is none that a form could offer.
	hasReason   bool
	reason      string
	block       string // That holds the search.
}

// readForm reads the inputs. A role that cannot be one counts as not chosen.
func readForm(v slack.View) chosen {
	out := chosen{duration: access.NotChosen, block: blockEntitlement}
	if v.State == nil {
		return out
	}
	for block, inputs := range v.State.Values {
		if a, ok := inputs[actionEntitlement]; ok {
			out.block = block
			out.entitlement, _ = parseEntitlement(a.SelectedOption.Value)
		}
		if a, ok := inputs[actionReason]; ok {
			out.hasReason, out.reason = true, a.Value
		}
	}
	if a, ok := v.State.Values[blockDuration+"/"+string(out.entitlement)][actionDuration]; ok && a.SelectedOption.Value != "" {
		d, err := parseDuration(a.SelectedOption.Value)
		out.duration, out.unreadable = d, err != nil
	}
	return out
}

// formChanged draws the form anew after a role or a length was chosen in it, if that changes what it says.
func (b *Bot) formChanged(ctx context.Context, c slack.InteractionCallback, a slack.BlockAction) {
	m, err := parseMeta(c.View.PrivateMetadata)
	if err != nil {
		b.updateView(ctx, c.View.ID, sentenceView(formTitle, err.Error()+"."))
		return
	}
	o := b.forms.of(c.View.ID)
	o.clicked(a.ActionTs)
	in := readForm(c.View)
	f := form{Meta: meta{Key: m.Key, Block: m.Block}}
	if strings.HasPrefix(a.ActionID, actionSuggestion) {
		e, ok := parseEntitlement(a.Value)
		if !ok {
			return
		}
		// A new block id lets the search show what the button chose.
		in.entitlement, in.duration, f.Meta.Block = e, access.NotChosen, blockEntitlement+"/"+string(e)
	}
	if in.entitlement == "" {
		o.ifCurrent(a.ActionTs, func() { b.drawForm(ctx, o, c.View.ID, f) })
		return
	}
	by, err := b.who(ctx, c.User.ID)
	if err == nil {
		f, err = b.preview(ctx, by, f, in.entitlement, in.duration)
	}
	if err != nil {
		b.logFault("preview", err)
		f.Alert = access.Sentence(err)
	}
	o.ifCurrent(a.ActionTs, func() { b.drawForm(ctx, o, c.View.ID, f) })
}

// suggest answers a search.
func (b *Bot) suggest(ctx context.Context, j job, c slack.InteractionCallback) {
	by, err := b.who(ctx, c.User.ID)
	var found []access.Choice
	if err == nil && (c.ActionID == actionEntitlement || c.ActionID == actionHomeSearch) {
		found, err = b.core.Choices(ctx, by, cut(line(c.Value), 200), optionsMost+1)
	}
	b.logFault("search", err)
	j.reply.give(optionsFor(found))
}

func noOptions() any { return map[string]any{"options": []any{}} }

// optionsFor are the lines of a search, as many as Slack takes and as fit into an acknowledgement; if that is not all, a
// heading says how to see the others. slack-go's own type would leave an empty list out, which Slack takes for a fault.
func optionsFor(found []access.Choice) any {
	list := []*slack.OptionBlockObject{}
	size := 0
	for _, c := range found {
		o := roleOption(c.Role, choiceText(c))
		raw, err := json.Marshal(o)
		if size += len(raw) + 1; err != nil || len(list) == optionsMost || size > ackMax-500 {
			break
		}
		list = append(list, o)
	}
	if len(list) > 0 && len(list) < len(found) {
		more := fmt.Sprintf("The first %d. Type more words to see others.", len(list))
		return map[string]any{"option_groups": []any{slack.NewOptionGroupBlockElement(plain(more, 75), list...)}}
	}
	return map[string]any{"options": list}
}

// choiceText is the second line of a choice: what the person has of it, or what it is.
func choiceText(c access.Choice) string {
	switch {
	case c.Pending != nil:
		return "Waits for approval already"
	case c.Held != nil && c.Held.DueAt.IsZero():
		return "You have it"
	case c.Held != nil:
		return "You have it until " + utc(c.Held.DueAt)
	case line(c.Role.Description) != "":
		return c.Role.Description
	}
	return string(c.Role.Risk) + " risk"
}

// formSubmitted files the request: errors beside the inputs, the next stage of the form, or what happens next.
func (b *Bot) formSubmitted(ctx context.Context, j job, c slack.InteractionCallback) {
	m, err := parseMeta(c.View.PrivateMetadata)
	if err != nil || m.Key == "" {
		b.answerView(ctx, j, c.View.ID, sentenceView(formTitle, errMeta.Error()+"."))
		return
	}
	in := readForm(c.View)
	if wrong := in.wrong(); len(wrong) > 0 {
		j.reply.give(slack.NewErrorsViewSubmissionResponse(wrong))
		return
	}
	o := b.forms.of(c.View.ID)
	o.send(true)
	by, err := b.who(ctx, c.User.ID)
	if err != nil {
		b.logFault("submit", err)
		b.answerView(ctx, j, c.View.ID, sentenceView(formTitle, access.Sentence(err)))
		return
	}
	if in.entitlement != m.Entitlement || !in.hasReason { // Sent before the form for this role was drawn.
		o.send(false)
		b.redraw(ctx, j, c, by, m, in, nil)
		return
	}
	r, err := b.core.Submit(ctx, access.Draft{
		Key: m.Key, By: by, Entitlement: in.entitlement, Duration: in.duration, Justification: in.reason,
	})
	if err == nil {
		b.answerView(ctx, j, c.View.ID, filedView(r))
		return
	}
	b.logFault("submit", err)
	o.send(false)
	if block := in.blockFor(err); block != "" && j.reply.give(slack.NewErrorsViewSubmissionResponse(map[string]string{block: access.Sentence(err)})) {
		return
	}
	b.redraw(ctx, j, c, by, m, in, err)
}

// wrong are the mistakes that need no look at anything else, by block.
func (in chosen) wrong() map[string]string {
	if in.entitlement == "" {
		return map[string]string{in.block: "Please choose an app and role."}
	}
	if in.unreadable { // Nobody is given another length than the one that was sent.
		return map[string]string{blockDuration + "/" + string(in.entitlement): "This length is not offered. Please choose one of the list."}
	}
	if !in.hasReason {
		return nil
	}
	if n := utf8.RuneCountInString(strings.TrimSpace(in.reason)); clean(in.reason) == "" || n > access.JustificationSize {
		return map[string]string{blockReason: fmt.Sprintf("Please give a reason of 1 to %d characters.", access.JustificationSize)}
	}
	return nil
}

// blockFor is the input block that a refusal is about; empty when there is none.
func (in chosen) blockFor(err error) string {
	switch fieldOf(err) {
	case access.FieldEntitlement:
		return in.block
	case access.FieldDuration:
		if in.duration != access.NotChosen {
			return blockDuration + "/" + string(in.entitlement)
		}
	case access.FieldJustification, access.FieldReason:
		return blockReason
	case access.FieldNone:
	}
	return ""
}

// redraw shows the form with what was typed, and with what is wrong.
func (b *Bot) redraw(ctx context.Context, j job, c slack.InteractionCallback, by access.Person, m meta, in chosen, wrong error) {
	f := form{Meta: meta{Key: m.Key, Block: m.Block}, Reason: in.reason}
	f, err := b.preview(ctx, by, f, in.entitlement, in.duration)
	if err != nil {
		b.logFault("preview", err)
		f.Alert = access.Sentence(err)
	}
	if wrong != nil {
		f.Alert = access.Sentence(wrong)
	}
	if in.duration != access.NotChosen {
		f.Duration = &in.duration
	}
	b.answerView(ctx, j, c.View.ID, formView(f))
}
