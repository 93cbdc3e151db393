package slackpane

import (
	"context"
	"errors"

	"usher/sandbox/slacksim"
)

// onView names a view that a person has open.
type onView struct{ Who, View string }

// refused is the answer to a submission that was not taken, by block id.
type refused struct {
	Errors map[string]string `json:"errors"`
}

// submit presses the submit button. What is wrong is kept, so that the pane shows it.
func (p *Pane) submit(ctx context.Context, a onView) (any, error) {
	of, err := p.person(a.Who)
	if err != nil {
		return nil, err
	}
	before, open := p.w.Slack.View(of.SlackID())
	if !open || before.ID != a.View {
		return nil, errors.New("that is not on the screen any more")
	}
	p.keep(of.Handle, trouble{})
	got, err := p.w.Slack.SubmitView(context.WithoutCancel(ctx), of.SlackID(), a.View)
	var shown *slacksim.UserError
	switch {
	case errors.As(err, &shown):
		p.keep(of.Handle, trouble{view: before.ID, hash: before.Hash, bar: shown.Text})
	case err == nil && len(got.Errors) > 0:
		p.keep(of.Handle, trouble{view: before.ID, hash: before.Hash, errors: got.Errors})
		return refused{got.Errors}, nil
	}
	return outcome(err)
}

func (p *Pane) closeView(ctx context.Context, a onView) (any, error) {
	of, err := p.person(a.Who)
	if err != nil {
		return nil, err
	}
	return outcome(p.w.Slack.CloseView(context.WithoutCancel(ctx), of.SlackID(), a.View))
}

func (p *Pane) closeAll(ctx context.Context, a struct{ Who string }) (any, error) {
	of, err := p.person(a.Who)
	if err != nil {
		return nil, err
	}
	return outcome(p.w.Slack.CloseAll(context.WithoutCancel(ctx), of.SlackID()))
}
