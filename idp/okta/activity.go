package okta

import (
	"context"
	"errors"
	"time"

	"usher/idp"
)

const (
	// logRetention is how long the System Log keeps events. Asking for more than 180 days is an error there.
	logRetention = 90 * 24 * time.Hour
	logPage      = 20
)

// eventRow is the part of a log event that is read. The SDK's own type fails on some network numbers.
type eventRow struct {
	Published time.Time `json:"published"`
	EventType string    `json:"eventType"`
	Actor     struct {
		ID string `json:"id"`
	} `json:"actor"`
	Outcome struct {
		Result string `json:"result"`
	} `json:"outcome"`
	Target []struct {
		ID   string `json:"id"`
		Type string `json:"type"`
	} `json:"target"`
}

// LastUse returns the last successful single sign-on of the user, or of anybody if the user is empty, to the app (Okta's app id)
// within the last 90 days; the log holds no more. Events arrive late, so the last minutes may be missing. The log has the smallest rate limit of all.
func (p *Provider) LastUse(ctx context.Context, app string, user idp.UserID, since time.Time) (time.Time, error) {
	const op = "read last use"
	if user != "" && !isUserID(user) {
		return time.Time{}, notAnID(op, idp.UserNotFound)
	}
	if !isID(app) {
		return time.Time{}, &idp.Error{Kind: idp.Invalid, Op: op, Err: errors.New("not an Okta app id")}
	}
	until := p.cfg.Now()
	if oldest := until.Add(-logRetention); since.Before(oldest) {
		since = oldest
	}
	if !since.Before(until) {
		return time.Time{}, nil
	}
	// Both ends are given: without an end the log is a stream that always has a next page.
	filter := `eventType eq "user.authentication.sso" and outcome.result eq "SUCCESS" and target.id eq ` + quote(app)
	if user != "" {
		filter += ` and actor.id eq ` + quote(string(user))
	}
	var last time.Time
	err := pages(ctx, p, call{op: op, bucket: "GET logs", missing: idp.Invalid}, func(ctx context.Context, after string) error {
		r := p.api.SystemLogAPI.ListLogEvents(ctx).Since(since.UTC()).Until(until.UTC()).Filter(filter).SortOrder("DESCENDING").Limit(logPage)
		if after != "" {
			r = r.After(after)
		}
		_, _, err := r.Execute()
		return err
	}, func(rows []eventRow) bool {
		for _, row := range rows {
			if row.isUse(app, user) && row.Published.After(last) {
				last = row.Published
			}
		}
		return last.IsZero() // newest first, so the first page with a use has the last one
	})
	if err != nil {
		return time.Time{}, err
	}
	return last, nil
}

// isUse looks again at what the filter asked for: a filter on targets is met by any target of the event.
func (r eventRow) isUse(app string, user idp.UserID) bool {
	if r.EventType != "user.authentication.sso" || r.Outcome.Result != "SUCCESS" || user != "" && r.Actor.ID != string(user) {
		return false
	}
	for _, target := range r.Target {
		if target.Type == "AppInstance" && target.ID == app {
			return true
		}
	}
	return false
}
