package bot

import (
	"context"
	"encoding/json"
	"errors"
	"regexp"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"usher/access"
	"usher/catalog"
)

// who is the person behind one interaction with what is needed to answer them.
type who struct {
	access.Person
	slack    string
	trigger  string
	response string // response_url, for answers that only the person sees.
}

// onCommand handles /access.
func (b *Bot) onCommand(ctx context.Context, a *ack, c slack.SlashCommand) {
	defer a.latest(ctx)()
	if c.Command != b.cfg.Command || b.app != "" && c.APIAppID != b.app || !b.seen.first(b.cfg.Now(), "trigger/"+c.TriggerID, "envelope/"+a.id) {
		return
	}
	w := who{slack: c.UserID, trigger: c.TriggerID, response: c.ResponseURL}
	if !b.ours(c.TeamID) {
		b.tell(ctx, w, "Usher serves its own workspace only.")
		return
	}
	b.openForm(ctx, w, c.Text, "")
}

// onInteraction handles clicks, forms, searches and shortcuts.
func (b *Bot) onInteraction(ctx context.Context, a *ack, c slack.InteractionCallback) {
	if c.Type == slack.InteractionTypeBlockSuggestion {
		b.onSuggestion(ctx, a, c)
		return
	}
	if c.Type == slack.InteractionTypeViewSubmission {
		b.onSubmission(ctx, a, c)
		return
	}
	defer a.latest(ctx)()
	if !b.seen.first(b.cfg.Now(), keys(a.id, c)...) {
		return
	}
	w, err := b.identify(ctx, c)
	if err != nil {
		b.tell(ctx, w, access.Sentence(err))
		return
	}
	switch c.Type {
	case slack.InteractionTypeShortcut:
		if c.CallbackID == shortcutRequest {
			b.openForm(ctx, w, "", "")
		}
	case slack.InteractionTypeBlockActions:
		for _, act := range c.ActionCallback.BlockActions {
			b.onAction(ctx, w, c, act)
		}
	default: // Nothing else is asked for in the manifest.
	}
}

const shortcutRequest = "request_access"

// keys are what makes an interaction the same one when it comes again.
func keys(envelope string, c slack.InteractionCallback) []string {
	list := []string{"envelope/" + envelope}
	if c.TriggerID != "" {
		list = append(list, "trigger/"+c.TriggerID)
	}
	for _, act := range c.ActionCallback.BlockActions {
		if act.ActionTs != "" {
			list = append(list, "action/"+act.ActionTs+"/"+c.User.ID+"/"+act.ActionID+"/"+act.BlockID)
		}
	}
	return list
}

// identify checks workspace and app, and finds the directory user behind the click.
func (b *Bot) identify(ctx context.Context, c slack.InteractionCallback) (who, error) {
	w := who{slack: c.User.ID, trigger: c.TriggerID, response: c.ResponseURL}
	if !b.ours(c.Team.ID) && !b.ours(c.Enterprise.ID) || b.app != "" && c.APIAppID != b.app {
		return w, &access.Refusal{Code: access.UnknownPerson, Text: "Usher serves its own workspace only."}
	}
	team := c.User.TeamID
	if team == "" {
		team = c.Team.ID
	}
	p, err := b.people.person(ctx, c.User.ID, team)
	w.Person = p
	return w, err
}

// The forms by callback id.
const (
	formRequest = "request"
	formDeny    = "deny"
	formRevoke  = "revoke"
	formPlain   = "plain" // Says something; nothing to submit.
)

// note that travels with a view. It is set by the bot and cannot be edited by the person; it is checked all the same.
type metadataV1 struct {
	Version     int                   `json:"v"`
	Entitlement catalog.EntitlementID `json:"e,omitempty"`
	Request     access.RequestID      `json:"r,omitempty"`
	Grant       access.GrantID        `json:"g,omitempty"`
	Message     access.MessageRef     `json:"m,omitzero"`
	Home        bool                  `json:"h,omitempty"`
	Response    string                `json:"u,omitempty"`
}

func (m metadataV1) String() string {
	m.Version = 1
	s, err := json.Marshal(m)
	if err != nil {
		return ""
	}
	return string(s)
}

var errMetadata = errors.New("the form is from another version of Usher; please open it again")

// readMetadata accepts only what this version wrote.
func readMetadata(s string) (metadataV1, error) {
	var m metadataV1
	if len(s) > 3000 {
		return m, errMetadata
	}
	dec := json.NewDecoder(strings.NewReader(s))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&m); err != nil || m.Version != 1 || dec.More() {
		return metadataV1{}, errMetadata
	}
	for _, id := range []string{string(m.Request), string(m.Grant)} {
		if id != "" && !validID(id) {
			return metadataV1{}, errMetadata
		}
	}
	return m, nil
}

// validID accepts the ids that the core makes and nothing else.
func validID(s string) bool {
	return regexp.MustCompile(`^[0-9a-hjkmnp-tv-z]{26}$`).MatchString(s)
}

// onAction handles one click or choice.
func (b *Bot) onAction(ctx context.Context, w who, c slack.InteractionCallback, act *slack.BlockAction) {
	switch act.ActionID {
	case actionRole, actionDuration:
		b.onFormChange(ctx, w, c, act)
		return
	case actionOpen:
		b.openForm(ctx, w, "", "")
		return
	case actionSearch:
		b.openForm(ctx, w, "", catalog.EntitlementID(act.SelectedOption.Value))
		return
	case actionPage, actionPage + "_next":
		b.homes.turn(ctx, w, act.Value)
		return
	case actionRevoke:
		b.open(ctx, w, revokeForm(nil, "", b.core.Now()))
		return
	case actionHolder:
		b.onHolder(ctx, w, c, act.SelectedUser)
		return
	}
	if strings.HasPrefix(act.ActionID, actionSuggest+"_") {
		b.refill(ctx, w, c, catalog.EntitlementID(act.Value), access.NotChosen)
		return
	}
	if !validID(act.Value) {
		if act.Type == "button" {
			b.tell(ctx, w, "This button is from another version of Usher. Please use the Home tab.")
		}
		return
	}
	b.onDecisionButton(ctx, w, c, act)
}

// onDecisionButton handles the buttons that carry the id of a request or grant.
func (b *Bot) onDecisionButton(ctx context.Context, w who, c slack.InteractionCallback, act *slack.BlockAction) {
	var err error
	said := ""
	switch act.ActionID {
	case "approve":
		_, err = b.core.Decide(ctx, w.Person, access.RequestID(act.Value), access.Approve, "", b.origin(c))
	case "deny":
		o := b.origin(c)
		b.open(ctx, w, denyForm(metadataV1{Request: access.RequestID(act.Value), Message: o.Message, Home: o.Home, Response: c.ResponseURL}))
		return
	case "cancel":
		_, err = b.core.Cancel(ctx, w.Person, access.RequestID(act.Value))
	case "release":
		_, err = b.core.Release(ctx, w.Person, access.GrantID(act.Value))
	case "extend":
		var r access.Request
		r, err = b.core.Extend(ctx, w.Person, access.GrantID(act.Value), "", "click/"+act.ActionTs+"/"+w.slack)
		if err == nil && !r.Automatic() {
			said = "Asked for an extension. You will read here when it is decided."
		}
	default:
		said = "Usher does not know this button any more. Please use the Home tab."
	}
	if err != nil {
		b.refuse(ctx, w, err)
	} else if said != "" && c.ResponseURL != "" {
		b.tell(ctx, w, said)
	}
	b.homes.mark(access.SlackID(w.slack))
}

// refuse tells a person what will not be done. What is not a refusal is logged; people get a plain sentence.
func (b *Bot) refuse(ctx context.Context, w who, err error) {
	if access.CodeOf(err) == "" {
		b.log.Error("interaction", "slack", w.slack, "err", err)
	}
	b.tell(ctx, w, access.Sentence(err))
}

// origin says where a click came from; the container is Slack's word, not the person's.
func (b *Bot) origin(c slack.InteractionCallback) access.Origin {
	o := access.Origin{Envelope: c.ActionTs}
	for _, act := range c.ActionCallback.BlockActions {
		o.Envelope = act.ActionTs
	}
	if c.Container.Type == "view" && c.View.Type == slack.VTHomeTab {
		o.Home = true
		return o
	}
	o.Message = access.MessageRef{Channel: c.Container.ChannelID, TS: c.Container.MessageTs}
	return o
}

// tell says one sentence to one person, by the least lasting way that is open: beside the message, in a small modal, or
// as a message of its own.
func (b *Bot) tell(ctx context.Context, w who, sentence string) {
	if w.response != "" {
		err := b.respond(ctx, w.response, sentence)
		if err == nil {
			return
		}
		b.log.Debug("answer beside the message", "err", errorWord(err))
	} else if w.trigger != "" {
		if _, err := b.api.OpenViewContext(ctx, w.trigger, plainForm("Usher", sentence)); err == nil {
			return
		}
	}
	_, _, err := b.api.PostMessageContext(ctx, w.slack, slack.MsgOptionText(plainEscape(sentence), false),
		slack.MsgOptionBlocks(section("said", escape(sentence))), slack.MsgOptionDisableLinkUnfurl(), slack.MsgOptionParse(false))
	if err != nil {
		b.log.Warn("tell person", "slack", w.slack, "err", errorWord(err))
	}
}

// respond uses a response_url, which only Slack and this app know.
func (b *Bot) respond(ctx context.Context, url, sentence string) error {
	return slack.PostWebhookCustomHTTPContext(ctx, url, b.hook, &slack.WebhookMessage{
		Text: plainEscape(sentence), ResponseType: slack.ResponseTypeEphemeral, ReplaceOriginal: false,
	})
}

// open opens a modal; a trigger lives three seconds, so an old click gets the sentence instead.
func (b *Bot) open(ctx context.Context, w who, view slack.ModalViewRequest) {
	if _, err := b.api.OpenViewContext(ctx, w.trigger, view); err != nil {
		b.log.Warn("open form", "slack", w.slack, "err", errorWord(err))
		w.trigger = ""
		b.tell(ctx, w, "The form could not be opened in time. Please try again.")
	}
}

// onSuggestion answers what somebody types into a search, within the acknowledgement.
func (b *Bot) onSuggestion(ctx context.Context, a *ack, c slack.InteractionCallback) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	options := []*slack.OptionBlockObject{}
	if w, err := b.identify(ctx, c); err == nil {
		choices, err := b.core.Choices(ctx, w.Person, c.Value, 50)
		if err != nil {
			b.log.Warn("search", "err", err)
		}
		for _, ch := range choices {
			options = append(options, choiceOption(ch))
		}
	}
	// The library drops an empty list; Slack wants to see one.
	a.with(context.WithoutCancel(ctx), map[string]any{"options": options})
}

func choiceOption(c access.Choice) *slack.OptionBlockObject {
	o := &slack.OptionBlockObject{Text: plain(c.Role.String(), 75), Value: string(c.Entitlement)}
	about := c.Role.Description
	switch {
	case c.Held != nil && c.Held.DueAt.IsZero():
		about = "You have this, with no end"
	case c.Held != nil:
		about = "You have this until " + whenPlain(c.Held.DueAt)
	case c.Pending != nil:
		about = "You asked already; waiting for a decision"
	}
	if about != "" {
		o.Description = plain(about, 75)
	}
	return o
}

// onHolder shows what a chosen person holds, in the form for revoking.
func (b *Bot) onHolder(ctx context.Context, w who, c slack.InteractionCallback, holder string) {
	list, err := b.core.Revocable(ctx, w.Person, access.SlackID(holder))
	if err != nil {
		b.update(ctx, c.View, plainForm("Revoke access", access.Sentence(err)))
		return
	}
	b.update(ctx, c.View, revokeForm(list, holder, b.core.Now()))
}

// update replaces an open view; a view that was closed meanwhile is nobody's loss.
func (b *Bot) update(ctx context.Context, v slack.View, to slack.ModalViewRequest) {
	if _, err := b.api.UpdateViewContext(ctx, to, "", "", v.ID); err != nil {
		b.log.Debug("update form", "err", errorWord(err))
	}
}
