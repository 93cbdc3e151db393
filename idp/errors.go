package idp

import (
	"errors"
	"fmt"
	"time"
)

// Kind sorts the failures of a provider by what the caller can do about them.
type Kind string

const (
	// UserNotFound means that no such user exists (any more). Permanent.
	UserNotFound Kind = "user_not_found"
	// GroupNotFound means that no such group exists (any more). Permanent until the catalog is mended.
	GroupNotFound Kind = "group_not_found"
	// NotGovernable means that the group cannot or must not be changed by Usher. Permanent.
	NotGovernable Kind = "not_governable"
	// UserNotAllowed means that the vendor refuses this user in the present status. Permanent.
	UserNotAllowed Kind = "user_not_allowed"
	// Ambiguous means that a look-up fits more than one user. Permanent.
	Ambiguous Kind = "ambiguous"
	// Forbidden means that the credentials lack a right. Permanent until an admin mends it, yet worth retrying slowly.
	Forbidden Kind = "forbidden"
	// Unauthorized means that the credentials are not accepted (expired, revoked). As Forbidden.
	Unauthorized Kind = "unauthorized"
	// Throttled means that the vendor asks to wait, see Error.RetryAt. Transient.
	Throttled Kind = "throttled"
	// Unavailable means that the vendor could not be reached or failed before or without a statement about the
	// outcome; a change may or may not have happened, so read before you repeat. Transient.
	Unavailable Kind = "unavailable"
	// Invalid means that the vendor refused the request as wrong. Permanent.
	Invalid Kind = "invalid"
)

// Error is the error of every provider call. Its text holds no secret and no personal data beyond ids.
type Error struct {
	Kind Kind
	// Op is the verb and object, for example "add member".
	Op string
	// Code is the vendor's error code or HTTP status, for people who look it up.
	Code string
	// RetryAt is when the vendor accepts the next call; zero means unknown.
	RetryAt time.Time
	// Err is the cause, may be nil.
	Err error
}

// Error returns one line: what failed, how, and the vendor's code.
func (e *Error) Error() string {
	s := fmt.Sprintf("%s: %s", e.Op, e.Kind)
	if e.Code != "" {
		s += " (" + e.Code + ")"
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Transient reports whether the same call may succeed later without anybody's help.
func (e *Error) Transient() bool { return e.Kind == Throttled || e.Kind == Unavailable }

// KindOf returns the kind of err, or Unavailable for an error that no provider made, so that nothing unknown is taken
// for a final answer. A nil error has the empty kind.
func KindOf(err error) Kind {
	if err == nil {
		return ""
	}
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return Unavailable
}

// RetryAt returns when the vendor accepts the next call, or the zero time if err does not say.
func RetryAt(err error) time.Time {
	var e *Error
	if errors.As(err, &e) {
		return e.RetryAt
	}
	return time.Time{}
}
