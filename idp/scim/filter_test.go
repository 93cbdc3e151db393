package scim_test

import (
	"slices"
	"strings"

	vendor "github.com/elimity-com/scim"
	vendorerrors "github.com/elimity-com/scim/errors"
	grammar "github.com/scim2/filter-parser/v2"
)

// find returns the ids of what passes the filter, which the server has parsed and compared with its schema. all goes through
// everything there is. The caller holds the lock.
func (s *store) find(key string, m manners, params vendor.ListRequestParams, all func(match func(values func(string) []string) bool) []string) ([]string, error) {
	match := func(func(string) []string) bool { return true }
	if v := params.FilterValidator; v != nil && !m.ignoreFilter {
		e := v.GetFilter()
		if m.noMemberFilter && (strings.Contains(key, "members") || strings.Contains(key, "groups")) || !known(e) {
			return nil, vendorerrors.ScimErrorInvalidFilter
		}
		match = func(values func(string) []string) bool { return passes(e, values) }
	}
	if s.lag > 0 {
		return all(match), nil
	}
	ids, cached := s.lists[key]
	if !cached {
		ids = all(match)
		s.lists[key] = ids
	}
	return ids, nil
}

// known accepts equality, and equalities of which all must hold.
func known(e grammar.Expression) bool {
	switch e := e.(type) {
	case *grammar.AttributeExpression:
		return e.Operator == grammar.EQ
	case *grammar.LogicalExpression:
		return e.Operator == grammar.AND && known(e.Left) && known(e.Right)
	}
	return false
}

func passes(e grammar.Expression, values func(string) []string) bool {
	switch e := e.(type) {
	case *grammar.AttributeExpression:
		want, _ := e.CompareValue.(string)
		attribute := e.AttributePath.String()
		if folds := strings.HasPrefix(attribute, "emails") || attribute == "userName"; folds {
			want = strings.ToLower(want)
		}
		return slices.Contains(values(attribute), want)
	case *grammar.LogicalExpression:
		return passes(e.Left, values) && passes(e.Right, values)
	}
	return false
}

// cutPage cuts a page out of a list.
func cutPage(ids []string, params vendor.ListRequestParams, show func(id string) vendor.Resource) vendor.Page {
	p := vendor.Page{TotalResults: len(ids), Resources: []vendor.Resource{}}
	for i := params.StartIndex - 1; i < len(ids) && len(p.Resources) < params.Count; i++ {
		p.Resources = append(p.Resources, show(ids[i]))
	}
	return p
}
