package entra

import (
	"context"
	"errors"

	"usher/idp"
)

// inspect reads the group and remembers the judgement.
func (p *Provider) inspect(ctx context.Context, op string, id idp.GroupID) (idp.Group, error) {
	g, err := p.readGroup(ctx, op, id)
	if err != nil {
		p.judged.Forget(id)
		return idp.Group{}, err
	}
	p.judged.Keep(id, g.Refusal)
	return g, nil
}

// governable returns an error of kind NotGovernable if members of the group must not be changed. Without a fresh judgement it
// reads the group, once for all who ask at the same time.
func (p *Provider) governable(ctx context.Context, op string, id idp.GroupID) error {
	refusal, err := p.judged.Learn(ctx, op, id, func() (string, error) {
		g, err := p.inspect(ctx, op, id)
		return g.Refusal, err
	})
	if err == nil && refusal != "" {
		return &idp.Error{Kind: idp.NotGovernable, Op: op, Err: errors.New(refusal)}
	}
	return err
}
