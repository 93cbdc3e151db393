package webhook

import (
	"fmt"
	"net/url"
	"regexp"
	"time"

	"usher/idp"
	"usher/idp/rest"
)

// Provider is one receiver. It is safe for concurrent use.
type Provider struct {
	cfg                  Config
	base                 *url.URL
	userShape, teamShape *regexp.Regexp
	client               *rest.Client
	keys                 *keys
	waiting              *waiting
	back                 *verifier // nil without calls back
}

var (
	_ idp.Provider     = (*Provider)(nil)
	_ idp.MemberLister = (*Provider)(nil)
	_ idp.Checker      = (*Provider)(nil)
	_ idp.Discoverer   = (*Provider)(nil)
)

// lane is the one budget.
const lane = "webhook"

// New checks the configuration and makes a provider. It does no I/O; Check does.
func New(cfg Config) (*Provider, error) {
	name := cfg.Name
	cfg, made, err := cfg.normalized()
	if err != nil {
		return nil, fmt.Errorf("configure webhook %s: %w", name, err)
	}
	// Printing a struct goes through hidden fields without asking the types how, so only signer and verifier keep secrets.
	cfg.Secret, cfg.OldSecret, cfg.CallbackSecret = "", "", ""
	p := &Provider{
		cfg: cfg, base: made.base, userShape: made.userShape, teamShape: made.teamShape, keys: newKeys(cfg.Now), waiting: newWaiting(),
	}
	if made.back != nil {
		p.back = newVerifier(made.back, cfg.Now)
	}
	p.client = rest.New(rest.Config{
		Name: cfg.Name, Origins: []*url.URL{made.base}, Auth: newSigner(cfg.Now, made.secret, made.old), Judge: judge,
		UserAgent: cfg.UserAgent, Timeout: cfg.Timeout,
		Limits: rest.Limits{InFlight: inFlight, Reserve: reserve, PerMinute: map[string]int{lane: cfg.PerMinute}},
		Now:    cfg.Now, Dial: cfg.Dial, Logger: cfg.Logger,
	})
	return p, nil
}

// Name returns the configured name.
func (p *Provider) Name() string { return p.cfg.Name }

// ServerTime returns the receiver's clock at the last answer, to the second; the zero time if there was none yet.
func (p *Provider) ServerTime() time.Time { return p.client.ServerTime() }

// Close drops idle connections. It is safe to call twice; calls under way go on.
func (p *Provider) Close() { p.client.Close() }
