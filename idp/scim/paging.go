package scim

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"

	"usher/idp"
	"usher/idp/rest"
)

// page is a ListResponse (RFC 7644 section 3.4.2).
type page struct {
	Total     *int              `json:"totalResults"`
	Resources []json.RawMessage `json:"Resources"`
	Next      string            `json:"nextCursor"` // RFC 9865
}

// listTries is how often a list that changes under one's hands is begun anew.
const listTries = 5

// errShifted means that rows moved between two pages.
var errShifted = errors.New("the list changed while it was read")

// list reads a whole list: all pages or an error. It is a function because methods have no type parameters.
//
// SCIM pages by index, so who leaves while one reads moves all the others forward, and somebody would be missed without a
// trace. Therefore every page begins with the last row of the one before; if that is another row now, the list is read anew.
func list[R any, P interface {
	*R
	resource
}](ctx context.Context, p *Provider, op, kind string, missing idp.Kind, query url.Values) ([]R, error) {
	for range listTries {
		rows, err := listOnce[R, P](ctx, p, op, kind, missing, query)
		if !errors.Is(err, errShifted) {
			return rows, err
		}
	}
	return nil, &idp.Error{Kind: idp.Unavailable, Op: op, Err: errShifted}
}

func listOnce[R any, P interface {
	*R
	resource
}](ctx context.Context, p *Provider, op, kind string, missing idp.Kind, query url.Values) ([]R, error) {
	rows, seen, cursors := []R{}, map[string]bool{}, map[string]bool{}
	cursor, last := "", ""
	for read := 0; ; {
		a, pg, err := p.page(ctx, op, kind, missing, query, max(read, 1), cursor)
		if err != nil {
			return nil, err
		}
		if len(pg.Resources) == 0 && read > 0 && !p.cfg.CursorPages {
			return nil, errShifted
		}
		before := read
		for i, raw := range pg.Resources {
			var row R
			if json.Unmarshal(raw, P(&row)) != nil {
				return nil, a.Odd(op, "the answer is not what the RFC describes")
			}
			id := P(&row).key()
			switch {
			case id == "":
				return nil, a.Odd(op, "a resource without id in the answer")
			case i == 0 && before > 0 && !p.cfg.CursorPages:
				if id != last {
					return nil, errShifted
				}
				continue // It is the last row of the page before.
			case !seen[id]:
				rows = append(rows, row)
				seen[id] = true
			}
			read, last = read+1, id
		}
		switch {
		case p.cfg.CursorPages:
			if pg.Next == "" {
				return rows, nil
			}
			if cursors[pg.Next] {
				return nil, a.Odd(op, "the pages repeat themselves")
			}
			cursors[pg.Next], cursor = true, pg.Next
		case read >= *pg.Total:
			return rows, nil
		case read == before:
			return nil, a.Odd(op, "the list is shorter than the server says")
		}
	}
}

// page asks for one page.
func (p *Provider) page(ctx context.Context, op, kind string, missing idp.Kind, query url.Values, start int, cursor string) (*rest.Answer, page, error) {
	full := url.Values{"count": {strconv.Itoa(p.cfg.PageSize)}}
	for name, values := range query {
		full[name] = values
	}
	if p.cfg.CursorPages {
		full.Set("cursor", cursor)
	} else {
		full.Set("startIndex", strconv.Itoa(start))
	}
	a, err := p.client.Do(ctx, p.request(op, http.MethodGet, missing, full, kind))
	if err != nil {
		return nil, page{}, err
	}
	var pg page
	if err := a.Decode(op, &pg); err != nil {
		return nil, page{}, err
	}
	if pg.Total == nil && !p.cfg.CursorPages || pg.Total != nil && *pg.Total < 0 {
		return nil, page{}, a.Odd(op, "the answer is no list")
	}
	return a, pg, nil
}
