package scim

import (
	"fmt"
	"net/url"
	"time"

	"usher/idp"
	"usher/idp/rest"
)

// Provider is one SCIM server. It is safe for concurrent use.
type Provider struct {
	cfg      Config
	base     *url.URL
	client   *rest.Client
	auth     *authorizer
	versions *versions
	filters  *filters
}

var (
	_ idp.Provider      = (*Provider)(nil)
	_ idp.ManagerFinder = (*Provider)(nil)
	_ idp.MemberLister  = (*Provider)(nil)
	_ idp.Checker       = (*Provider)(nil)
	_ idp.Discoverer    = (*Provider)(nil)
)

// lane is the one budget; SCIM knows none by name.
const lane = "scim"

// New checks the configuration and makes a provider. It does no I/O; Check does.
func New(cfg Config) (*Provider, error) {
	name := cfg.Name
	cfg, at, err := cfg.normalized()
	if err != nil {
		return nil, fmt.Errorf("configure scim %s: %w", name, err)
	}
	auth := newAuthorizer(cfg, at.token)
	// Printing a struct goes through hidden fields without asking the types how, so only the authorizer keeps credentials.
	cfg.Token, cfg.OAuth = "", OAuth{}
	p := &Provider{cfg: cfg, base: at.base, auth: auth, versions: newVersions(), filters: newFilters(cfg.Now)}
	p.client = rest.New(rest.Config{
		Name: cfg.Name, Origins: []*url.URL{at.base}, Auth: auth, Judge: p.judge, UserAgent: cfg.UserAgent, Timeout: cfg.Timeout,
		Limits: rest.Limits{InFlight: inFlight, Reserve: reserve, PerMinute: map[string]int{lane: cfg.PerMinute}},
		Now:    cfg.Now, Dial: cfg.Dial, Logger: cfg.Logger,
	})
	return p, nil
}

// Name returns the configured name.
func (p *Provider) Name() string { return p.cfg.Name }

// ServerTime returns the server's clock at the last answer, to the second; the zero time if there was none yet.
func (p *Provider) ServerTime() time.Time { return p.client.ServerTime() }

// Close drops idle connections. It is safe to call twice; calls under way go on.
func (p *Provider) Close() {
	p.client.Close()
	p.auth.close()
}
