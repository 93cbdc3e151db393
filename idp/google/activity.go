package google

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"usher/idp"
	"usher/idp/rest"
)

// reportRetention is how long Google keeps its reports.
const reportRetention = 180 * 24 * time.Hour

// use is where and how the use of an app is reported.
type use struct {
	report    string   // the report's name
	events    []string // that count as use
	parameter string   // that names the app
	app       string
}

// useOf reads the id of an app: "saml:" and the name of a SAML app as the report shows it, or "oauth:" and a client id. Without
// one of these beginnings an id that looks like Google's client ids is one, and any other the name of a SAML app.
func useOf(app string) (use, bool) {
	kind, id, found := strings.Cut(app, ":")
	if !found || kind != "saml" && kind != "oauth" {
		kind, id = "saml", app
		if strings.HasSuffix(app, ".apps.googleusercontent.com") {
			kind = "oauth"
		}
	}
	if strings.TrimSpace(id) == "" || len(id) > 300 || strings.ContainsFunc(id, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return use{}, false
	}
	if kind == "oauth" {
		return use{report: "token", events: []string{"activity", "authorize"}, parameter: "client_id", app: id}, true
	}
	return use{report: "saml", events: []string{"login_success"}, parameter: "application_name", app: id}, true
}

// activityRow is the part of a report's line that is read.
type activityRow struct {
	ID struct {
		Time time.Time `json:"time"`
	} `json:"id"`
	Actor struct {
		ProfileID string `json:"profileId"`
	} `json:"actor"`
	Events []struct {
		Name       string `json:"name"`
		Parameters []struct {
			Name  string `json:"name"`
			Value string `json:"value"`
		} `json:"parameters"`
	} `json:"events"`
}

// LastUse returns the last sign-on of the user, or of anybody if the user is empty, to a SAML app, or the last use of an OAuth
// client, within the last 180 days; Google keeps no more. Reports are late by minutes to hours and not complete. The form of app
// is "saml:Name" or "oauth:client id". It needs the scope admin.reports.audit.readonly, which nothing asks for yet: Google does
// not tell which apps a group opens.
func (p *Provider) LastUse(ctx context.Context, app string, user idp.UserID, since time.Time) (time.Time, error) {
	const op = "read last use"
	who := "all"
	if user != "" {
		if !isUserID(user) {
			return time.Time{}, notAnID(op, idp.UserNotFound)
		}
		who = string(user)
	}
	u, fine := useOf(app)
	if !fine {
		return time.Time{}, &idp.Error{Kind: idp.Invalid, Op: op, Err: errors.New("not the name of a SAML app or the id of an OAuth client")}
	}
	until := p.cfg.Now().UTC()
	if oldest := until.Add(-reportRetention); since.Before(oldest) {
		since = oldest
	}
	if !since.Before(until) {
		return time.Time{}, nil
	}
	query := url.Values{"startTime": {since.UTC().Format(time.RFC3339Nano)}, "endTime": {until.Format(time.RFC3339Nano)}, "maxResults": {"1000"}}
	if len(u.events) == 1 {
		query.Set("eventName", u.events[0])
	}
	// A name with one of these signs would be another question; then all apps are read and compared here.
	if !strings.ContainsAny(u.app, `,<>=\"`) {
		query.Set("filters", u.parameter+"=="+u.app)
	}
	ask := rest.Request{
		Op: op, Scope: scopeReports, Method: http.MethodGet, Missing: idp.UserNotFound, Lane: laneReports,
		URL: at(p.at.admin, "/admin/reports/v1/activity/users/", query, who, "applications", u.report),
	}
	var last time.Time
	err := p.pages(ctx, ask, func(a *rest.Answer) (string, error) {
		var page struct {
			Kind  string        `json:"kind"`
			Items []activityRow `json:"items"`
			Next  string        `json:"nextPageToken"`
		}
		if err := a.Decode(op, &page); err != nil {
			return "", err
		}
		if !strings.HasSuffix(page.Kind, "reports#activities") {
			return "", a.Odd(op, "the answer is no report")
		}
		for _, row := range page.Items {
			if (user == "" || row.Actor.ProfileID == string(user)) && row.ID.Time.After(last) && u.seenIn(row) {
				last = row.ID.Time
			}
		}
		return page.Next, nil
	})
	if err != nil || last.Before(since) {
		return time.Time{}, err
	}
	return last, nil
}

// seenIn looks again at what the filter asked for.
func (u use) seenIn(row activityRow) bool {
	for _, e := range row.Events {
		counts := false
		for _, name := range u.events {
			counts = counts || e.Name == name
		}
		if !counts {
			continue
		}
		for _, param := range e.Parameters {
			if param.Name == u.parameter && param.Value == u.app {
				return true
			}
		}
	}
	return false
}
