package entra

import (
	"context"
	"errors"
	"net/url"
	"time"

	"usher/idp"
)

// logRetention is how long the sign-in log keeps events with a P1 or P2 license.
// Source: learn.microsoft.com/entra/identity/monitoring-health/reference-reports-data-retention.
const logRetention = 30 * 24 * time.Hour

// signInRow is the part of a sign-in that is read.
type signInRow struct {
	At     time.Time `json:"createdDateTime"`
	UserID string    `json:"userId"`
	AppID  string    `json:"appId"`
	Status *struct {
		Code int `json:"errorCode"`
	} `json:"status"`
}

// LastUse returns the last successful interactive sign-in of the user, or of anybody if the user is empty, to the app (its
// application id) within the last 30 days; the log holds no more. An app that lives on refresh tokens signs in seldom and can look
// unused. The log has the smallest limit of all, five calls in ten seconds, and needs AuditLog.Read.All and Entra ID P1.
func (p *Provider) LastUse(ctx context.Context, app string, user idp.UserID, since time.Time) (time.Time, error) {
	const op = "read last use"
	if user != "" && !isGUID(string(user)) {
		return time.Time{}, notAnID(op, idp.UserNotFound)
	}
	if !isGUID(app) {
		return time.Time{}, &idp.Error{Kind: idp.Invalid, Op: op, Err: errors.New("not an application id")}
	}
	until := p.cfg.Now().UTC()
	if oldest := until.Add(-logRetention); since.Before(oldest) {
		since = oldest
	}
	if !since.Before(until) {
		return time.Time{}, nil
	}
	filter := "appId eq " + quote(app) + " and status/errorCode eq 0 and createdDateTime ge " + since.UTC().Format(time.RFC3339)
	if user != "" {
		filter += " and userId eq " + quote(string(user))
	}
	var last time.Time
	c := call{op: op, path: "/auditLogs/signIns", class: reports, query: url.Values{"$filter": {filter}, "$top": {"10"}}}
	err := pages(ctx, p, c, func(rows []signInRow) (bool, error) {
		for _, row := range rows {
			if (user == "" || row.UserID == string(user)) && row.AppID == app && row.Status != nil && row.Status.Code == 0 && row.At.After(last) {
				last = row.At
			}
		}
		return last.IsZero(), nil // newest first, so the first page with a use has the last one
	})
	if err != nil {
		return time.Time{}, err
	}
	return last, nil
}
