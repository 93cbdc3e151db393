package entra

import (
	"fmt"
	"net/http"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"

	"usher/idp"
)

// Provider is one Entra tenant. It is safe for concurrent use.
type Provider struct {
	cfg       Config
	where     addresses
	wire      *wire
	transport *http.Transport
	tokens    *tokens
	pipeline  runtime.Pipeline
	gate      *gate
	// judged is what keeps groups from being governed.
	judged *idp.Memory[idp.GroupID, string]
}

var (
	_ idp.Provider       = (*Provider)(nil)
	_ idp.ManagerFinder  = (*Provider)(nil)
	_ idp.MemberLister   = (*Provider)(nil)
	_ idp.ActivityReader = (*Provider)(nil)
	_ idp.SessionRevoker = (*Provider)(nil)
	_ idp.Expirer        = (*Provider)(nil)
	_ idp.Discoverer     = (*Provider)(nil)
	_ idp.Checker        = (*Provider)(nil)
)

// New checks the configuration and makes a provider. It does no I/O; Check does.
func New(cfg Config) (*Provider, error) {
	cfg, where, err := cfg.normalized()
	if err != nil {
		return nil, fmt.Errorf("configure entra: %w", err)
	}
	transport := newTransport(cfg)
	makeCredential := credentialMaker(cfg, where, transport)
	first, err := makeCredential()
	if err != nil {
		return nil, fmt.Errorf("configure entra: %w", asConfigError(err))
	}
	w := &wire{base: where.graph, now: cfg.Now, next: transport}
	t := newTokens(first, makeCredential, where.graph.String()+"/.default", cfg.Now)
	p := &Provider{
		cfg: cfg, where: where, wire: w, transport: transport, tokens: t,
		gate: newGate(cfg.Now, mostInFlight, cfg.Reserve), judged: idp.NewMemory[idp.GroupID](cfg.Now, idp.TrustedFor),
	}
	// The maker of credentials keeps what it needs; printing a provider must show none of it.
	p.cfg.ClientSecret, p.cfg.CertificatePEM, p.cfg.TokenSource = "", "", nil
	p.pipeline = runtime.NewPipeline("usher", "v1", runtime.PipelineOptions{PerRetry: []policy.Policy{t}}, &policy.ClientOptions{
		Transport: w,
		// What is repeated, and when, is decided by the gate and the caller.
		Retry:     policy.RetryOptions{MaxRetries: -1},
		Telemetry: policy.TelemetryOptions{ApplicationID: "usher"},
	})
	return p, nil
}

// Name is what the catalog calls this provider.
const Name = "entra"

// Name returns the constant of that name.
func (p *Provider) Name() string { return Name }

// ServerTime returns Graph's clock at the last answer, to the second; the zero time if there was none yet.
func (p *Provider) ServerTime() time.Time { return p.wire.serverTime() }

// Close drops idle connections. It is safe to call twice; calls under way go on.
func (p *Provider) Close() { p.transport.CloseIdleConnections() }
