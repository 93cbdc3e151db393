package scim

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"usher/idp"
	"usher/idp/rest"
)

// failure is the body of SCIM errors (RFC 7644 section 3.12). The detail may name people, so it is never shown. The status is
// a text by the RFC and a number with some servers.
type failure struct {
	Schemas  []string `json:"schemas"`
	Status   any      `json:"status"`
	ScimType string   `json:"scimType"`
}

// readFailure returns SCIM's own word for what is wrong, and whether the body is a SCIM error at all.
func readFailure(a *rest.Answer) (scimType string, is bool) {
	var f failure
	if json.Unmarshal(a.Body, &f) != nil {
		return "", false
	}
	for _, s := range f.Schemas {
		is = is || strings.HasSuffix(strings.ToLower(s), ":error")
	}
	switch status := f.Status.(type) {
	case string:
		is = is || status == strconv.Itoa(a.Status)
	case float64:
		is = is || int(status) == a.Status
	}
	return rest.Plain(f.ScimType), is
}

// refusal is the cause of an error that the server answered with.
type refusal struct {
	status   int
	scimType string
}

// Error says what kind of answer it was, in words of our own.
func (r refusal) Error() string {
	switch {
	case r.scimType == "mutability":
		return "the server says that the group is read-only"
	case r.scimType == "invalidFilter":
		return "the server does not take this filter"
	}
	return "http status " + strconv.Itoa(r.status)
}

// refusalOf returns how the server refused; the zero value if it did not answer.
func refusalOf(err error) refusal {
	var r refusal
	errors.As(err, &r)
	return r
}

// judge translates an answer that is no success.
func (p *Provider) judge(r rest.Request, a *rest.Answer) *idp.Error {
	scimType, isSCIM := readFailure(a)
	e := &idp.Error{Kind: rest.KindOfStatus(a.Status, r.Missing), Code: a.Code(), Err: refusal{a.Status, scimType}}
	if scimType != "" {
		e.Code = scimType
	}
	switch {
	case a.Status == http.StatusNotFound && !isSCIM && !p.cfg.BareNotFound:
		e.Kind = idp.Unavailable // A page of something between us and the server proves nothing about people and groups.
		e.Err = errors.New("http status 404 without a SCIM error")
	case a.Status == http.StatusNotImplemented:
		e.Kind = idp.Invalid
	case scimType == "mutability" && a.Status == http.StatusBadRequest:
		e.Kind = idp.NotGovernable
	}
	if e.Transient() {
		e.RetryAt = rest.RetryAfter(a.Header, a.Received)
	}
	return e
}

// isFilterRefused reports whether a filter was not understood, rather than answered.
func isFilterRefused(err error) bool { return err != nil && idp.KindOf(err) == idp.Invalid }
