package googlesim

import (
	"slices"
	"strings"
	"time"
)

// principal is who stands behind an access token.
type principal struct {
	subject string // the user who is impersonated, or ""
	account string // the service account
	role    string
	scopes  []string
	expires time.Time
}

// id names the caller whose quota is spent.
func (p *principal) id() string { return p.account + " " + p.subject }

// name is how the caller appears in the history.
func (p *principal) name() string {
	if p.subject != "" {
		return p.subject
	}
	return p.account
}

func (p *principal) hasScope(wanted []string) bool {
	return slices.ContainsFunc(wanted, func(s string) bool { return slices.Contains(p.scopes, scopePrefix+s) })
}

// identify finds the caller by the access token; nil if it is missing, unknown, expired, or its user is gone.
func (s *Server) identify(q *request) *principal {
	secret, isBearer := strings.CutPrefix(q.Header.Get("Authorization"), "Bearer ")
	p := s.tokens[secret]
	if !isBearer || p == nil || !q.at.Before(p.expires) {
		return nil
	}
	if p.subject != "" {
		u := s.userByKey(p.subject)
		if u == nil || u.Suspended {
			return nil
		}
		p.role = u.Admin
	}
	return p
}

// mayCall reports whether the caller's admin role covers the operation.
func (s *Server) mayCall(p *principal, r route) bool {
	if r.api == apiOAuth {
		return true
	}
	return p.role == SuperAdmin || p.role == GroupsAdmin && !r.super
}

// issue makes an access token that lives for an hour.
func (s *Server) issue(p principal) string {
	secret := "ya29.c." + s.groupID() + s.groupID() + s.userID()
	p.expires = s.clock().Add(tokenLife)
	s.tokens[secret] = &p
	return secret
}
