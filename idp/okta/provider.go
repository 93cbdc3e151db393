package okta

import (
	"context"
	"fmt"
	"net/http"
	"time"

	sdk "github.com/okta/okta-sdk-golang/v5/okta"

	"usher/idp"
)

// Provider is one Okta org. It is safe for concurrent use.
type Provider struct {
	cfg       Config
	wire      *wire
	transport *http.Transport
	gate      *gate
	// judged is what keeps groups from being governed, rules the list that it rests on.
	judged *idp.Memory[idp.GroupID, string]
	rules  *idp.Memory[struct{}, groupRules]
	api    *sdk.APIClient
}

var (
	_ idp.Provider       = (*Provider)(nil)
	_ idp.ManagerFinder  = (*Provider)(nil)
	_ idp.MemberLister   = (*Provider)(nil)
	_ idp.ActivityReader = (*Provider)(nil)
	_ idp.SessionRevoker = (*Provider)(nil)
	_ idp.Checker        = (*Provider)(nil)
	_ idp.Discoverer     = (*Provider)(nil)
)

// New checks the configuration and makes a provider. It does no I/O; Check does.
func New(cfg Config) (*Provider, error) {
	cfg, base, err := cfg.normalized()
	if err != nil {
		return nil, fmt.Errorf("configure okta: %w", err)
	}
	w := &wire{base: base, auth: token(cfg.Token), userAgent: cfg.UserAgent, now: cfg.Now}
	transport := newTransport(cfg)
	w.next = transport
	if cfg.Token == "" {
		auth, err := newKeyAuth(cfg, base, transport)
		if err != nil {
			return nil, fmt.Errorf("configure okta: %w", err)
		}
		w.auth = auth
	}
	// Printing a struct goes through hidden fields without asking the types how, so only the wire keeps credentials.
	cfg.Token, cfg.PrivateKeyPEM = "", ""
	p := &Provider{
		cfg: cfg, wire: w, transport: transport,
		gate:   newGate(newBudget(cfg.Reserve), cfg.Now, cfg.MaxInFlight),
		judged: idp.NewMemory[idp.GroupID](cfg.Now, idp.TrustedFor), rules: idp.NewMemory[struct{}](cfg.Now, groupRules.lasts),
	}
	p.api = sdk.NewAPIClient(sdkConfig(cfg, w))
	stopJanitor(p.api)
	return p, nil
}

// sdkConfig is written out instead of asking the SDK for its defaults: those read a file in the home directory and the
// environment, which can replace the HTTP client and print the credentials. The credentials stay in the wire.
func sdkConfig(cfg Config, w *wire) *sdk.Configuration {
	c := &sdk.Configuration{
		Host:             w.base.Host,
		Scheme:           w.base.Scheme,
		DefaultHeader:    map[string]string{},
		UserAgent:        cfg.UserAgent,
		Servers:          sdk.ServerConfigurations{{URL: w.base.String()}},
		OperationServers: map[string]sdk.ServerConfigurations{},
		HTTPClient:       &http.Client{Transport: w},
		Context:          context.Background(),
	}
	c.Okta.Client.AuthorizationMode = "SSWS"
	c.Okta.Client.OrgUrl = w.base.String()
	return c
}

// Name is what the catalog calls this provider.
const Name = "okta"

// Name returns the constant of that name.
func (p *Provider) Name() string { return Name }

// ServerTime returns Okta's clock at the last answer, to the second; the zero time if there was none yet.
func (p *Provider) ServerTime() time.Time { return p.wire.serverTime() }

// Close drops idle connections. It is safe to call twice; calls under way go on.
func (p *Provider) Close() { p.transport.CloseIdleConnections() }
