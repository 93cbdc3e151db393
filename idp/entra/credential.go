package entra

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
)

// credentialMaker returns a function that makes the configured credential anew: one that is made anew has forgotten the tokens
// that it was given. The addresses are checked already, so azidentity need not ask a third server whether they are genuine.
func credentialMaker(cfg Config, where addresses, transport *http.Transport) func() (azcore.TokenCredential, error) {
	login := &wire{base: where.authority, now: cfg.Now, next: transport}
	options := azcore.ClientOptions{
		Cloud: cloud.Configuration{ActiveDirectoryAuthorityHost: where.authority.String() + "/"},
		Retry: policy.RetryOptions{MaxRetries: -1}, Transport: login, Telemetry: policy.TelemetryOptions{ApplicationID: "usher"},
	}
	return func() (azcore.TokenCredential, error) {
		switch {
		case cfg.TokenSource != nil:
			return sourceCredential{cfg.TokenSource}, nil
		case cfg.ManagedIdentity:
			managed := &azidentity.ManagedIdentityCredentialOptions{ClientOptions: azcore.ClientOptions{Transport: direct(transport), Retry: options.Retry}}
			if cfg.ClientID != "" {
				managed.ID = azidentity.ClientID(cfg.ClientID)
			}
			return azidentity.NewManagedIdentityCredential(managed)
		case cfg.CertificatePEM != "":
			chain, key, err := azidentity.ParseCertificates([]byte(cfg.CertificatePEM), nil)
			if err != nil {
				return nil, err
			}
			return azidentity.NewClientCertificateCredential(cfg.TenantID, cfg.ClientID, chain, key, &azidentity.ClientCertificateCredentialOptions{
				ClientOptions: options, DisableInstanceDiscovery: true, SendCertificateChain: true,
			})
		case where.authority.Scheme == "http":
			return newPlainCredential(cfg, where, login), nil
		default:
			return azidentity.NewClientSecretCredential(cfg.TenantID, cfg.ClientID, string(cfg.ClientSecret), &azidentity.ClientSecretCredentialOptions{
				ClientOptions: options, DisableInstanceDiscovery: true,
			})
		}
	}
}

// direct is a client for the identity service of the machine itself, which no proxy can stand in for. Where it is and how it is
// asked is azidentity's business.
func direct(transport *http.Transport) *http.Client {
	own := transport.Clone()
	own.Proxy, own.DisableKeepAlives = nil, true
	return &http.Client{Transport: own, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// asConfigError keeps the text of an error of azidentity's constructors out of ours: it may quote what it was given.
func asConfigError(error) error {
	return errors.New("credentials: azidentity does not accept tenant id, client id or certificate")
}

// sourceCredential turns a function into a credential.
type sourceCredential struct {
	source func(context.Context) (string, time.Time, error)
}

// GetToken asks the function.
func (c sourceCredential) GetToken(ctx context.Context, _ policy.TokenRequestOptions) (azcore.AccessToken, error) {
	token, expires, err := c.source(ctx)
	return azcore.AccessToken{Token: token, ExpiresOn: expires}, err
}

// plainCredential signs in with a client secret where azidentity refuses: at a simulator on this machine, over plain http.
type plainCredential struct {
	endpoint string
	form     url.Values
	pipeline runtime.Pipeline
	now      func() time.Time
}

func newPlainCredential(cfg Config, where addresses, login *wire) *plainCredential {
	return &plainCredential{
		endpoint: where.authority.String() + "/" + cfg.TenantID + "/oauth2/v2.0/token", now: cfg.Now,
		form:     url.Values{"grant_type": {"client_credentials"}, "client_id": {cfg.ClientID}, "client_secret": {string(cfg.ClientSecret)}},
		pipeline: runtime.NewPipeline("usher", "v1", runtime.PipelineOptions{}, &policy.ClientOptions{Transport: login, Retry: policy.RetryOptions{MaxRetries: -1}}),
	}
}

// GetToken asks the token endpoint.
func (c *plainCredential) GetToken(ctx context.Context, o policy.TokenRequestOptions) (azcore.AccessToken, error) {
	req, err := runtime.NewRequest(ctx, http.MethodPost, c.endpoint)
	if err != nil {
		return azcore.AccessToken{}, errNetwork
	}
	form := url.Values{"scope": {strings.Join(o.Scopes, " ")}}
	for name, values := range c.form {
		form[name] = values
	}
	if err := req.SetBody(nopCloser{strings.NewReader(form.Encode())}, "application/x-www-form-urlencoded"); err != nil {
		return azcore.AccessToken{}, errNetwork
	}
	resp, err := c.pipeline.Do(req)
	if err != nil {
		return azcore.AccessToken{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return azcore.AccessToken{}, &signInRefusal{resp}
	}
	var answer struct {
		Token     string `json:"access_token"`
		ExpiresIn int    `json:"expires_in"`
	}
	body, err := runtime.Payload(resp)
	if err != nil || json.Unmarshal(body, &answer) != nil {
		return azcore.AccessToken{}, errors.New("the answer holds no access token")
	}
	return azcore.AccessToken{Token: answer.Token, ExpiresOn: c.now().Add(time.Duration(answer.ExpiresIn) * time.Second)}, nil
}

// signInRefusal is an answer of the token endpoint that is no token. Its text shows nothing of it.
type signInRefusal struct{ resp *http.Response }

// Error says only the status.
func (e *signInRefusal) Error() string { return "sign-in refused with http status " + e.resp.Status }

// nopCloser is a body that can be rewound.
type nopCloser struct{ *strings.Reader }

// Close does nothing.
func (nopCloser) Close() error { return nil }
