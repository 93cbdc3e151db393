package entra

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"usher/idp"
)

// failure is the body of every error that Graph itself writes. The message may name people, so it is read but never shown.
type failure struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// readFailure returns the failure in the body. Code is empty if the body is not Graph's (a proxy's page, nothing at all).
func readFailure(body []byte) failure {
	var answer struct {
		Error failure `json:"error"`
	}
	if json.Unmarshal(body, &answer) != nil || !isCode(answer.Error.Code) {
		return failure{}
	}
	return answer.Error
}

// isCode accepts the letters of Graph's codes, so that nothing else is ever shown as one.
func isCode(s string) bool {
	if s == "" || len(s) > 80 {
		return false
	}
	for _, r := range s {
		if (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && r != '_' && r != '.' {
			return false
		}
	}
	return true
}

// The codes that carry a meaning which the status alone does not.
const (
	codeNotFound     = "Request_ResourceNotFound"
	codeBadRequest   = "Request_BadRequest"
	codeNoPremium    = "Authentication_RequestFromNonPremiumTenantOrB2CTenant"
	codeNoGovernance = "AadPremiumLicenseRequired"
)

// kindOf sorts an answer that is no success; missing is the kind of a 404 that Graph itself wrote.
func kindOf(status int, code string, missing idp.Kind) idp.Kind {
	switch {
	case status == http.StatusUnauthorized:
		return idp.Unauthorized
	case code == codeNoGovernance:
		return idp.NotGovernable
	case status == http.StatusForbidden && code != "", status == http.StatusPaymentRequired:
		return idp.Forbidden
	case status == http.StatusNotFound && code != "" && missing != "":
		return missing
	case status == http.StatusTooManyRequests, status == 509: // Graph documents 509 as spent bandwidth
		return idp.Throttled
	case status == http.StatusRequestTimeout, status == http.StatusTooEarly, status == http.StatusConflict, status == http.StatusLocked:
		return idp.Unavailable
	case status == http.StatusForbidden:
		// A page of something between us and Graph.
		return idp.Unavailable
	case status >= 400 && status < 500 && code != "":
		return idp.Invalid
	default:
		return idp.Unavailable
	}
}

// errorOf translates an answer that is not a success.
func (a *answer) errorOf(c call) *idp.Error {
	f := readFailure(a.body)
	e := &idp.Error{Kind: kindOf(a.status, f.Code, c.missing), Op: c.op, Code: f.Code, Err: a.trace("http status " + strconv.Itoa(a.status))}
	if e.Code == "" {
		e.Code = "HTTP " + strconv.Itoa(a.status)
	}
	switch f.Code {
	case codeNoPremium:
		e.Err = a.trace("the tenant has no Entra ID P1 license, which sign-in data needs")
	case codeNoGovernance:
		e.Err = a.trace("the tenant has no Entra ID P2 or Governance license, which PIM for Groups needs")
	}
	if e.Kind == idp.Throttled || e.Kind == idp.Unavailable {
		e.RetryAt = retryAfter(a.header, a.received)
	}
	return e
}

// longestWait bounds how long a header can keep calls back.
const longestWait = 10 * time.Minute

// retryAfter reads the header of that name: seconds, with decimals at times, or a date by the vendor's clock. Zero = none, or
// out of reason.
func retryAfter(h http.Header, received time.Time) time.Time {
	text := strings.TrimSpace(h.Get("Retry-After"))
	var wait time.Duration
	if seconds, err := strconv.ParseFloat(text, 64); err == nil {
		if !(seconds >= 0 && seconds <= longestWait.Seconds()) {
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
	if wait < 0 || wait > longestWait {
		return time.Time{}
	}
	return received.Add(wait)
}

// trace adds Graph's id of the answer, for support cases.
func (a *answer) trace(text string) error {
	if id := a.header.Get("Request-Id"); isGUID(id) {
		return errors.New(text + ", graph request " + id)
	}
	return errors.New(text)
}
