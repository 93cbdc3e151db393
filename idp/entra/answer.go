package entra

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"usher/idp"
)

// read decodes a success. An answer of another shape is Unavailable: something between us and Graph wrote it.
func (a *answer) read(op string, into any) error {
	if trimmed := bytes.TrimSpace(a.body); len(trimmed) == 0 || bytes.Equal(trimmed, []byte("null")) {
		return &idp.Error{Kind: idp.Unavailable, Op: op, Code: fmt.Sprintf("HTTP %d", a.status), Err: errors.New("the answer is empty")}
	}
	if json.Unmarshal(a.body, into) != nil {
		// The decoder's text may quote the answer, so it is dropped.
		return a.odd(op, "the answer is not what Graph documents")
	}
	return nil
}

func (a *answer) odd(op, text string) error {
	return &idp.Error{Kind: idp.Unavailable, Op: op, Code: fmt.Sprintf("HTTP %d", a.status), Err: a.trace(text)}
}

// done accepts only the answer by which Graph confirms a change of a reference: 204 without a body.
func (a *answer) done(op string) error {
	if a.status == http.StatusNoContent && len(bytes.TrimSpace(a.body)) == 0 {
		return nil
	}
	return a.odd(op, "the answer does not confirm the change")
}

// one reads a single object.
func (p *Provider) one(ctx context.Context, c call, into any) error {
	a, err := p.do(ctx, c)
	if err != nil {
		return err
	}
	return a.read(c.op, into)
}

// pages reads a list to its end. each is called with every page and may stop early by returning false.
func pages[T any](ctx context.Context, p *Provider, c call, each func([]T) (bool, error)) error {
	seen := map[string]bool{}
	for {
		a, err := p.do(ctx, c)
		if err != nil {
			return err
		}
		var page struct {
			Context string `json:"@odata.context"` // read only to see that the answer is of Graph's shape
			Value   *[]T   `json:"value"`
			Next    string `json:"@odata.nextLink"`
		}
		if err := a.read(c.op, &page); err != nil {
			return err
		}
		if page.Value == nil {
			return a.odd(c.op, "the answer is no list")
		}
		if more, err := each(*page.Value); err != nil || !more {
			return err
		}
		if page.Next == "" {
			return nil
		}
		if seen[page.Next] {
			return &idp.Error{Kind: idp.Unavailable, Op: c.op, Err: errors.New("the pages repeat themselves")}
		}
		seen[page.Next] = true
		if c, err = p.next(c, page.Next); err != nil {
			return err
		}
	}
}

var errNextLink = errors.New("the link to the next page leads elsewhere")

// next follows a link to the next page. Graph gives a whole address, which would take the token wherever it leads; only its
// query is taken, and only if the rest is the address of the list that is being read.
func (p *Provider) next(c call, link string) (call, error) {
	u, err := url.Parse(link)
	here := p.where.graph
	if err != nil || u.Scheme != here.Scheme || !strings.EqualFold(u.Host, here.Host) || u.User != nil || !strings.EqualFold(u.EscapedPath(), "/v1.0"+c.path) {
		return c, &idp.Error{Kind: idp.Unavailable, Op: c.op, Err: errNextLink}
	}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil || len(query) == 0 {
		return c, &idp.Error{Kind: idp.Unavailable, Op: c.op, Err: errNextLink}
	}
	c.query = query
	return c, nil
}

// quote writes a value into a filter expression.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
