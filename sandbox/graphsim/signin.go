package graphsim

import (
	"fmt"
	"time"
)

// retention is how long the log of a tenant with a premium license goes back.
const retention = 30 * 24 * time.Hour

type signInRec struct {
	SignIn
	id string
}

func (s *Server) recordSignIn(e SignIn) {
	s.signIns = append(s.signIns, &signInRec{SignIn: e, id: s.newID()})
	u := s.userIDs[e.User]
	if u != nil && e.ErrorCode == 0 && (u.LastSignIn == nil || e.At.After(*u.LastSignIn)) {
		at := e.At
		u.LastSignIn = &at
	}
	s.bump()
}

func signIns() listing {
	known := map[string]bool{}
	for name := range signInJSON(&signInRec{}, &userRec{}, "") {
		known[name] = true
	}
	defaults := make([]string, 0, len(known))
	for name := range known {
		defaults = append(defaults, name)
	}
	return listing{
		context: "auditLogs/signIns", resource: "SignIn", known: known, defaults: defaults, top: 1000, most: 1000,
		filters: map[string]string{
			"id": "eq", "userId": "eq", "appId": "eq", "createdDateTime": "eq le ge", "status/errorCode": "eq", "userPrincipalName": "eq startswith",
			"userDisplayName": "eq startswith", "appDisplayName": "eq startswith", "ipAddress": "eq startswith", "clientAppUsed": "eq",
		},
	}
}

func signInJSON(e *signInRec, u *userRec, app string) map[string]any {
	var reason any
	if e.ErrorCode != 0 {
		reason = "Error validating credentials due to invalid username or password."
	}
	return map[string]any{
		"id": e.id, "createdDateTime": stampSeconds(e.At), "userDisplayName": u.DisplayName, "userPrincipalName": u.UserPrincipalName,
		"userId": e.User, "appId": e.AppID, "appDisplayName": app, "ipAddress": "192.0.2.7", "clientAppUsed": "Browser", "correlationId": e.id,
		"conditionalAccessStatus": "notApplied", "isInteractive": true, "riskDetail": "none", "riskLevelAggregated": "none",
		"resourceDisplayName": app, "resourceId": "00000003-0000-0000-c000-000000000000",
		"status": map[string]any{"errorCode": e.ErrorCode, "failureReason": reason, "additionalDetails": nil},
	}
}

// listSignIns shows the newest first. What is older than the retention is gone.
func (s *Server) listSignIns(q *request) reply {
	if s.cfg.NoPremium {
		return notPremium()
	}
	oldest := q.at.Add(-retention)
	var rows []row
	for _, e := range s.signIns {
		u := s.userIDs[e.User]
		if u == nil || e.At.Before(oldest) || e.At.After(q.at) {
			continue
		}
		app := ""
		if a := s.appByAppID(e.AppID); a != nil {
			app = a.DisplayName
		}
		rows = append(rows, row{key: fmt.Sprintf("%020d %s", 1<<62-e.At.UnixNano()/2, e.id), value: func() map[string]any { return signInJSON(e, u, app) }})
	}
	return s.list(q, signIns(), sorted(rows))
}
