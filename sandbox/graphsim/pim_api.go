package graphsim

import (
	"net/http"
	"strings"
	"time"
)

// shortest is the least time that PIM gives a membership.
const shortest = 5 * time.Minute

func pimRoutes() []route {
	base := "/v1.0/identityGovernance/privilegedAccess/group/"
	return []route{
		{name: "pim.request", method: http.MethodPost, path: base + "assignmentScheduleRequests", roles: []string{PIMWrite}, serve: (*Server).requestSchedule},
		{name: "pim.instances", method: http.MethodGet, path: base + "assignmentScheduleInstances", roles: []string{PIMWrite, PIMRead}, serve: (*Server).listInstances},
	}
}

func needsGovernance() reply {
	return refuse(http.StatusBadRequest, "AadPremiumLicenseRequired", "The tenant needs to have Microsoft Entra ID P2 or Microsoft Entra ID Governance license.")
}

// scheduleRequest is the body of a request.
type scheduleRequest struct {
	AccessID      string `json:"accessId"`
	Action        string `json:"action"`
	PrincipalID   string `json:"principalId"`
	GroupID       string `json:"groupId"`
	Justification string `json:"justification"`
	ScheduleInfo  *struct {
		Start      *time.Time `json:"startDateTime"`
		Expiration struct {
			Type string     `json:"type"`
			End  *time.Time `json:"endDateTime"`
		} `json:"expiration"`
	} `json:"scheduleInfo"`
}

func (s *Server) requestSchedule(q *request) reply {
	var body scheduleRequest
	if rep, valid := q.decode(&body); !valid {
		return rep
	}
	if s.cfg.NoGovernance {
		return needsGovernance()
	}
	g, u := s.group(body.GroupID), s.userByID(body.PrincipalID)
	switch {
	case body.AccessID != "member":
		return refuse(http.StatusBadRequest, "InvalidAccessId", "The access id is invalid.")
	case g == nil:
		return refuse(http.StatusNotFound, "ResourceNotFound", "The resource is not found.")
	case u == nil:
		return refuse(http.StatusBadRequest, "SubjectNotFound", "The subject is not found.")
	case g.Dynamic || g.Synced:
		return refuse(http.StatusBadRequest, "ResourceTypeNotSupported", "The group is not supported: dynamic and on-premises groups cannot be managed.")
	}
	_, is := g.members[u.ID]
	if body.Action == "adminRemove" {
		return s.endSchedule(q, g, u, body)
	}
	switch {
	case body.Action == "adminAssign" && is && g.managed:
		return refuse(http.StatusBadRequest, "RoleAssignmentExists", "The Role assignment already exists.")
	case body.Action == "adminUpdate" && (!is || !g.managed):
		return refuse(http.StatusBadRequest, "RoleAssignmentDoesNotExist", "The Role assignment does not exist.")
	case body.Action != "adminAssign" && body.Action != "adminUpdate":
		return refuse(http.StatusBadRequest, "InvalidRoleAssignmentRequest", "The role assignment request is invalid.")
	}
	end, rep := body.end(q.at)
	if rep.fail != nil {
		return rep
	}
	g.managed = true
	plan := schedule{id: g.ID + "_member_" + s.newID(), start: q.at, end: end}
	s.joinGroup(g, u.ID, plan, q.who.ID)
	return s.granted(q, g, u, body, plan)
}

// end reads when the membership is to end; the zero time means never.
func (b scheduleRequest) end(now time.Time) (time.Time, reply) {
	invalid := refuse(http.StatusBadRequest, "InvalidRoleAssignmentRequest", "The role assignment request is invalid.")
	if b.ScheduleInfo == nil {
		return time.Time{}, invalid
	}
	switch e := b.ScheduleInfo.Expiration; {
	case strings.EqualFold(e.Type, "noExpiration"):
		return time.Time{}, reply{}
	case !strings.EqualFold(e.Type, "afterDateTime") || e.End == nil:
		return time.Time{}, invalid
	case e.End.Sub(now) < shortest:
		return time.Time{}, refuse(http.StatusBadRequest, "ActiveDurationTooShort", "The Active duration is too short. Miniumum Required is 5 minutes.")
	default:
		return e.End.UTC(), reply{}
	}
}

func (s *Server) endSchedule(q *request, g *groupRec, u *userRec, body scheduleRequest) reply {
	plan, is := g.members[u.ID]
	switch {
	case !is:
		return refuse(http.StatusBadRequest, "RoleAssignmentDoesNotExist", "The Role assignment does not exist.")
	case !plan.start.IsZero() && q.at.Sub(plan.start) < shortest:
		return refuse(http.StatusBadRequest, "ActiveDurationTooShort", "The Active duration is too short. Miniumum Required is 5 minutes.")
	}
	s.leaveGroup(g, u.ID, q.who.ID)
	return s.granted(q, g, u, body, plan)
}

func (s *Server) granted(q *request, g *groupRec, u *userRec, body scheduleRequest, plan schedule) reply {
	status, expiration := "Provisioned", map[string]any{"type": "noExpiration", "endDateTime": nil, "duration": nil}
	if !plan.end.IsZero() {
		expiration = map[string]any{"type": "afterDateTime", "endDateTime": stampSeconds(plan.end), "duration": nil}
	}
	if body.Action == "adminRemove" {
		status = "Revoked"
	}
	return reply{status: http.StatusCreated, changed: true, body: map[string]any{
		"@odata.context": s.url(q.Request) + "/v1.0/$metadata#identityGovernance/privilegedAccess/group/assignmentScheduleRequests/$entity",
		"id":             s.newID(), "status": status, "createdDateTime": stamp(q.at), "completedDateTime": stamp(q.at), "approvalId": nil, "customData": nil,
		"createdBy": map[string]any{"user": map[string]any{"id": q.who.objectID}}, "action": body.Action, "isValidationOnly": false,
		"justification": orNull(body.Justification), "accessId": "member", "principalId": u.ID, "groupId": g.ID, "targetScheduleId": orNull(plan.id),
		"scheduleInfo": map[string]any{"startDateTime": stamp(q.at), "recurrence": nil, "expiration": expiration},
		"ticketInfo":   map[string]any{"ticketNumber": nil, "ticketSystem": nil},
	}}
}

func instances() listing {
	names := []string{"id", "principalId", "accessId", "groupId", "startDateTime", "endDateTime", "assignmentType", "memberType", "assignmentScheduleId"}
	known := map[string]bool{}
	for _, name := range names {
		known[name] = true
	}
	return listing{
		context: "identityGovernance/privilegedAccess/group/assignmentScheduleInstances", resource: "PrivilegedAccessGroupAssignmentScheduleInstance",
		known: known, defaults: names, top: 100, most: 999,
		filters: map[string]string{"groupId": "eq", "principalId": "eq", "accessId": "eq", "memberType": "eq"},
	}
}

// listInstances shows the direct members of the groups that PIM manages. Those whom it did not make have neither beginning nor end.
func (s *Server) listInstances(q *request) reply {
	if s.cfg.NoGovernance {
		return needsGovernance()
	}
	text := q.query.Get("$filter")
	if !strings.Contains(text, "groupId eq") && !strings.Contains(text, "principalId eq") {
		return refuse(http.StatusBadRequest, "MissingFilter", "The request must be filtered by groupId or principalId.")
	}
	var rows []row
	for _, g := range s.groups {
		if g.deleted || !g.managed {
			continue
		}
		for _, id := range g.memberIDs() {
			plan := g.members[id]
			name := plan.id
			if name == "" {
				name = g.ID + "_member_" + id
			}
			value := map[string]any{
				"id": name, "principalId": id, "accessId": "member", "groupId": g.ID, "startDateTime": timeOrNull(plan.start), "endDateTime": timeOrNull(plan.end),
				"assignmentType": "assigned", "memberType": "direct", "assignmentScheduleId": name,
			}
			rows = append(rows, row{key: name, value: func() map[string]any { return value }})
		}
	}
	return s.list(q, instances(), sorted(rows))
}

func timeOrNull(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return stampSeconds(t)
}
