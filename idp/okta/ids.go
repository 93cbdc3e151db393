package okta

import "usher/idp"

// maxID bounds an id; Okta's own have 20 characters.
const maxID = 64

// isID accepts the letters of Okta's ids only, so that an id can never change the path it is put into.
func isID(s string) bool {
	if s == "" || len(s) > maxID {
		return false
	}
	for _, r := range s {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '_', r == '-':
		default:
			return false
		}
	}
	return true
}

// isUserID refuses "me" as well, which Okta takes for the owner of the token.
func isUserID(id idp.UserID) bool { return isID(string(id)) && id != "me" }

// isGroupID refuses "rules" as well, which is a folder of its own below groups.
func isGroupID(id idp.GroupID) bool { return isID(string(id)) && id != "rules" }
