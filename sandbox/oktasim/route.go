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
}

// routes lists every operation; literal segments come before variables at the same place.
func routes() []route {
	list := [][]route{userRoutes(), ruleRoutes(), groupRoutes(), appRoutes(), orgRoutes()}
	var all []route
	for _, l := range list {
		all = append(all, l...)
	}
	return all
}

func orgRoutes() []route {
	return []route{
		{"log.list", http.MethodGet, "/api/v1/logs", BucketLogs, "okta.logs.read", false, (*Server).listLogs},
		{"org.get", http.MethodGet, "/api/v1/org", BucketOther, "okta.orgs.read", false, (*Server).getOrg},
		{"org.wellknown", http.MethodGet, "/.well-known/okta-organization", BucketOther, "", true, (*Server).wellKnown},
		{opToken, http.MethodPost, "/oauth2/v1/token", BucketToken, "", true, (*Server).issueToken},
	}
}

// findRoute matches a still escaped path, so that a login may hold an escaped slash or at sign.
func findRoute(method, escaped string) (route, []string, *reply) {
	parts, valid := split(escaped)
	refusal := noSuchPath()
	for _, r := range routes() {
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
	want := strings.Split(strings.Trim(r.path, "/"), "/")
	if len(want) != len(parts) {
		return nil, false
	}
	var vars []string
	for i, w := range want {
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
