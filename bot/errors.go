package bot

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"

	"github.com/slack-go/slack"

	"usher/access"
)

// code is Slack's word for what went wrong; empty when there is none.
func code(err error) string {
	var e slack.SlackErrorResponse
	if errors.As(err, &e) {
		return e.Err
	}
	return ""
}

// hopeless explains the errors that no waiting mends; empty for all others.
func hopeless(err error) string {
	c := code(err)
	var e slack.SlackErrorResponse
	errors.As(err, &e)
	switch c {
	case "missing_scope":
		return "the app lacks the scope " + orWord(e.Needed, "(unnamed)") + "; update the app from manifest.yml and install it again"
	case "invalid_auth", "not_authed":
		return "Slack does not know this token; copy it again from the app's settings"
	case "token_revoked", "token_expired":
		return "the token was revoked or has expired; install the app again and copy the new token"
	case "account_inactive":
		return "the bot's account or the workspace is deactivated"
	case "not_allowed_token_type":
		return "the bot token (xoxb-…) and the app-level token (xapp-…) seem to be exchanged"
	case "no_permission", "org_login_required", "ekm_access_denied", "team_access_not_granted":
		return "the workspace does not let the app in (" + c + "); ask a workspace admin"
	case "invalid_app_id", "app_not_found":
		return "the app does not exist any more"
	}
	return ""
}

// translate turns an error of slack-go into the core's. write says that the call changes something, so that an answer
// that never came leaves open whether it did.
func translate(op string, err error, write bool) error {
	if err == nil {
		return nil
	}
	t := &access.TargetError{Target: access.TargetSlack, Op: op, Err: safeCause(err)}
	var limited *slack.RateLimitedError
	var status slack.StatusCodeError
	var network net.Error
	switch c := code(err); {
	case errors.As(err, &limited):
		t.Transient, t.RetryAfter = true, limited.RetryAfter
	case errors.As(err, &status):
		t.Transient = !tooMuch(status.Code)
		t.Sent = write && status.Code >= 500
	case c != "":
		t.Transient = passing(c)
		t.Only = t.Transient && c == "hash_conflict"
		t.Sent = write && (c == "internal_error" || c == "fatal_error" || c == "request_timeout")
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded), errors.As(err, &network):
		t.Transient, t.Sent = true, write && !refused(err)
	default: // An answer that cannot be read.
		t.Transient, t.Sent = true, write
	}
	return t
}

// tooMuch reports that a status is about what was sent. Slack says what it refuses with 200 and a code, so any other status is of
// something on the way, such as a proxy, and says nothing about the message.
func tooMuch(status int) bool {
	switch status {
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusRequestURITooLong, http.StatusUnprocessableEntity:
		return true
	}
	return false
}

// passing tells Slack's errors that may be over later from those that are not. Unknown ones count as lasting, or a message
// that Slack will never take would be sent for ever.
func passing(c string) bool {
	switch c {
	case "ratelimited", "rate_limited", "internal_error", "fatal_error", "service_unavailable", "request_timeout",
		"team_added_to_org", "hash_conflict", "accesslimited",
		// These need a person, who may well come; giving up would lose the message.
		"missing_scope", "invalid_auth", "not_authed", "token_revoked", "token_expired", "account_inactive",
		"not_allowed_token_type", "messages_tab_disabled",
		"access_denied", "no_permission", "org_login_required", "ekm_access_denied", "team_access_not_granted":
		return true
	}
	return false
}

// refused reports that no connection was made at all, so nothing was sent.
func refused(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial"
}

// safeCause keeps what is safe to log: Slack's codes and the network's words, but no address with a ticket in it and no
// text that people typed.
func safeCause(err error) error {
	var e slack.SlackErrorResponse
	if errors.As(err, &e) {
		text := e.Err
		if e.Needed != "" {
			text += " (needs " + e.Needed + ")"
		}
		for i, m := range e.ResponseMetadata.Messages {
			if i == 3 {
				break
			}
			text += "; " + cut(line(m), 200)
		}
		return errors.New(text)
	}
	s := err.Error()
	if strings.Contains(s, "xoxb-") || strings.Contains(s, "xapp-") || strings.Contains(s, "ticket=") {
		return fmt.Errorf("%T", err)
	}
	return err
}
