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
	if kind == "" {
		kind = idp.Invalid // A list is not missing, so Okta knows no such address.
	}
	e := &idp.Error{Kind: kind, Op: op, Code: f.Code, Err: withRequestID("http status "+strconv.Itoa(x.status), x.header)}
	if e.Code == "" {
		e.Code = "HTTP " + strconv.Itoa(x.status)
	}
	switch e.Kind {
	case idp.Throttled:
		e.RetryAt = retryAt(x.header, x.received)
	case idp.Unavailable:
		// Every answer tells the end of its rate window, which says nothing about when a fault is over.
		e.RetryAt = retryAfter(x.header, x.received)
	default:
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
	return retryAfter(h, received)
}

// retryAfter reads the header of that name, in seconds or as a date by the vendor's clock. Zero = none, or out of reason.
func retryAfter(h http.Header, received time.Time) time.Time {
	text := strings.TrimSpace(h.Get("Retry-After"))
	var wait time.Duration
	if seconds, err := strconv.ParseFloat(text, 64); err == nil {
		if !(seconds >= 0 && seconds <= longestWindow.Seconds()) {
			return time.Time{}
		}
		wait = time.Duration(seconds * float64(time.Second))
	} else if at, err := http.ParseTime(text); err == nil {
		wait = at.Sub(received)
		if date, err := http.ParseTime(h.Get("Date")); err == nil {
			wait = at.Sub(date)
		}
	} else {
		return time.Time{}
	}
	if wait < 0 || wait > longestWindow {
		return time.Time{}
	}
	return received.Add(wait)
}

// crowded reports whether the vendor complains about too many simultaneous calls rather than a spent window.
func (x *exchange) crowded() bool {
	return x.status == http.StatusTooManyRequests && x.header.Get("X-Rate-Limit-Limit") == "0"
}
