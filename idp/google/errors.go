package google

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"usher/idp"
	"usher/idp/rest"
)

// failure is the body of every error that Google's APIs write. The texts may name people, so they are read but never shown.
type failure struct {
	Error struct {
		Message string `json:"message"`
		Status  string `json:"status"` // of google.rpc.Code
		Errors  []struct {
			Reason string `json:"reason"`
		} `json:"errors"`
	} `json:"error"`
}

// readFailure returns the reason (or the status) and the text; both are empty if the body is not Google's.
func readFailure(body []byte) (reason, text string) {
	var f failure
	if json.Unmarshal(body, &f) != nil {
		return "", ""
	}
	if len(f.Error.Errors) > 0 {
		reason = rest.Plain(f.Error.Errors[0].Reason)
	}
	if reason == "" {
		reason = rest.Plain(f.Error.Status)
	}
	return reason, f.Error.Message
}

// kindOfReason sorts the reasons whose meaning the status alone does not give: with Google a 403 often means "slow down".
// Sources: the limits page of the Directory API, google.rpc.Code.
func kindOfReason(reason string) (idp.Kind, bool) {
	switch reason {
	case "userRateLimitExceeded", "rateLimitExceeded", "quotaExceeded", "dailyLimitExceeded", "servingLimitExceeded", "RESOURCE_EXHAUSTED":
		return idp.Throttled, true
	case "authError", "UNAUTHENTICATED":
		return idp.Unauthorized, true
	case "backendError", "internalError", "UNAVAILABLE", "INTERNAL", "DEADLINE_EXCEEDED", "ABORTED", "UNKNOWN", "conflict":
		return idp.Unavailable, true
	}
	return "", false
}

// judge translates an answer that is no success.
func judge(r rest.Request, a *rest.Answer) *idp.Error {
	reason, text := readFailure(a.Body)
	kind, known := kindOfReason(reason)
	switch {
	case known && a.Status != http.StatusTooManyRequests:
	case a.Status == http.StatusNotFound && reason != "notFound" && reason != "NOT_FOUND":
		kind = idp.Unavailable // A page of something between us and Google proves nothing about people and groups.
	default:
		kind = rest.KindOfStatus(a.Status, r.Missing)
	}
	if kind == "" {
		kind = idp.Invalid // A list is not missing, so Google knows no such address.
	}
	e := &idp.Error{Kind: kind, Op: r.Op, Code: reason, Err: errors.New("http status " + strconv.Itoa(a.Status))}
	if e.Code == "" {
		e.Code = a.Code()
	}
	switch {
	case kind == idp.Throttled || kind == idp.Unavailable:
		e.RetryAt = rest.RetryAfter(a.Header, a.Received)
	case isScopeLacking(a.Status, reason, text):
		e.Err = scopeError(strings.TrimPrefix(r.Scope, scopePrefix))
	case isEdition(text):
		return notGovernable(r.Op, refusedEdition)
	case strings.Contains(text, "Error(4013)"):
		e.Err = errMembersHidden
	}
	return e
}

// scopeError names a scope that the access token lacks.
type scopeError string

// Error says so.
func (e scopeError) Error() string { return "the access token lacks the scope " + string(e) }

func isScopeLacking(status int, reason, text string) bool {
	return status == http.StatusForbidden && (reason == "insufficientPermissions" || strings.Contains(text, "insufficient authentication scopes"))
}

// errMembersHidden is the refusal of who may not see every member of a group, directly or in one within it. The number is one
// that the users of the API report ("Insufficient permissions to retrieve memberships"); it is not documented.
var errMembersHidden = errors.New("the account may not see every member")

// isEdition recognizes the refusal of an edition without expiring memberships by the numbers that Google's own jit-groups
// client looks for.
func isEdition(text string) bool {
	return strings.Contains(text, "Error(3005)") || strings.Contains(text, "Error(3006)")
}

const refusedEdition = "This edition of Google Workspace has no expiring memberships; " + editions + " has."

// codePermission is the status of what is not allowed, for whatever cause.
const codePermission = "PERMISSION_DENIED"

// codeOf is the reason that Google gave for an error.
func codeOf(err error) string {
	var e *idp.Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}
