package graphsim

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

const (
	opUnknown = "unknown"
	opToken   = "token"
)

// route is one operation of the API.
type route struct {
	name   string
	method string
	path   string   // segments in braces are variables
	roles  []string // any of these application permissions admits
	cost   int      // resource units before the adjustments; 0 means 1
	report bool     // counts against the limit of the reports
	open   bool     // needs no token
	serve  func(*Server, *request) reply

	segments []string // of path
}

// allRoutes lists every operation; literal segments come before variables at the same place.
func allRoutes() []route {
	all := slices.Concat(loginRoutes(), userRoutes(), groupRoutes(), memberRoutes(), appRoutes(), pimRoutes())
	for i := range all {
		all[i].segments = strings.Split(strings.Trim(all[i].path, "/"), "/")
	}
	return all
}

// findRoute matches a still escaped path, so that an id may hold an escaped slash.
func findRoute(all []route, method, escaped string) (route, []string, *reply) {
	parts, valid := split(escaped)
	refusal := noSuchSegment(parts)
	for _, r := range all {
		vars, match := r.match(parts)
		if !match || !valid {
			continue
		}
		if r.method == method {
			return r, vars, nil
		}
		refusal = wrongMethod()
	}
	return route{name: opUnknown}, nil, &refusal
}

func split(escaped string) ([]string, bool) {
	parts := strings.Split(strings.TrimPrefix(escaped, "/"), "/")
	for i, p := range parts {
		plain, err := url.PathUnescape(p)
		if err != nil {
			return nil, false
		}
		parts[i] = plain
	}
	return parts, true
}

func (r route) match(parts []string) ([]string, bool) {
	if len(r.segments) != len(parts) {
		return nil, false
	}
	var vars []string
	for i, w := range r.segments {
		switch {
		case strings.HasPrefix(w, "{"):
			if parts[i] == "" || strings.HasPrefix(parts[i], "$") {
				return nil, false
			}
			vars = append(vars, parts[i])
		case !strings.EqualFold(w, parts[i]): // Graph's paths have no letter case
			return nil, false
		}
	}
	return vars, true
}

// Operations lists the names that a fault can hit, as in Call.Name.
func (s *Server) Operations() []string {
	var names []string
	for _, r := range s.routes {
		names = append(names, r.name)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func loginRoutes() []route {
	return []route{
		{name: "discovery", method: http.MethodGet, path: "/{tenant}/v2.0/.well-known/openid-configuration", open: true, serve: (*Server).discovery},
		{name: opToken, method: http.MethodPost, path: "/{tenant}/oauth2/v2.0/token", open: true, serve: (*Server).issueToken},
	}
}
