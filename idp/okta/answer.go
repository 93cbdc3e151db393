package okta

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"usher/idp"
)

// read decodes a success. An answer of another shape is Unavailable: something between us and Okta wrote it.
func (x *exchange) read(op string, into any) error {
	if trimmed := bytes.TrimSpace(x.body); len(trimmed) == 0 || bytes.Equal(trimmed, []byte("null")) {
		return &idp.Error{Kind: idp.Unavailable, Op: op, Code: fmt.Sprintf("HTTP %d", x.status), Err: errors.New("the answer is empty")}
	}
	if err := json.Unmarshal(x.body, into); err != nil {
		// The decoder's text may quote the answer, so it is dropped.
		return &idp.Error{
			Kind: idp.Unavailable, Op: op, Code: fmt.Sprintf("HTTP %d", x.status),
			Err: withRequestID("the answer is not what Okta documents", x.header),
		}
	}
	return nil
}

// done accepts only the answer by which Okta confirms a change: success and no body.
func (x *exchange) done(op string) error {
	if (x.status == http.StatusNoContent || x.status == http.StatusOK) && len(bytes.TrimSpace(x.body)) == 0 {
		return nil
	}
	return &idp.Error{
		Kind: idp.Unavailable, Op: op, Code: fmt.Sprintf("HTTP %d", x.status),
		Err: withRequestID("the answer does not confirm the change", x.header),
	}
}

// pages reads a list to its end. each is called with every page and may stop early by returning false.
func pages[T any](ctx context.Context, p *Provider, c call, ask func(ctx context.Context, after string) error, each func([]T) bool) error {
	seen := map[string]bool{}
	after := ""
	for {
		x, err := p.do(ctx, c, func(ctx context.Context) error { return ask(ctx, after) })
		if err != nil {
			return err
		}
		var rows []T
		if err := x.read(c.op, &rows); err != nil {
			return err
		}
		if !each(rows) {
			return nil
		}
		after, err = nextCursor(x.header)
		if err == nil && after == "" {
			return nil
		}
		if err == nil && seen[after] {
			err = errors.New("the pages repeat themselves")
		}
		if err != nil {
			return &idp.Error{Kind: idp.Unavailable, Op: c.op, Err: err}
		}
		seen[after] = true
	}
}
