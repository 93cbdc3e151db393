package googlesim

import (
	"net/http"
	"net/url"
	"strings"
)

const opUnknown = "unknown"

// route is one operation of an API.
type route struct {
	name   string
	method string
	path   string // segments in braces are variables; ":verb" may follow the last segment
	api    api
	scopes []string // one of them is needed, without the common prefix
	super  bool     // only a super admin may
	open   bool     // needs no access token
	serve  func(*Server, *request) reply

	segments []string // of path
}

// scopePrefix begins every scope.
const scopePrefix = "https://www.googleapis.com/auth/"

// allRoutes lists every operation; literal segments come before variables at the same place.
func allRoutes() []route {
	list := [][]route{userRoutes(), groupRoutes(), memberRoutes(), reportRoutes(), identityRoutes(), tokenRoutes()}
	var all []route
	for _, l := range list {
		all = append(all, l...)
	}
	for i := range all {
		all[i].segments = strings.Split(strings.Trim(all[i].path, "/"), "/")
	}
	return all
}

func noSuchPath() reply {
	return reply{status: http.StatusNotFound, body: object{"error": object{
		"code": http.StatusNotFound, "message": "Not Found", "errors": []any{object{"message": "Not Found", "domain": "global", "reason": "notFound"}},
	}}}
}

// findRoute matches a still escaped path, so that a key may hold an escaped slash.
func findRoute(all []route, method, escaped string) (route, []string, *reply) {
	parts, valid := split(escaped)
	refusal := noSuchPath()
	for _, r := range all {
		vars, match := r.match(parts)
		if match && valid && r.method == method {
			return r, vars, nil
		}
	}
	return route{name: opUnknown, api: apiAdmin}, nil, &refusal
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
		if !strings.HasPrefix(w, "{") {
			if w != parts[i] {
				return nil, false
			}
			continue
		}
		value := parts[i]
		if _, verb, has := strings.Cut(w, ":"); has {
			rest, ends := strings.CutSuffix(value, ":"+verb)
			if !ends {
				return nil, false
			}
			value = rest
		} else if r.api == apiIdentity && strings.Contains(value, ":") {
			return nil, false
		}
		if value == "" {
			return nil, false
		}
		vars = append(vars, value)
	}
	return vars, true
}
