package entra

import (
	"errors"

	"usher/idp"
)

// isGUID accepts the form in which Graph writes ids: 36 characters, lower case. An id can never change the path it is put into.
func isGUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i, r := range s {
		switch {
		case i == 8 || i == 13 || i == 18 || i == 23:
			if r != '-' {
				return false
			}
		case r >= '0' && r <= '9', r >= 'a' && r <= 'f':
		default:
			return false
		}
	}
	return true
}

func notAnID(op string, kind idp.Kind) error {
	return &idp.Error{Kind: kind, Op: op, Err: errors.New("not an object id: 36 characters in lower case are expected")}
}

func checkPair(op string, group idp.GroupID, user idp.UserID) error {
	if !isGUID(string(group)) {
		return notAnID(op, idp.GroupNotFound)
	}
	if !isGUID(string(user)) {
		return notAnID(op, idp.UserNotFound)
	}
	return nil
}
