package jira

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"usher/access"
)

// Account finds the account with exactly this e-mail address. It is empty if there is none, if its owner hides the
// address from the bot, if it is inactive or not a person's, if several accounts show the same address, or if Jira does not
// let the bot look up people at all. What Jira says is believed for a while.
func (t *Tracker) Account(ctx context.Context, email string) (access.AccountID, error) {
	email = strings.TrimSpace(email)
	if email == "" {
		return "", nil
	}
	if known, ok := t.cache.account(email, t.cfg.Now()); ok {
		return known, nil
	}
	var people []struct {
		AccountID string `json:"accountId"`
		Type      string `json:"accountType"`
		Email     string `json:"emailAddress"`
		Active    bool   `json:"active"`
	}
	// Jira matches prefixes of names too, hence the comparison below. The encoding of the query matters: a bare plus
	// sign would arrive as a space.
	q := query{op: "find account", method: http.MethodGet, path: "user/search", values: url.Values{"query": {email}, "maxResults": {"50"}}}
	_, err := t.call(ctx, q, &people)
	if err == nil && people == nil {
		err = q.lost(errNotJira, true)
	}
	if denied(err, http.StatusForbidden) || err != nil && !transient(err) {
		t.log.WarnContext(ctx, "jira does not let the bot look up people", "err", err)
		return "", nil // An issue without the reporter's name beats no issue.
	}
	if err != nil {
		return "", err
	}
	var hit access.AccountID
	for _, p := range people {
		if !p.Active || p.Type != "atlassian" || !strings.EqualFold(p.Email, email) || p.AccountID == "" {
			continue
		}
		if hit != "" {
			hit = ""
			break
		}
		hit = access.AccountID(p.AccountID)
	}
	t.cache.setAccount(email, hit, t.cfg.Now())
	return hit, nil
}
