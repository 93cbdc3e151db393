package oktasim

import (
	"net/http"
	"strings"
	"time"
)

// principal is who a call acts for: an SSWS token of an admin, or a service app.
type principal struct {
	token   string // token id, for SSWS
	owner   string // user id of the token's owner
	client  string // client id, for OAuth
	role    string
	scopes  []string
	expires time.Time
}

func (p *principal) id() string {
	if p.client != "" {
		return "client " + p.client
	}
	return "token " + p.token
}

// identify finds the principal behind the Authorization header, or the refusal.
func (s *Server) identify(q *request) (*principal, reply) {
	header := q.Header.Get("Authorization")
	kind, secret, _ := strings.Cut(header, " ")
	secret = strings.TrimSpace(secret)
	switch {
	case header == "":
		return nil, noSession()
	case strings.EqualFold(kind, "SSWS"):
		if p := s.tokens[secret]; p != nil {
			return p, reply{}
		}
	case strings.EqualFold(kind, "Bearer"):
		if p := s.access[secret]; p != nil && q.at.Before(p.expires) {
			return p, reply{}
		}
		rep := invalidToken()
		rep.header = http.Header{}
		rep.header.Set("WWW-Authenticate", `Bearer error="invalid_token", error_description="The access token is invalid or has expired."`)
		return nil, rep
	}
	return nil, invalidToken()
}

// permitted tells whether the scopes and the admin role of the caller reach the route. A token whose owner is no longer active reaches nothing.
func (s *Server) permitted(q *request) bool {
	p := q.who
	if p.client == "" {
		owner := s.userByID(p.owner)
		if owner == nil || owner.Status != StatusActive {
			return false
		}
	} else if !hasScope(p.scopes, strings.TrimSuffix(q.route.scope, ".rules")) {
		return false
	}
	return roleAllows(p.role, q.route.scope)
}

// hasScope knows that a manage scope includes reading.
func hasScope(have []string, want string) bool {
	manage := strings.TrimSuffix(want, ".read") + ".manage"
	for _, h := range have {
		if h == want || h == manage {
			return true
		}
	}
	return false
}

func roleAllows(role, scope string) bool {
	switch role {
	case SuperAdmin:
		return true
	case ReadOnly:
		return strings.HasSuffix(scope, ".read")
	case GroupAdmin:
		return scope != "okta.roles.read" && scope != scopeRules
	default:
		return false
	}
}
