package okta

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
)

// errNoCursor means that there is a next page which cannot be asked for.
var errNoCursor = errors.New("the link to the next page holds no cursor")

// nextCursor returns the cursor of the next page, or "" on the last page. Okta sends one link per header line; some
// proxies join the lines with commas, so both are read. Only the cursor is taken from the link, never its host.
func nextCursor(h http.Header) (string, error) {
	for _, line := range h.Values("Link") {
		for line != "" {
			target, params, rest, ok := cutLink(line)
			if !ok {
				break
			}
			line = rest
			if !isNext(params) {
				continue
			}
			u, err := url.Parse(target)
			if err != nil {
				return "", errNoCursor
			}
			cursor := u.Query().Get("after")
			if cursor == "" {
				return "", errNoCursor
			}
			return cursor, nil
		}
	}
	return "", nil
}

// cutLink takes the first <target>; params off a Link header value.
func cutLink(s string) (target, params, rest string, ok bool) {
	_, s, ok = strings.Cut(s, "<")
	if !ok {
		return "", "", "", false
	}
	target, s, ok = strings.Cut(s, ">")
	if !ok {
		return "", "", "", false
	}
	quoted := false
	for i := range len(s) {
		switch {
		case s[i] == '"':
			quoted = !quoted
		case s[i] == ',' && !quoted:
			return target, s[:i], s[i+1:], true
		}
	}
	return target, s, "", true
}

func isNext(params string) bool {
	for param := range strings.SplitSeq(params, ";") {
		name, value, ok := strings.Cut(strings.TrimSpace(param), "=")
		if !ok || !strings.EqualFold(strings.TrimSpace(name), "rel") {
			continue
		}
		for rel := range strings.FieldsSeq(strings.Trim(strings.TrimSpace(value), `"`)) {
			if strings.EqualFold(rel, "next") {
				return true
			}
		}
	}
	return false
}
