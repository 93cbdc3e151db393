package google

import (
	"fmt"
	"time"

	"usher/idp"
	"usher/idp/rest"
)

// Provider is one company. It is safe for concurrent use.
type Provider struct {
	cfg    Config
	at     addresses
	client *rest.Client
	tokens *tokens
	// judged is what keeps groups from being governed.
	judged *idp.Memory[idp.GroupID, judgement]
}

var (
	_ idp.Provider       = (*Provider)(nil)
	_ idp.ManagerFinder  = (*Provider)(nil)
	_ idp.MemberLister   = (*Provider)(nil)
	_ idp.ActivityReader = (*Provider)(nil)
	_ idp.SessionRevoker = (*Provider)(nil)
	_ idp.Checker        = (*Provider)(nil)
	_ idp.Expirer        = (*Provider)(nil)
	_ idp.Discoverer     = (*Provider)(nil)
)

// Names of the budgets. Each API of Google has its own.
const (
	laneDirectory = "directory"
	laneReports   = "reports"
	laneIdentity  = "identity"
)

// New checks the configuration and makes a provider. It does no I/O; Check does.
func New(cfg Config) (*Provider, error) {
	cfg, at, err := cfg.normalized()
	if err != nil {
		return nil, fmt.Errorf("configure google: %w", err)
	}
	signer, err := newSigner(cfg, at)
	if err != nil {
		return nil, fmt.Errorf("configure google: %w", err)
	}
	// Printing a struct goes through hidden fields without asking the types how, so only the signer keeps credentials.
	cfg.Credentials = ""
	p := &Provider{cfg: cfg, at: at, tokens: newTokens(signer, cfg.Now), judged: idp.NewMemory[idp.GroupID](cfg.Now, judgement.lasts)}
	p.client = rest.New(rest.Config{
		Name: Name, Origins: at.all(), Auth: p.tokens, Judge: judge, UserAgent: cfg.UserAgent, Timeout: cfg.Timeout,
		Limits: rest.Limits{
			InFlight: mostInFlight, Reserve: cfg.Reserve,
			PerMinute: map[string]int{laneDirectory: cfg.PerMinute, laneReports: cfg.PerMinute, laneIdentity: cfg.PerMinute},
		},
		Now: cfg.Now, Dial: cfg.Dial, Logger: cfg.Logger,
	})
	signer.connect(p.client)
	return p, nil
}

// Name is what the catalog calls this provider.
const Name = "google"

// Name returns the constant of that name.
func (p *Provider) Name() string { return Name }

// ServerTime returns Google's clock at the last answer, to the second; the zero time if there was none yet.
func (p *Provider) ServerTime() time.Time { return p.client.ServerTime() }

// Close drops idle connections. It is safe to call twice; calls under way go on.
func (p *Provider) Close() { p.client.Close() }
