package bot

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/slack-go/slack"

	"usher/access"
)

// click is one press of a button by somebody who was identified.
type click struct {
	j      job
	c      slack.InteractionCallback
	by     access.Person
	id     string // Request or grant.
	origin access.Origin
}

// originOf says where a button stood.
func originOf(j job, c slack.InteractionCallback) access.Origin {
	o := access.Origin{Envelope: j.envelope}
	switch {
	case c.View.Type == slack.VTHomeTab:
		o.Home = true
	case c.Container.ChannelID != "":
		o.Message = access.MessageRef{Channel: c.Container.ChannelID, TS: c.Container.MessageTs}
	}
	return o
}

// action answers one click or choice.
func (b *Bot) action(ctx context.Context, j job, c slack.InteractionCallback, a slack.BlockAction) {
	switch id := a.ActionID; {
	case id == actionEntitlement, id == actionDuration, strings.HasPrefix(id, actionSuggestion+"_"):
		b.formChanged(ctx, c, a)
	case id == actionLink:
	case id == actionPage, id == actionPagePrev:
		if section, from, ok := parsePage(a.Value); ok {
			b.notifier.home.turn(access.SlackID(c.User.ID), section, from)
		}
	case id == actionRequest:
		b.openForm(ctx, opening{user: c.User.ID, trigger: c.TriggerID, came: j.came, say: b.sayer(ctx, c)})
	case id == actionRevoke:
		b.openHolder(ctx, c)
	case id == actionHolder:
		b.holderChosen(ctx, c, a.SelectedUser)
	case id == actionDiscover:
		b.askDiscovery(ctx, c)
	case id == actionSuggest:
		b.showSuggestion(ctx, c, a.Value)
	case id == actionHomeSearch:
		if e, ok := parseEntitlement(a.SelectedOption.Value); ok {
			b.openForm(ctx, opening{user: c.User.ID, trigger: c.TriggerID, came: j.came, entitlement: e, say: b.sayer(ctx, c)})
			b.notifier.home.used(access.SlackID(c.User.ID))
		}
	default:
		b.press(ctx, j, c, a)
	}
}

func (b *Bot) sayer(ctx context.Context, c slack.InteractionCallback) func(error) {
	return func(err error) {
		b.logFault("open form", err)
		b.tell(ctx, c, sentenceFor(err))
	}
}

// press answers the buttons that carry a request or grant.
func (b *Bot) press(ctx context.Context, j job, c slack.InteractionCallback, a slack.BlockAction) {
	do := map[string]func(context.Context, click) error{
		actionApprove: b.approve, actionDeny: b.askWhyNot, actionCancel: b.cancel, actionRelease: b.release, actionExtend: b.extend,
	}[a.ActionID]
	verb := ""
	id, step, ok := parseDecide(a.Value)
	if a.ActionID == actionAdmin {
		if verb, id, ok = parseMenu(a.SelectedOption.Value); verb == menuRevoke {
			do = b.askWhyRevoke
		} else {
			do = b.details
		}
	}
	id, fits := parseID(id)
	if do == nil || !ok || !fits {
		b.log.Warn("unknown action", "action", cut(line(a.ActionID), 40), "slack", c.User.ID)
		b.tell(ctx, c, "This button is of another version of Usher and does nothing any more. Open Usher's Home tab to see what you can do.")
		return
	}
	who := b.who
	if a.ActionID == actionApprove {
		who = b.whoDecides
	}
	by, err := who(ctx, c.User.ID)
	k := click{j: j, c: c, by: by, id: id, origin: originOf(j, c)}
	k.origin.Step = step
	if err == nil {
		err = do(ctx, k)
	}
	if changes(a.ActionID) {
		j.reply.give(nil) // It is durable or refused; what is said about it may take its time.
	}
	if err != nil {
		b.logFault(a.ActionID, err)
		b.tell(ctx, c, sentenceFor(err))
		b.freshen(ctx, k, err)
	}
	if k.origin.Home {
		b.notifier.home.used(access.SlackID(c.User.ID))
	}
}

// freshen brings a question up to date whose buttons came too late, should an earlier attempt have failed.
func (b *Bot) freshen(ctx context.Context, k click, err error) {
	if k.origin.Message == (access.MessageRef{}) || k.by.User == "" {
		return
	}
	switch access.CodeOf(err) { // With all other codes the buttons are still right.
	case access.AlreadyDecided, access.AlreadyApproved, access.RequestOver, access.NotApprover:
	default:
		return
	}
	r, g, err := b.core.Request(ctx, k.by, access.RequestID(k.id))
	if err != nil {
		b.logFault("freshen", err)
		return
	}
	for _, a := range r.Asks {
		if a.Approver.Is(k.by) && a.Message == k.origin.Message {
			_, err := b.notifier.Send(ctx, access.Message{
				Kind: access.MessageAsk, To: a.Approver, At: a.Message, Request: r, Grant: g, Open: r.WaitsFor(k.by),
			})
			b.logFault("freshen", err)
			return
		}
	}
}

func (b *Bot) approve(ctx context.Context, k click) error {
	_, err := b.core.Decide(ctx, k.by, access.RequestID(k.id), access.Approve, "", k.origin)
	return err
}

func (b *Bot) cancel(ctx context.Context, k click) error {
	_, err := b.core.Cancel(ctx, k.by, access.RequestID(k.id))
	return err
}

func (b *Bot) release(ctx context.Context, k click) error {
	_, err := b.core.Release(ctx, k.by, access.GrantID(k.id))
	return err
}

// extend asks for more time with the reason that was given before. The key makes two clicks on the same offer one
// request, and lets a later offer, or one after a refusal, be another.
func (b *Bot) extend(ctx context.Context, k click) error {
	r, g, err := b.core.Request(ctx, k.by, access.RequestID(k.id))
	if err != nil {
		return err
	}
	if g == nil {
		return &access.Refusal{Code: access.NotFound, Text: "There is no access to extend here."}
	}
	key := fmt.Sprintf("extend/%s/%d", k.id, g.Extensions)
	var made access.Request
	for range 20 { // Each round finds an earlier request of this offer that came to nothing.
		made, err = b.core.Extend(ctx, k.by, access.GrantID(k.id), r.Justification, key)
		if err != nil {
			return err
		}
		if made.State == access.RequestPending || made.State == access.RequestApproved {
			break
		}
		key = fmt.Sprintf("extend/%s/%d/%s", k.id, g.Extensions, made.ID)
	}
	k.j.reply.give(nil) // As in press.
	if k.c.ResponseURL != "" {
		text := "You asked for " + made.Duration.String() + " more. Usher writes to you as soon as it is decided."
		if made.Automatic() {
			text = "Extended by " + made.Duration.String() + ", as the policy allows. Usher writes to you as soon as it is recorded."
		}
		b.logFault("extend", b.ephemeral(ctx, k.c.ResponseURL, text))
	}
	return nil
}

// look reads what a dialog is about, if that is quick; the dialog opens without it otherwise.
func (b *Bot) look(ctx context.Context, k click) (*access.Request, *access.Grant, error) {
	hurry, cancel := context.WithTimeout(ctx, quick)
	defer cancel()
	r, g, err := b.core.Request(hurry, k.by, access.RequestID(k.id))
	switch {
	case access.CodeOf(err) != "":
		return nil, nil, err
	case err != nil:
		return nil, nil, nil
	}
	return &r, g, nil
}

func (b *Bot) askWhyNot(ctx context.Context, k click) error {
	r, _, err := b.look(ctx, k)
	if err != nil {
		return err
	}
	if r != nil && r.State != access.RequestPending {
		// The core knows best how to say what became of it.
		_, err := b.core.Decide(ctx, k.by, r.ID, access.Deny, "", k.origin)
		return err
	}
	m := meta{Request: access.RequestID(k.id), Message: k.origin.Message, Home: k.origin.Home, Step: k.origin.Step}
	return b.open(ctx, k, denyView(m, r))
}

func (b *Bot) askWhyRevoke(ctx context.Context, k click) error {
	r, g, err := b.look(ctx, k)
	if err != nil {
		return err
	}
	return b.open(ctx, k, revokeView(meta{Grant: access.GrantID(k.id), Home: k.origin.Home}, r, g))
}

func (b *Bot) details(ctx context.Context, k click) error {
	r, g, err := b.core.Request(ctx, k.by, access.RequestID(k.id))
	if err != nil {
		return err
	}
	return b.open(ctx, k, stateView(r, g))
}

func (b *Bot) open(ctx context.Context, k click, v slack.ModalViewRequest) error {
	if _, err := b.openView(ctx, k.c.TriggerID, v); err != nil {
		return fmt.Errorf("open dialog: %w", err)
	}
	return nil
}

// submitted answers a view that was sent.
func (b *Bot) submitted(ctx context.Context, j job, c slack.InteractionCallback) {
	switch c.View.CallbackID {
	case callbackForm:
		b.formSubmitted(ctx, j, c)
	case callbackDeny, callbackRevoke:
		b.dialogSubmitted(ctx, j, c)
	case callbackHolder:
		b.holderSubmitted(ctx, j, c)
	default:
		b.answerView(ctx, j, c.View.ID, sentenceView(titleOf(c.View), errMeta.Error()+"."))
	}
}

// wrongReason says what is wrong with the reason of a denial or revocation; empty when nothing is.
func wrongReason(s string) string {
	switch {
	case clean(s) == "":
		return "Please say why."
	case utf8.RuneCountInString(s) > access.JustificationSize:
		return fmt.Sprintf("The reason is too long; %d characters fit.", access.JustificationSize)
	}
	return ""
}

// dialogSubmitted carries out a denial or a revocation.
func (b *Bot) dialogSubmitted(ctx context.Context, j job, c slack.InteractionCallback) {
	m, err := parseMeta(c.View.PrivateMetadata)
	reason := readForm(c.View).reason
	if wrong := wrongReason(reason); err == nil && wrong != "" {
		j.reply.give(slack.NewErrorsViewSubmissionResponse(map[string]string{blockReason: wrong}))
		return
	}
	var by access.Person
	if err == nil {
		by, err = b.whoDecides(ctx, c.User.ID)
	}
	done := "Done."
	switch {
	case err != nil:
	case c.View.CallbackID == callbackDeny && m.Request != "":
		done = "The request is denied. The requester has been told why."
		_, err = b.core.Decide(ctx, by, m.Request, access.Deny, reason, access.Origin{Envelope: j.envelope, Message: m.Message, Home: m.Home, Step: m.Step})
	case c.View.CallbackID == callbackRevoke && m.Grant != "":
		done = "The access is being removed. The holder is told why."
		_, err = b.core.Revoke(ctx, by, m.Grant, reason)
	default:
		err = errMeta
	}
	b.dialogAnswer(ctx, j, c, done, err)
	if m.Home {
		b.notifier.home.used(access.SlackID(c.User.ID))
	}
	if err != nil && m.Request != "" {
		b.freshen(ctx, click{c: c, by: by, id: string(m.Request), origin: access.Origin{Message: m.Message}}, err)
	}
}

func (b *Bot) dialogAnswer(ctx context.Context, j job, c slack.InteractionCallback, done string, err error) {
	switch {
	case err == nil && c.View.CallbackID == callbackDeny && j.reply.give(nil): // Closes the dialog; the message itself tells.
		return
	case err == nil: // Who revokes has no message that would tell.
		b.answerView(ctx, j, c.View.ID, sentenceView(titleOf(c.View), done))
		return
	case errors.Is(err, errMeta):
		b.answerView(ctx, j, c.View.ID, sentenceView(titleOf(c.View), err.Error()+"."))
		return
	}
	b.logFault("dialog", err)
	if f := fieldOf(err); f == access.FieldReason || f == access.FieldJustification {
		if j.reply.give(slack.NewErrorsViewSubmissionResponse(map[string]string{blockReason: access.Sentence(err)})) {
			return
		}
	}
	b.answerView(ctx, j, c.View.ID, sentenceView(titleOf(c.View), access.Sentence(err)))
}

// fieldOf is the field that a refusal is about.
func fieldOf(err error) access.Field {
	var r *access.Refusal
	if errors.As(err, &r) {
		return r.Field
	}
	return access.FieldNone
}
