package scim

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"usher/idp"
	"usher/idp/rest"
)

// request makes a request below the configured address. Segments of the path are escaped one by one.
func (p *Provider) request(op, method string, missing idp.Kind, query url.Values, segments ...string) rest.Request {
	plain, escaped := strings.TrimRight(p.base.Path, "/"), strings.TrimRight(p.base.EscapedPath(), "/")
	for _, s := range segments {
		plain, escaped = plain+"/"+s, escaped+"/"+url.PathEscape(s)
	}
	if p.cfg.NoAttributes {
		query.Del("attributes")
		query.Del("excludedAttributes")
	}
	// A space in a query is written %20: some servers do not know the plus sign of HTML forms.
	raw := strings.ReplaceAll(query.Encode(), "+", "%20")
	return rest.Request{
		Op: op, Method: method, Missing: missing, Lane: lane,
		URL: &url.URL{Scheme: p.base.Scheme, Host: p.base.Host, Path: plain, RawPath: escaped, RawQuery: raw},
	}
}

// resource is what every answer about one user or group holds.
type resource interface {
	key() string
}

// read reads one resource and compares its id with the one that was asked for.
func (p *Provider) read(ctx context.Context, r rest.Request, id string, into resource) (*rest.Answer, error) {
	a, err := p.client.Do(ctx, r)
	if err != nil {
		return nil, err
	}
	if err := a.Decode(r.Op, into); err != nil {
		return nil, err
	}
	if into.key() != id {
		return nil, a.Odd(r.Op, "the answer is about something else")
	}
	return a, nil
}

// patch sends one change of a group's members.
func (p *Provider) patch(ctx context.Context, op string, group idp.GroupID, body []byte, version string) (*rest.Answer, error) {
	r := p.request(op, http.MethodPatch, idp.GroupNotFound, nil, "Groups", string(group))
	r.Body, r.ContentType = body, "application/scim+json"
	if p.cfg.PlainJSON {
		r.ContentType = "application/json"
	}
	return p.client.Do(withVersion(ctx, version), r)
}
