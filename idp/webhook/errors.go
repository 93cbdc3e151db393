package webhook

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"usher/idp"
	"usher/idp/rest"
)

// failure is the body of a refusal.
type failure struct {
	Error  string `json:"error"`
	Reason string `json:"reason"`
}

// kindOfWord translates the receiver's word. The others are told by the status.
func kindOfWord(word string) (idp.Kind, bool) {
	switch kind := idp.Kind(word); kind {
	case idp.UserNotFound, idp.GroupNotFound, idp.NotGovernable, idp.UserNotAllowed, idp.Invalid, idp.Forbidden, idp.Unauthorized:
		return kind, true
	default:
		return "", false
	}
}

// judge translates an answer that is no success.
func judge(_ rest.Request, a *rest.Answer) *idp.Error {
	var f failure
	_ = json.Unmarshal(a.Body, &f) // A body that is not the receiver's says nothing.
	// A 404 without the receiver's word may come from something in between, and proves nothing.
	e := &idp.Error{Kind: rest.KindOfStatus(a.Status, idp.Unavailable), Code: a.Code(), Err: errors.New("the receiver refused without a word")}
	if kind, known := kindOfWord(f.Error); known && a.Status < http.StatusInternalServerError && a.Status != http.StatusTooManyRequests {
		refuse(e, kind, f)
	}
	if a.Status == http.StatusNotImplemented {
		e.Kind = idp.Invalid
	}
	if e.Transient() {
		e.RetryAt = rest.RetryAfter(a.Header, a.Received)
	}
	return e
}

// notDone tells whether the receiver does not answer such requests at all. Frameworks say that by a 404 or 405 without a word.
func notDone(err error) bool {
	switch codeOf(err) {
	case "HTTP 404", "HTTP 405", "HTTP 501", string(idp.GroupNotFound), string(idp.Invalid):
		return true
	}
	return false
}

func codeOf(err error) string {
	var e *idp.Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

// refuse fills in what the receiver says. Its reason is shown where the kind asks for one, and only if it is fit to be shown.
func refuse(e *idp.Error, kind idp.Kind, f failure) {
	e.Kind, e.Code, e.Err = kind, f.Error, errors.New("the receiver says so")
	if (kind == idp.NotGovernable || kind == idp.UserNotAllowed) && isSentence(f.Reason) {
		e.Err = errors.New(f.Reason)
	}
}

// isSentence accepts one line that begins with a capital, ends with a full stop, fits into a message and names no e-mail
// address.
func isSentence(s string) bool {
	first, _ := utf8.DecodeRuneInString(s)
	return unicode.IsUpper(first) && strings.HasSuffix(s, ".") && len(s) <= 250 && strings.Count(s, ". ") == 0 &&
		!strings.ContainsFunc(s, func(r rune) bool { return r == '@' || !unicode.IsPrint(r) })
}

// unfinished is the error for a change that was accepted and is not known to be done.
func unfinished(op string, a *rest.Answer, what string) *idp.Error {
	return &idp.Error{Kind: idp.Unavailable, Op: op, Code: "HTTP " + strconv.Itoa(a.Status), RetryAt: rest.RetryAfter(a.Header, a.Received), Err: errors.New(what)}
}
