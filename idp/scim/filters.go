package scim

import (
	"context"
	"errors"
	"net/url"
	"sync"
	"time"

	"usher/idp"
)

const (
	// nobody is an id that no resource has.
	nobody = "usher-asks-for-nobody"
	// filterTTL is how long it is trusted that the server heeds a filter.
	filterTTL = 24 * time.Hour
)

// filters remembers which filters the server was seen to heed. One that ignores a filter answers with everything, and
// everybody would seem to be a member of every group. It is safe for concurrent use.
type filters struct {
	now func() time.Time

	mu   sync.Mutex
	seen map[string]time.Time // by kind and attribute
}

func newFilters(now func() time.Time) *filters {
	return &filters{now: now, seen: map[string]time.Time{}}
}

func (f *filters) trusted(key string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	age := f.now().Sub(f.seen[key])
	return age >= 0 && age < filterTTL
}

func (f *filters) trust(key string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.seen[key] = f.now()
}

// heeded makes sure that the server heeds filters by the attribute: asked for nobody it must find nothing. It costs one call
// a day. Some servers take the attribute only together with others, so those come first in the question.
func (p *Provider) heeded(ctx context.Context, op, kind, first, attribute string) error {
	key := kind + " " + attribute
	if first != "" {
		key, first = key+" with others", first+" and "
	}
	if p.filters.trusted(key) {
		return nil
	}
	query := url.Values{"filter": {first + equals(attribute, nobody)}, "count": {"1"}, "attributes": {"id"}}
	a, pg, err := p.page(ctx, op, kind, idp.UserNotFound, query, 1, "")
	r := refusalOf(err)
	switch {
	case idp.KindOf(err) == idp.UserNotFound || r.scimType == "invalidValue":
		// Some servers say so of an id that nobody has, or nobody can have; then they have looked at it.
	case err != nil:
		return err
	case len(pg.Resources) > 0 || pg.Total != nil && *pg.Total > 0:
		return &idp.Error{Kind: idp.Invalid, Op: op, Code: a.Code(), Err: errors.New("the server ignores filters by " + attribute)}
	}
	p.filters.trust(key)
	return nil
}
