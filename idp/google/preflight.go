package google

import (
	"context"
	"time"

	"usher/idp"
)

// judgement is what is known of a group.
type judgement struct {
	refusal string
	// resource is the group's name in the Cloud Identity API, without "groups/".
	resource string
}

func (j judgement) lasts() time.Duration { return idp.TrustedFor(j.refusal) }

// judge returns what is known of the group, and reads it first, once for all who ask at the same time, if nothing is.
func (p *Provider) judge(ctx context.Context, op string, id idp.GroupID) (judgement, error) {
	return p.judged.Learn(ctx, op, id, func() (judgement, error) {
		_, j, err := p.inspect(ctx, op, id)
		return j, err
	})
}

// governable returns an error of kind NotGovernable if members of the group must not be changed.
func (p *Provider) governable(ctx context.Context, op string, id idp.GroupID) error {
	j, err := p.judge(ctx, op, id)
	if err != nil {
		return err
	}
	if j.refusal != "" {
		return notGovernable(op, j.refusal)
	}
	return nil
}
