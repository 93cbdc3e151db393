package okta

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"usher/idp"
)

// failure is the body of every error that Okta itself writes. The summary may name people, so it is read but never shown.
type failure struct {
	Code    string `json:"errorCode"`
	Summary string `json:"errorSummary"`
}

// readFailure returns the failure in the body. Code is empty if the body is not Okta's (a proxy's page, nothing at all).
func readFailure(body []byte) failure {
	var f failure
	if json.Unmarshal(body, &f) != nil || !isErrorCode(f.Code) {
		return failure{}
	}
	return f
}

func isErrorCode(s string) bool {
	if len(s) != 8 || s[0] != 'E' {
		return false
	}
	_, err := strconv.ParseUint(s[1:], 10, 32)
	return err == nil
}

// kindOfCode sorts the codes whose meaning the status alone does not give. Source: Okta's error code list.
func kindOfCode(code string) (idp.Kind, bool) {
	switch code {
	case "E0000004", "E0000011", "E0000015": // authentication failed, invalid token, feature not for this token
		return idp.Unauthorized, code != "E0000015"
	case "E0000038": // not allowed in the user's present status
		return idp.UserNotAllowed, true
	case "E0000060": // unsupported operation, as for the group Everyone
		return idp.NotGovernable, true
	case "E0000047": // too many calls
		return idp.Throttled, true
	case "E0000009", "E0000010", "E0000112", "E0000249": // internal, read-only, still activating, rules being set up
		return idp.Unavailable, true
	}
	return "", false
}

// kindOfStatus sorts an answer by its status; missing is the kind of a 404 that Okta itself wrote.
func kindOfStatus(status int, code string, missing idp.Kind) idp.Kind {
	switch {
	case status == http.StatusUnauthorized:
		return idp.Unauthorized
	case status == http.StatusForbidden:
		return idp.Forbidden
	case status == http.StatusNotFound && code == "E0000007":
		return missing
	case status == http.StatusNotFound && code == "":
		// A page of something between us and Okta proves nothing about people and groups.
		return idp.Unavailable
	case status == http.StatusTooManyRequests:
		return idp.Throttled
	case status == http.StatusRequestTimeout, status == http.StatusTooEarly, status == http.StatusConflict:
		return idp.Unavailable
	case status >= 400 && status < 500 && code != "":
		return idp.Invalid
	default:
		return idp.Unavailable
	}
}

// errorOf translates an answer that is not a success.
func (x *exchange) errorOf(op string, missing idp.Kind) *idp.Error {
	f := readFailure(x.body)
	kind, known := kindOfCode(f.Code)
	if !known || x.status == http.StatusTooManyRequests {
		kind = kindOfStatus(x.status, f.Code, missing)
	}
	e := &idp.Error{Kind: kind, Op: op, Code: f.Code, Err: withRequestID("http status "+strconv.Itoa(x.status), x.header)}
	if e.Code == "" {
		e.Code = "HTTP " + strconv.Itoa(x.status)
	}
	if e.Transient() {
		e.RetryAt = retryAt(x.header, x.received)
	}
	return e
}

// retryAt returns when the vendor accepts the next call: the end of the rate window, else Retry-After, else unknown.
func retryAt(h http.Header, received time.Time) time.Time {
	if at, _, ok := readReset(h, received); ok {
		if at.After(received.Add(longestWindow)) {
			return time.Time{}
		}
		if !at.After(received) {
			return received.Add(resetRounding)
		}
		return at
	}
	after := strings.TrimSpace(h.Get("Retry-After"))
	if seconds, err := strconv.ParseFloat(after, 64); err == nil && seconds >= 0 && seconds <= longestWindow.Seconds() {
		return received.Add(time.Duration(seconds * float64(time.Second)))
	}
	return time.Time{}
}

// crowded reports whether the vendor complains about too many simultaneous calls rather than a spent window.
func (x *exchange) crowded() bool {
	return x.status == http.StatusTooManyRequests && x.header.Get("X-Rate-Limit-Limit") == "0"
}
