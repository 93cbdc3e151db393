package scim

import (
	"encoding/json"
	"errors"
	"strings"
	"unicode/utf8"

	"usher/idp"
)

// isID accepts what can be the id of a resource: RFC 7643 allows any text. What could leave its place in an address is
// refused, and so is bulkId, which is reserved.
func isID(id string) bool {
	if id == "" || len(id) > 256 || strings.Trim(id, ".") == "" || strings.EqualFold(id, "bulkId") {
		return false
	}
	return !strings.ContainsFunc(id, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune(`/\?#%"{}<>`, r) })
}

func notAnID(op string, kind idp.Kind) error {
	return &idp.Error{Kind: kind, Op: op, Err: errors.New("not an id")}
}

func checkPair(op string, group idp.GroupID, user idp.UserID) error {
	switch {
	case !isID(string(group)):
		return notAnID(op, idp.GroupNotFound)
	case !isID(string(user)):
		return notAnID(op, idp.UserNotFound)
	}
	return nil
}

// isAddress accepts what can be an e-mail address.
func isAddress(s string) bool {
	local, domain, found := strings.Cut(s, "@")
	return found && local != "" && domain != "" && len(s) <= 320 && utf8.ValidString(s) && !strings.Contains(domain, "@") &&
		!strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r == 0x7f || r == '"' || r == '\\' })
}

// quote writes a value of a filter: a JSON string (RFC 7644 section 3.4.2.2).
func quote(s string) string {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(s) // A string can always be encoded.
	return strings.TrimSuffix(b.String(), "\n")
}

// equals is the filter that an attribute has a value.
func equals(attribute, value string) string { return attribute + " eq " + quote(value) }
