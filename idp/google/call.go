package google

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"usher/idp"
	"usher/idp/rest"
)

// directory makes a request of the Directory API. Segments of the path are escaped one by one.
func (p *Provider) directory(op, scope, method string, missing idp.Kind, query url.Values, segments ...string) rest.Request {
	return rest.Request{
		Op: op, Scope: scope, Method: method, Missing: missing, Lane: laneDirectory,
		URL: at(p.at.admin, "/admin/directory/v1/", query, segments...),
	}
}

// identity makes a request of the Cloud Identity API.
func (p *Provider) identity(op, scope, method string, missing idp.Kind, query url.Values, segments ...string) rest.Request {
	return rest.Request{
		Op: op, Scope: scope, Method: method, Missing: missing, Lane: laneIdentity, URL: at(p.at.identity, "/v1/", query, segments...),
	}
}

func at(base *url.URL, prefix string, query url.Values, segments ...string) *url.URL {
	plain, escaped := strings.TrimRight(base.Path, "/")+prefix, strings.TrimRight(base.EscapedPath(), "/")+prefix
	for i, s := range segments {
		if i > 0 {
			plain, escaped = plain+"/", escaped+"/"
		}
		plain, escaped = plain+s, escaped+url.PathEscape(s)
	}
	u := &url.URL{Scheme: base.Scheme, Host: base.Host, Path: plain, RawPath: escaped, RawQuery: query.Encode()}
	return u
}

// read sends a request and decodes the answer.
func (p *Provider) read(ctx context.Context, r rest.Request, into any) error {
	a, err := p.client.Do(ctx, r)
	if err != nil {
		return err
	}
	return a.Decode(r.Op, into)
}

// write sends a request with a body and returns the answer.
func (p *Provider) write(ctx context.Context, r rest.Request, body any) (*rest.Answer, error) {
	raw, err := json.Marshal(body)
	if err != nil {
		return nil, &idp.Error{Kind: idp.Invalid, Op: r.Op, Err: errors.New("the request cannot be written")}
	}
	r.Method, r.Body = http.MethodPost, raw
	return p.client.Do(ctx, r)
}

// pages reads a list to its end. each decodes one page and returns the token of the next.
func (p *Provider) pages(ctx context.Context, r rest.Request, each func(*rest.Answer) (string, error)) error {
	seen := map[string]bool{}
	for {
		a, err := p.client.Do(ctx, r)
		if err != nil {
			return err
		}
		token, err := each(a)
		if err != nil || token == "" {
			return err
		}
		if seen[token] {
			return a.Odd(r.Op, "the pages repeat themselves")
		}
		seen[token] = true
		next := *r.URL
		query := next.Query()
		query.Set("pageToken", token)
		next.RawQuery = query.Encode()
		r.URL = &next
	}
}
