package bot

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"usher/access"
	"usher/catalog"
)

// submission is what the form's answer will be: errors beside fields, or another view; both nil closes the form.
type submission struct {
	errors map[string]string
	view   *slack.ModalViewRequest
}

// onSubmission answers a form within its acknowledgement when the core is quick, and with a passing view otherwise,
// which is replaced as soon as the core has answered.
func (b *Bot) onSubmission(ctx context.Context, a *ack, c slack.InteractionCallback) {
	// Not by view and hash: a form that came back with errors is sent again as the same view. The core makes one request
	// of one view in any case.
	if !b.seen.first(b.cfg.Now(), keys(a.id, c)...) {
		return
	}
	ready := make(chan submission, 1)
	go func() {
		s := submission{view: ptr(plainForm("Usher", access.Sentence(errFault)))}
		defer func() {
			if p := recover(); p != nil {
				b.log.Error("panic in form", "panic", fmt.Sprint(p))
			}
			ready <- s
		}()
		s = b.submit(ctx, c)
	}()
	select {
	case s := <-ready:
		a.with(ctx, s.answer())
	case <-time.After(b.cfg.AckWithin):
		a.with(ctx, submission{view: ptr(filing())}.answer())
		s := <-ready
		if s.view == nil {
			s.view = ptr(plainForm("Usher", joinErrors(s.errors)))
		}
		b.update(ctx, c.View, *s.view)
	}
}

var errFault = errors.New("fault")

func ptr[T any](v T) *T { return &v }

func filing() slack.ModalViewRequest {
	v := modal("Usher", formPlain)
	v.Blocks.BlockSet = []slack.Block{section("filing", "Filing… this takes a few seconds. You may close this window; you will get a message.")}
	return v
}

// answer is the acknowledgement's payload.
func (s submission) answer() any {
	switch {
	case len(s.errors) > 0:
		return slack.NewErrorsViewSubmissionResponse(s.errors)
	case s.view != nil:
		return slack.NewUpdateViewSubmissionResponse(s.view)
	}
	return slack.NewClearViewSubmissionResponse()
}

func joinErrors(m map[string]string) string {
	var list []string
	for _, text := range m {
		list = append(list, text)
	}
	if len(list) == 0 {
		return "Done."
	}
	return strings.Join(list, " ")
}

// submit carries a form out.
func (b *Bot) submit(ctx context.Context, c slack.InteractionCallback) submission {
	w, err := b.identify(ctx, c)
	if err != nil {
		return said(err)
	}
	m, err := readMetadata(c.View.PrivateMetadata)
	if err != nil {
		return submission{view: ptr(plainForm("Usher", "This form is from another version of Usher. Please close it and open it again."))}
	}
	switch c.View.CallbackID {
	case formRequest:
		return b.submitRequest(ctx, w, c, m)
	case formDeny:
		return b.submitDeny(ctx, w, c, m)
	case formRevoke:
		return b.submitRevoke(ctx, w, c)
	}
	return submission{}
}

func said(err error) submission {
	return submission{view: ptr(plainForm("Usher", access.Sentence(err)))}
}

// submitRequest files the request of the form.
func (b *Bot) submitRequest(ctx context.Context, w who, c slack.InteractionCallback, m metadataV1) submission {
	if m.Entitlement == "" {
		return b.next(ctx, w, c)
	}
	d := access.Draft{Key: "view/" + c.View.ID, By: w.Person, Entitlement: m.Entitlement, Duration: access.NotChosen}
	roleBlock, durationBlock := blockRole+"/"+string(m.Entitlement), blockDuration+"/"+string(m.Entitlement)
	if v, ok := value(c, durationBlock, actionDuration); ok {
		n, err := strconv.ParseInt(v.SelectedOption.Value, 10, 64)
		if err != nil {
			return submission{errors: map[string]string{durationBlock: "Please choose one of the list."}}
		}
		d.Duration = catalog.Duration(n)
	}
	reason, _ := value(c, blockReason, actionReason)
	d.Justification = reason.Value
	r, err := b.core.Submit(ctx, d)
	if err == nil {
		return submission{view: ptr(filedView(r))}
	}
	var refusal *access.Refusal
	if !errors.As(err, &refusal) {
		b.log.Error("submit request", "slack", w.slack, "err", err)
		return said(err)
	}
	field := map[access.Field]string{
		access.FieldEntitlement: roleBlock, access.FieldDuration: durationBlock, access.FieldJustification: blockReason,
	}[refusal.Field]
	// An error beside a field that is not on the screen would show as a broken app.
	if field == "" || !hasInput(c.View, field) {
		return said(err)
	}
	return submission{errors: map[string]string{field: refusal.Text}}
}

// next is the button of a form in which nothing is filled in yet but the role.
func (b *Bot) next(ctx context.Context, w who, c slack.InteractionCallback) submission {
	v, ok := value(c, blockRole, actionRole)
	if !ok || v.SelectedOption.Value == "" {
		return submission{errors: map[string]string{blockRole: "Please choose what you need."}}
	}
	f, err := b.choose(ctx, w, catalog.EntitlementID(v.SelectedOption.Value), access.NotChosen)
	if err != nil {
		return said(err)
	}
	return submission{view: ptr(f.view())}
}

func value(c slack.InteractionCallback, block, action string) (slack.BlockAction, bool) {
	if c.View.State == nil {
		return slack.BlockAction{}, false
	}
	v, ok := c.View.State.Values[block][action]
	return v, ok
}

func hasInput(v slack.View, block string) bool {
	for _, b := range v.Blocks.BlockSet {
		if in, ok := b.(*slack.InputBlock); ok && in.BlockID == block {
			return true
		}
	}
	return false
}

// filedView says what happens next.
func filedView(r access.Request) slack.ModalViewRequest {
	v := modal("Request filed", formPlain)
	next := "Usher gives you access now and tells you in a message when it is proven."
	if !r.Automatic() {
		var people []access.Person
		for _, a := range r.Asks {
			people = append(people, a.Approver)
		}
		next = "Next, " + escape(names(people, 3)) + " is asked. You get a message that always shows how it stands; nothing more is needed from you."
	}
	v.Blocks.BlockSet = []slack.Block{
		section("what", "*Filed:* "+escape(r.Role.String())+", "+length(r.Duration)+"."),
		section("next", next),
	}
	return v
}

// denyForm asks an approver for the reason.
func denyForm(m metadataV1) slack.ModalViewRequest {
	v := modal("Deny request", formDeny)
	v.Submit, v.PrivateMetadata = plain("Deny", 24), m.String()
	reason := slack.NewPlainTextInputBlockElement(plain("What should the requester do instead?", 150), actionReason)
	reason.Multiline, reason.MaxLength = true, access.JustificationSize
	v.Blocks.BlockSet = []slack.Block{
		slack.NewInputBlock(blockReason, plain("Reason", 150), plain("The requester and the record will show it.", 150), reason),
	}
	return v
}

func (b *Bot) submitDeny(ctx context.Context, w who, c slack.InteractionCallback, m metadataV1) submission {
	reason, _ := value(c, blockReason, actionReason)
	o := access.Origin{Envelope: c.View.ID, Message: m.Message, Home: m.Home}
	_, err := b.core.Decide(ctx, w.Person, m.Request, access.Deny, reason.Value, o)
	b.homes.mark(access.SlackID(w.slack))
	return b.afterReason(w, err)
}

// afterReason answers a form whose only field is a reason.
func (b *Bot) afterReason(w who, err error) submission {
	var refusal *access.Refusal
	switch {
	case err == nil:
		return submission{}
	case errors.As(err, &refusal) && refusal.Field == access.FieldReason:
		return submission{errors: map[string]string{blockReason: refusal.Text}}
	case refusal == nil:
		b.log.Error("form", "slack", w.slack, "err", err)
	}
	return said(err)
}

// The form for revoking somebody's access.
const (
	actionRevoke = "revoke_open"
	actionHolder = "holder"
	actionGrant  = "grant"
	blockHolder  = "holder"
	blockGrant   = "grant"
)

// revokeForm asks whose access, which, and why.
func revokeForm(list []access.Grant, holder string, now time.Time) slack.ModalViewRequest {
	v := modal("Revoke access", formRevoke)
	v.PrivateMetadata = metadataV1{}.String()
	pick := slack.NewOptionsSelectBlockElement(slack.OptTypeUser, plain("Choose a person", 150), actionHolder)
	pick.InitialUser = holder
	in := slack.NewInputBlock(blockHolder, plain("Whose access", 150), nil, pick)
	in.DispatchAction = true
	v.Blocks.BlockSet = []slack.Block{in}
	v.Submit = plain("Next", 24)
	if holder == "" {
		return v
	}
	if len(list) == 0 {
		v.Blocks.BlockSet = append(v.Blocks.BlockSet, section("none", "This person holds nothing that you may revoke."))
		return v
	}
	var options []*slack.OptionBlockObject
	for _, g := range list[:min(len(list), 100)] {
		o := &slack.OptionBlockObject{Text: plain(g.Role.String(), 75), Value: string(g.ID)}
		if !g.DueAt.IsZero() {
			o.Description = plain("ends in "+left(now, g.DueAt), 75)
		}
		options = append(options, o)
	}
	reason := slack.NewPlainTextInputBlockElement(plain("Why it ends now", 150), actionReason)
	reason.Multiline, reason.MaxLength = true, access.JustificationSize
	v.Submit = plain("Revoke", 24)
	v.Blocks.BlockSet = append(v.Blocks.BlockSet,
		slack.NewInputBlock(blockGrant+"/"+holder, plain("Access", 150), nil,
			slack.NewOptionsSelectBlockElement(slack.OptTypeStatic, plain("Choose", 150), actionGrant, options...)),
		slack.NewInputBlock(blockReason, plain("Reason", 150), plain("The holder and the record will show it.", 150), reason))
	return v
}

func (b *Bot) submitRevoke(ctx context.Context, w who, c slack.InteractionCallback) submission {
	holder, _ := value(c, blockHolder, actionHolder)
	g, ok := value(c, blockGrant+"/"+holder.SelectedUser, actionGrant)
	if !ok {
		return submission{errors: map[string]string{blockHolder: "Choose a person who holds something that you may revoke."}}
	}
	if !validID(g.SelectedOption.Value) {
		return submission{errors: map[string]string{blockGrant + "/" + holder.SelectedUser: "Please choose one of the list."}}
	}
	reason, _ := value(c, blockReason, actionReason)
	_, err := b.core.Revoke(ctx, w.Person, access.GrantID(g.SelectedOption.Value), reason.Value)
	b.homes.mark(access.SlackID(w.slack))
	return b.afterReason(w, err)
}
