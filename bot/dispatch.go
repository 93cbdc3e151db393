package bot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"time"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/slackevents"

	"usher/access"
)

// ackMax is how large an acknowledgement may be; Slack drops those of 20,480 bytes and more without a word.
const ackMax = 20000

// job is one delivery of Slack to be worked on.
type job struct {
	envelope string
	keys     []string // By which a repetition is known.
	data     any      // slackevents.EventsAPIEvent, slack.InteractionCallback or slack.SlashCommand.
	size     int      // In bytes, as it came.
	came     time.Time
	reply    *reply
}

// work does jobs until there are no more.
func (b *Bot) work(ctx context.Context, jobs <-chan job) {
	for j := range jobs {
		b.do(ctx, j)
		b.backlog.done(j)
	}
}

func (b *Bot) do(ctx context.Context, j job) {
	ctx, cancel := context.WithTimeout(ctx, workFor)
	defer cancel()
	done := false // Neither after a panic, nor when a crash test ended the goroutine, nor when it is to be tried again.
	defer func() {
		if b.failed(recover()) || !done { // What was not done must not look done; a repetition is another chance.
			j.reply.abandon()
			b.seen.forget(j.keys...)
			return
		}
		j.reply.give(nil) // Does nothing when there was an answer.
		b.seen.keep(j.reply)
	}()
	again := false
	switch d := j.data.(type) {
	case slackevents.EventsAPIEvent:
		again = !b.event(ctx, d)
	case slack.SlashCommand:
		b.command(ctx, j, d)
	case slack.InteractionCallback:
		b.interaction(ctx, j, d)
	}
	done = !again
}

// failed logs a panic, which must not end the program.
func (b *Bot) failed(p any) bool {
	if p != nil {
		b.log.Error("panic", "in", "slack", "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
	}
	return p != nil
}

// standIn is what an acknowledgement carries when the work takes too long; nil where nothing can be said.
func standIn(data any) any {
	c, ok := data.(slack.InteractionCallback)
	if !ok {
		return nil
	}
	switch c.Type { //nolint:exhaustive // Nothing can be said in the others.
	case slack.InteractionTypeBlockSuggestion:
		return noOptions()
	case slack.InteractionTypeViewSubmission:
		v := workingView(titleOf(c.View))
		if c.View.CallbackID == callbackForm {
			v = filingView()
		}
		return slack.NewUpdateViewSubmissionResponse(&v)
	}
	return nil
}

func titleOf(v slack.View) string {
	if v.Title == nil || line(v.Title.Text) == "" {
		return formTitle
	}
	return v.Title.Text
}

// event notes what Slack tells and reports whether it is done; what is not comes again.
func (b *Bot) event(ctx context.Context, e slackevents.EventsAPIEvent) bool {
	if !b.ourApp(e.APIAppID) || (!b.home().own(e.TeamID) && !b.home().own(e.EnterpriseID)) {
		b.log.Warn("event of another team or app", "team", e.TeamID, "app", e.APIAppID)
		return true
	}
	switch d := e.InnerEvent.Data.(type) {
	case *slackevents.AppHomeOpenedEvent:
		if d.Tab == "home" {
			b.notifier.home.opened(access.SlackID(d.User))
		}
	case *slackevents.UserChangeEvent:
		b.people.forget(d.User.ID)
		if d.User.Deleted {
			return b.left(ctx, access.SlackID(d.User.ID))
		}
	}
	return true
}

// left passes on that somebody's Slack account was deactivated, and reports whether that is durable: only then does Slack stop
// telling it.
func (b *Bot) left(ctx context.Context, id access.SlackID) bool {
	err := b.core.Left(ctx, id)
	if err != nil {
		b.log.Error("slack account deactivated, not noted", "slack", id, "err", err)
	}
	return err == nil
}

func (b *Bot) ourApp(id string) bool {
	known := b.appID.Load()
	return known == nil || *known == id
}

// interaction sorts clicks, searches and submissions.
func (b *Bot) interaction(ctx context.Context, j job, c slack.InteractionCallback) {
	if !b.ourApp(c.APIAppID) {
		b.log.Warn("interaction of another app", "app", c.APIAppID)
		return
	}
	home := b.home()
	ours := home.own(c.Team.ID) || (c.Team.ID == "" && home.own(c.Enterprise.ID))
	if !ours || (c.User.TeamID != "" && !home.own(c.User.TeamID)) {
		b.log.Warn("interaction from outside", "team", c.Team.ID, "user_team", c.User.TeamID, "slack", c.User.ID)
		b.refuseOutsider(ctx, j, c)
		return
	}
	switch c.Type {
	case slack.InteractionTypeBlockActions:
		for _, a := range c.ActionCallback.BlockActions {
			if a != nil {
				b.action(ctx, j, c, *a)
			}
		}
	case slack.InteractionTypeBlockSuggestion:
		b.suggest(ctx, j, c)
	case slack.InteractionTypeViewSubmission:
		b.submitted(ctx, j, c)
	case slack.InteractionTypeShortcut:
		b.shortcut(ctx, j, c)
	case slack.InteractionTypeViewClosed:
	default:
		b.log.Warn("unknown interaction", "type", cut(line(string(c.Type)), 40))
	}
}

func (b *Bot) refuseOutsider(ctx context.Context, j job, c slack.InteractionCallback) {
	text := access.Sentence(outsider())
	switch c.Type { //nolint:exhaustive // The others show nothing.
	case slack.InteractionTypeViewSubmission:
		b.answerView(ctx, j, c.View.ID, sentenceView(titleOf(c.View), text))
	case slack.InteractionTypeBlockSuggestion:
		j.reply.give(noOptions())
	case slack.InteractionTypeBlockActions:
		if c.ResponseURL != "" {
			b.logFault("answer outsider", b.ephemeral(ctx, c.ResponseURL, text))
		}
	}
}

// answerView puts a view in the place of the one that was submitted: in the acknowledgement when there is still time and
// room, otherwise by a call.
func (b *Bot) answerView(ctx context.Context, j job, viewID string, v slack.ModalViewRequest) {
	payload := slack.NewUpdateViewSubmissionResponse(&v)
	if raw, err := json.Marshal(payload); err == nil && len(raw) < ackMax && j.reply.give(payload) {
		return
	}
	wait := workingView(formTitle)
	j.reply.give(slack.NewUpdateViewSubmissionResponse(&wait))
	b.updateView(ctx, viewID, v)
}

// logFault logs what is not a refusal: refusals are answers, not faults.
func (b *Bot) logFault(what string, err error) {
	if err != nil && access.CodeOf(err) == "" {
		b.log.Warn("slack handler", "in", what, "err", safeCause(err))
	}
}

// inTime leaves time to say what became of work that has used up its own, as it does when a vendor is waited for in vain.
// Work that was called off stays so.
func inTime(ctx context.Context) (context.Context, context.CancelFunc) {
	end, bounded := ctx.Deadline()
	if !bounded || time.Until(end) > tellFor || errors.Is(ctx.Err(), context.Canceled) {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(context.WithoutCancel(ctx), tellFor)
}

// tell answers a click with a sentence: beside the message, in a window, or as a last resort in the DM.
func (b *Bot) tell(ctx context.Context, c slack.InteractionCallback, text string) {
	ctx, cancel := inTime(ctx)
	defer cancel()
	var err error
	switch {
	case c.ResponseURL != "":
		err = b.ephemeral(ctx, c.ResponseURL, text)
	case c.View.Type == slack.VTModal:
		err = b.pushView(ctx, c.TriggerID, sentenceView(titleOf(c.View), text))
	case c.View.Type == slack.VTHomeTab:
		_, err = b.openView(ctx, c.TriggerID, sentenceView("Usher", text))
	default:
		err = b.notifier.say(ctx, access.SlackID(c.User.ID), text)
		b.logFault("tell", err)
		return
	}
	if err != nil {
		b.logFault("tell", err)
		b.logFault("tell", b.notifier.say(ctx, access.SlackID(c.User.ID), text))
	}
}

// sentenceFor is access.Sentence, with Slack's troubles told apart from those of the core.
func sentenceFor(err error) string {
	if c := code(err); strings.HasSuffix(c, "trigger_id") {
		return "Slack took too long to pass this on. Please try again."
	}
	return access.Sentence(err)
}
