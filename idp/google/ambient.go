package google

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/google"

	"usher/idp"
	"usher/idp/rest"
)

// ambient gets access tokens without a key of a service account: from the machine itself, or for the token of another
// identity provider. The steps, which differ from cloud to cloud, are those of x/oauth2.
type ambient struct {
	file      rest.Secret // of an external account; empty = Application Default Credentials
	transport *http.Transport
	timeout   time.Duration
}

func newAmbient(cfg Config, file rest.Secret) *ambient {
	return &ambient{file: file, timeout: cfg.Timeout, transport: &http.Transport{
		Proxy: http.ProxyFromEnvironment, DialContext: cfg.Dial, TLSHandshakeTimeout: 10 * time.Second,
		DisableKeepAlives: true, // It is used a few times an hour.
	}}
}

// roundTrip is a function as an http.RoundTripper.
type roundTrip func(*http.Request) (*http.Response, error)

// RoundTrip calls the function.
func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// token gets an access token for one scope and tells how long it lives.
func (a *ambient) token(ctx context.Context, scope string) (string, time.Duration, error) {
	client := &http.Client{
		// x/oauth2 does not hand the context on in every step.
		Transport:     roundTrip(func(r *http.Request) (*http.Response, error) { return a.transport.RoundTrip(r.WithContext(ctx)) }),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Timeout:       a.timeout,
	}
	with := context.WithValue(ctx, oauth2.HTTPClient, client)
	var creds *google.Credentials
	var err error
	if a.file != "" {
		creds, err = google.CredentialsFromJSONWithType(with, []byte(a.file), google.ExternalAccount, scope)
	} else {
		creds, err = google.FindDefaultCredentials(with, scope)
	}
	if err != nil {
		return "", 0, &idp.Error{Kind: idp.Unauthorized, Op: opSignIn, Err: errors.New("no usable credentials were found on this machine")}
	}
	t, err := creds.TokenSource.Token()
	if err != nil {
		return "", 0, ambientError(ctx, err)
	}
	if !isBearer(t.AccessToken) {
		return "", 0, &idp.Error{Kind: idp.Unavailable, Op: opSignIn, Err: errors.New("the answer holds no access token")}
	}
	// The end is by Google's clock or by ours, depending on the source; it is never more than an hour away.
	return t.AccessToken, min(time.Hour, max(time.Minute, time.Until(t.Expiry))), nil
}

// ambientError keeps the sense of an error of x/oauth2 and drops its text, which may hold whole answers.
func ambientError(ctx context.Context, err error) error {
	var retrieve *oauth2.RetrieveError
	var network net.Error
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &retrieve) && retrieve.Response != nil && retrieve.Response.StatusCode >= 500, errors.As(err, &network):
		return &idp.Error{Kind: idp.Unavailable, Op: opSignIn, Err: errors.New("the source of access tokens did not answer")}
	case errors.As(err, &retrieve):
		return &idp.Error{Kind: idp.Unauthorized, Op: opSignIn, Code: rest.Plain(retrieve.ErrorCode), Err: errors.New("the workload's credentials are not accepted")}
	default:
		return &idp.Error{Kind: idp.Unauthorized, Op: opSignIn, Err: errors.New("the workload's credentials are not accepted")}
	}
}
