package google

import (
	"errors"

	"usher/idp"
)

// maxID bounds an id; Google's own have 21 digits, and 15 letters and digits.
const maxID = 64

// isUserID accepts digits only. Google takes addresses for keys as well, and those move from one person to another.
func isUserID(id idp.UserID) bool {
	for _, r := range id {
		if r < '0' || r > '9' {
			return false
		}
	}
	return id != "" && len(id) <= maxID
}

func isGroupID(id idp.GroupID) bool {
	for _, r := range id {
		if (r < '0' || r > '9') && (r < 'a' || r > 'z') {
			return false
		}
	}
	return len(id) >= 8 && len(id) <= maxID
}

func notAnID(op string, kind idp.Kind) error {
	return &idp.Error{Kind: kind, Op: op, Err: errors.New("not an id of Google")}
}

func checkPair(op string, group idp.GroupID, user idp.UserID) error {
	if !isGroupID(group) {
		return notAnID(op, idp.GroupNotFound)
	}
	if !isUserID(user) {
		return notAnID(op, idp.UserNotFound)
	}
	return nil
}
