package rest

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"usher/idp"
)

// Answer is one whole answer.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
	// Received is when the answer was complete, by our clock.
	Received time.Time
}

// OK reports whether the status is a success.
func (a *Answer) OK() bool { return a.Status >= 200 && a.Status <= 299 }

// Blank reports whether there is no body.
func (a *Answer) Blank() bool { return len(bytes.TrimSpace(a.Body)) == 0 }

// Code is the status as an error's code.
func (a *Answer) Code() string { return "HTTP " + strconv.Itoa(a.Status) }

// Decode reads the body as JSON. A body of another shape is Unavailable: something between us and the vendor wrote it.
func (a *Answer) Decode(op string, into any) error {
	if a.Blank() || bytes.Equal(bytes.TrimSpace(a.Body), []byte("null")) {
		return a.Odd(op, "the answer is empty")
	}
	if json.Unmarshal(a.Body, into) != nil {
		return a.Odd(op, "the answer is not what the vendor documents") // The decoder's own text may quote the answer.
	}
	return nil
}

// Odd is the error for an answer that is a success by its status and cannot be believed.
func (a *Answer) Odd(op, what string) error {
	return &idp.Error{Kind: idp.Unavailable, Op: op, Code: a.Code(), Err: errors.New(what)}
}

// KindOfStatus sorts the statuses that mean the same everywhere; missing is the kind of a 404.
func KindOfStatus(status int, missing idp.Kind) idp.Kind {
	switch {
	case status == http.StatusUnauthorized:
		return idp.Unauthorized
	case status == http.StatusForbidden:
		return idp.Forbidden
	case status == http.StatusNotFound:
		return missing
	case status == http.StatusTooManyRequests:
		return idp.Throttled
	case status == http.StatusRequestTimeout, status == http.StatusTooEarly, status == http.StatusConflict:
		return idp.Unavailable
	case status >= 400 && status < 500:
		return idp.Invalid
	default:
		return idp.Unavailable // 5xx, and a redirect, which is never followed
	}
}

// longestWait bounds how long a header can keep calls back.
const longestWait = 10 * time.Minute

// RetryAfter reads the header of that name: seconds, seconds with a fraction, or a date by the vendor's clock. It returns the
// instant by our clock; the zero time if there is no such header, or one that is out of reason.
func RetryAfter(h http.Header, received time.Time) time.Time {
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

// Plain makes a text fit to be a code or a part of a sentence: letters, digits and a few signs, at most 64 bytes. Any other
// text, which may hold whatever a stranger wrote, becomes "".
func Plain(s string) string {
	if len(s) > 64 {
		return ""
	}
	for _, r := range s {
		if (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && !strings.ContainsRune("-_.", r) {
			return ""
		}
	}
	return s
}
