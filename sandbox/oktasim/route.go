package oktasim

import (
	"net/http"
	"net/url"
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
	path   string // segments in braces are variables
	bucket string
	scope  string // OAuth scope, and the right that an admin role must hold
	open   bool   // needs no credentials
	serve  func(*Server, *request) reply

	segments []string // of path
}

// allRoutes lists every operation; literal segments come before variables at the same place.
func allRoutes() []route {
	list := [][]route{userRoutes(), ruleRoutes(), groupRoutes(), appRoutes(), orgRoutes()}
	var all []route
	for _, l := range list {
		all = append(all, l...)
	}
	for i := range all {
		all[i].segments = strings.Split(strings.Trim(all[i].path, "/"), "/")
	}
	return all
}

func orgRoutes() []route {
	return []route{
		{name: "log.list", method: http.MethodGet, path: "/api/v1/logs", bucket: BucketLogs, scope: "okta.logs.read", serve: (*Server).listLogs},
		{name: "org.get", method: http.MethodGet, path: "/api/v1/org", bucket: BucketOther, scope: "okta.orgs.read", serve: (*Server).getOrg},
		{name: "org.wellknown", method: http.MethodGet, path: "/.well-known/okta-organization", bucket: BucketOther, open: true, serve: (*Server).wellKnown},
		{name: opToken, method: http.MethodPost, path: "/oauth2/v1/token", bucket: BucketToken, open: true, serve: (*Server).issueToken},
	}
}

// findRoute matches a still escaped path, so that a login may hold an escaped slash or at sign.
func findRoute(all []route, method, escaped string) (route, []string, *reply) {
	parts, valid := split(escaped)
	refusal := noSuchPath()
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
	return route{name: opUnknown, bucket: BucketOther}, nil, &refusal
}

func split(escaped string) ([]string, bool) {
	parts := strings.Split(strings.Trim(escaped, "/"), "/")
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
			if parts[i] == "" {
				return nil, false
			}
			vars = append(vars, parts[i])
		case w != parts[i]:
			return nil, false
		}
	}
	return vars, true
}
