package bot

import (
	"context"

	"github.com/slack-go/slack"

	"usher/access"
)

// openHolder asks whose access is to be taken away.
func (b *Bot) openHolder(ctx context.Context, c slack.InteractionCallback) {
	if _, err := b.openView(ctx, c.TriggerID, holderView("", nil, b.core.Now())); err != nil {
		b.logFault("open dialog", err)
		b.tell(ctx, c, sentenceFor(err))
		return
	}
	b.notifier.home.used(access.SlackID(c.User.ID))
}

// holderChosen shows what the chosen person holds and may be taken away by the one who asks.
func (b *Bot) holderChosen(ctx context.Context, c slack.InteractionCallback, holder string) {
	by, err := b.who(ctx, c.User.ID)
	var list []access.Grant
	if err == nil {
		list, err = b.core.Revocable(ctx, by, access.SlackID(holder))
	}
	if err != nil {
		b.logFault("list grants", err)
		b.updateView(ctx, c.View.ID, sentenceView(titleOf(c.View), sentenceFor(err)))
		return
	}
	b.updateView(ctx, c.View.ID, holderView(holder, list, b.core.Now()))
}

// holderSubmitted takes the chosen access away. The core judges who may.
func (b *Bot) holderSubmitted(ctx context.Context, j job, c slack.InteractionCallback) {
	holder := stateOf(c.View, blockHolder, actionHolder).SelectedUser
	block := blockGrant + "/" + holder
	id, ok := parseID(stateOf(c.View, block, actionGrant).SelectedOption.Value)
	reason := stateOf(c.View, blockReason, actionReason).Value
	switch {
	case holder == "":
		j.reply.give(slack.NewErrorsViewSubmissionResponse(map[string]string{blockHolder: "Please choose a person."}))
		return
	case !ok: // Nothing is on the screen that could be revoked.
		j.reply.give(slack.NewErrorsViewSubmissionResponse(map[string]string{blockHolder: "Choose somebody who holds something that you may revoke."}))
		return
	case wrongReason(reason) != "":
		j.reply.give(slack.NewErrorsViewSubmissionResponse(map[string]string{blockReason: wrongReason(reason)}))
		return
	}
	by, err := b.whoDecides(ctx, c.User.ID)
	if err == nil {
		_, err = b.core.Revoke(ctx, by, access.GrantID(id), reason)
	}
	b.dialogAnswer(ctx, j, c, "The access is being removed. The holder is told why.", err)
	b.notifier.home.used(access.SlackID(c.User.ID))
}

// stateOf reads one input of a view; the zero value if it is not there or was left empty.
func stateOf(v slack.View, block, action string) slack.BlockAction {
	if v.State == nil {
		return slack.BlockAction{}
	}
	return v.State.Values[block][action]
}
