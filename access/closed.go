package access

import (
	"context"

	"usher/catalog"
)

// Closed is an entitlement that the person may not ask for, and why, as the catalog says it.
type Closed struct {
	Role Role
	Why  string
}

// Closed lists what fits the words and may not be asked for by the person, best first, at most limit. It is for those who
// search for something by its name and would otherwise believe that it does not exist.
func (s *Service) Closed(ctx context.Context, by Person, query string, limit int) ([]Closed, error) {
	who, _, err := s.facts(ctx, by)
	if err != nil {
		return nil, err
	}
	var list []Closed
	s.Catalog().Search(query, limit, func(e *catalog.Entitlement) bool {
		ok, why := e.Eligible(who)
		if !ok {
			list = append(list, Closed{Role: roleOf(e, e.Default), Why: why})
		}
		return !ok
	})
	return list, nil
}
