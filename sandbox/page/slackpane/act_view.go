package slackpane

import "context"

// onView names a view that a person has open.
type onView struct{ Who, View string }

// refused is the answer to a submission that was not taken, by block id.
type refused struct {
	Errors map[string]string `json:"errors"`
}

// submit presses the submit button. What was wrong is on the view afterwards.
func (p *Pane) submit(ctx context.Context, a onView) (any, error) {
	of, err := p.person(a.Who)
	if err != nil {
		return nil, err
	}
	got, err := p.w.Slack.SubmitView(context.WithoutCancel(ctx), of.SlackID(), a.View)
	if err == nil && len(got.Errors) > 0 {
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
