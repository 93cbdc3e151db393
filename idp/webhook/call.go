package webhook

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

// request makes a request below the configured address. Segments of the path are escaped one by one.
func (p *Provider) request(op, method string, query url.Values, segments ...string) rest.Request {
	plain, escaped := strings.TrimRight(p.base.Path, "/"), strings.TrimRight(p.base.EscapedPath(), "/")
	for _, s := range segments {
		plain, escaped = plain+"/"+s, escaped+"/"+url.PathEscape(s)
	}
	return rest.Request{
		Op: op, Method: method, Lane: lane,
		URL: &url.URL{Scheme: p.base.Scheme, Host: p.base.Host, Path: plain, RawPath: escaped, RawQuery: query.Encode()},
	}
}

// read asks and decodes the answer.
func (p *Provider) read(ctx context.Context, r rest.Request, into any) error {
	a, err := p.client.Do(ctx, r)
	if err != nil {
		return err
	}
	if a.Status != http.StatusOK {
		return a.Odd(r.Op, "the answer is not 200")
	}
	return a.Decode(r.Op, into)
}

// list reads a list to its end. each decodes the rows of one page, which stand under the given name.
func (p *Provider) list(ctx context.Context, r rest.Request, name string, each func(row json.RawMessage) error) error {
	seen, query := map[string]bool{}, r.URL.Query()
	for {
		var page map[string]json.RawMessage
		if err := p.read(ctx, r, &page); err != nil {
			return err
		}
		var rows []json.RawMessage
		if page[name] == nil || json.Unmarshal(page[name], &rows) != nil || rows == nil {
			return odd(r.Op, "the answer is no list")
		}
		for _, row := range rows {
			if err := each(row); err != nil {
				return err
			}
		}
		var next string
		if page["next"] != nil && json.Unmarshal(page["next"], &next) != nil {
			return odd(r.Op, "the answer does not say whether there is more")
		}
		switch {
		case next == "":
			return nil
		case seen[next]:
			return odd(r.Op, "the pages repeat themselves")
		}
		seen[next] = true
		query.Set("after", next)
		at := *r.URL
		at.RawQuery = query.Encode()
		r.URL = &at
	}
}

// odd is the error for an answer that cannot be believed.
func odd(op, what string) error {
	return &idp.Error{Kind: idp.Unavailable, Op: op, Code: "HTTP 200", Err: errors.New(what)}
}

func (p *Provider) isUserID(id string) bool { return isSegment(id) && p.userShape.MatchString(id) }

func (p *Provider) isGroupID(id string) bool { return isSegment(id) && p.teamShape.MatchString(id) }

// isSegment refuses what could leave its place in a path, whatever the configured shape allows. E-mail addresses are no ids.
func isSegment(id string) bool {
	return id != "" && len(id) <= 256 && strings.Trim(id, ".") != "" &&
		!strings.ContainsFunc(id, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune(`/\?#%@`, r) })
}

func notAnID(op string, kind idp.Kind) error {
	return &idp.Error{Kind: kind, Op: op, Err: errors.New("not an id")}
}

func (p *Provider) checkPair(op string, group idp.GroupID, user idp.UserID) error {
	switch {
	case !p.isGroupID(string(group)):
		return notAnID(op, idp.GroupNotFound)
	case !p.isUserID(string(user)):
		return notAnID(op, idp.UserNotFound)
	}
	return nil
}
