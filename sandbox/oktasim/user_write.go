package oktasim

import (
	"maps"
	"net/http"
	"sort"
	"time"
)

// knownAttribute tells whether the user schema of this organization has the attribute: the base schema and whatever custom attributes were seeded.
func (s *Server) knownAttribute(name string) bool {
	if oneOf(name, "login", "email", "firstName", "lastName", "displayName", "title", "department", "managerId", "manager",
		"mobilePhone", "secondEmail", "middleName", "honorificPrefix", "honorificSuffix", "nickName", "profileUrl", "primaryPhone",
		"streetAddress", "city", "state", "zipCode", "countryCode", "postalAddress", "preferredLanguage", "locale", "timezone",
		"userType", "employeeNumber", "costCenter", "organization", "division") {
		return true
	}
	for _, u := range s.cfg.Users {
		if _, found := u.Custom[name]; found {
			return true
		}
	}
	return false
}

// applyProfile writes attributes into a user; the causes name those that cannot be.
func (s *Server) applyProfile(u *userState, profile map[string]any) (causes []string) {
	custom := maps.Clone(u.Custom)
	if custom == nil {
		custom = map[string]any{}
	}
	fields := map[string]*string{
		"login": &u.Login, "email": &u.Email, "firstName": &u.First, "lastName": &u.Last, "displayName": &u.DisplayName,
		"title": &u.Title, "department": &u.Department, "managerId": &u.ManagerID, "manager": &u.Manager,
	}
	for name, value := range profile {
		field, base := fields[name]
		text, isText := value.(string)
		switch {
		case base && (isText || value == nil):
			*field = text
		case base:
			causes = append(causes, name+": Property name and value type mismatch")
		case s.knownAttribute(name):
			custom[name] = value
		default:
			causes = append(causes, name+": The property is not defined in the user schema")
		}
	}
	for _, name := range []string{"login", "email", "firstName", "lastName"} {
		if *fields[name] == "" {
			causes = append(causes, name+": The field cannot be left blank")
		}
	}
	if other := s.userByLogin(u.Login); other != nil && other.ID != u.ID {
		causes = append(causes, "login: An object with this field already exists in the current organization")
	}
	u.Custom = custom
	sort.Strings(causes)
	return causes
}

type userBody struct {
	Profile     map[string]any `json:"profile"`
	Credentials struct {
		Password map[string]any `json:"password"`
	} `json:"credentials"`
	GroupIDs []string `json:"groupIds"`
}

// createUser activates unless activate=false; with a password the user is ACTIVE at once, without one PROVISIONED.
func (s *Server) createUser(q *request) reply {
	var body userBody
	if rep, decoded := q.decode(&body); !decoded {
		return rep
	}
	for _, id := range body.GroupIDs {
		g := s.group(id)
		if g == nil {
			return notFound(id, "UserGroup")
		}
		if !s.changeable(g, q.who) {
			return forbidden()
		}
	}
	st := userState{User: User{ID: s.newID("00u"), Status: StatusStaged, Created: q.at}, statusChanged: q.at}
	if causes := s.applyProfile(&st, body.Profile); len(causes) > 0 {
		return invalid("login", causes...)
	}
	if body.Credentials.Password != nil {
		st.password = q.at
	}
	u := &userRec{userState: st}
	s.addUser(u)
	s.touchUser(u)
	s.recordUserEvent(q, "user.lifecycle.create", "Create okta user", u)
	if q.query.Get("activate") != "false" {
		s.activate(q, u)
	}
	for _, id := range body.GroupIDs {
		s.add(s.group(id), u, s.byToken(q))
	}
	s.applyRules(u)
	return changedTo(userJSON(u.userState, s.url(q.Request), true))
}

// updateUser changes the attributes named and leaves the others alone.
func (s *Server) updateUser(q *request) reply {
	u := s.findUser(q, q.vars[0])
	if u == nil {
		return notFound(q.vars[0], "User")
	}
	var body userBody
	if rep, decoded := q.decode(&body); !decoded {
		return rep
	}
	if u.Status == StatusDeprovisioned {
		return wrongStatus()
	}
	st := u.userState
	if causes := s.applyProfile(&st, body.Profile); len(causes) > 0 {
		return invalid("profile", causes...)
	}
	u.userState = st
	s.touchUser(u)
	s.recordUserEvent(q, "user.account.update_profile", "Update user profile for Okta", u)
	s.applyRules(u)
	return changedTo(userJSON(u.userState, s.url(q.Request), true))
}

// deleteUser deactivates at the first call and deletes a user who is DEPROVISIONED.
func (s *Server) deleteUser(q *request) reply {
	u := s.findUser(q, q.vars[0])
	if u == nil {
		return notFound(q.vars[0], "User")
	}
	if u.Status != StatusDeprovisioned {
		s.deactivate(q, u)
		return noContent(true)
	}
	s.dropUser(u, s.byToken(q))
	s.recordUserEvent(q, "user.lifecycle.delete.initiated", "Delete Okta user", u)
	return noContent(true)
}

func (s *Server) dropUser(u *userRec, by actor) {
	for _, g := range s.liveGroups() {
		if _, in := g.members[u.ID]; in {
			s.remove(g, u, by)
		}
	}
	u.deleted = s.clock()
	s.touchUser(u)
}

func (s *Server) activate(q *request, u *userRec) {
	status := StatusProvisioned
	if !u.password.IsZero() {
		status = StatusActive
	}
	s.setStatus(u, status)
	s.recordUserEvent(q, "user.lifecycle.activate", "Activate Okta user", u)
}

func (s *Server) activateUser(q *request) reply {
	u := s.findUser(q, q.vars[0])
	if u == nil {
		return notFound(q.vars[0], "User")
	}
	if u.Status != StatusStaged && u.Status != StatusDeprovisioned {
		return alreadyActive()
	}
	s.activate(q, u)
	s.applyRules(u)
	if q.query.Get("sendEmail") == "false" {
		token := s.newID("XE6")
		return changedTo(map[string]any{"activationUrl": s.url(q.Request) + "/welcome/" + token, "activationToken": token})
	}
	return changedTo(map[string]any{})
}

// deactivate leaves the memberships as they are: the vendor keeps deactivated users in their groups.
func (s *Server) deactivate(q *request, u *userRec) {
	u.password = time.Time{}
	s.setStatus(u, StatusDeprovisioned)
	s.recordUserEvent(q, "user.lifecycle.deactivate", "Deactivate Okta user", u)
}

func (s *Server) deactivateUser(q *request) reply {
	u := s.findUser(q, q.vars[0])
	if u == nil {
		return notFound(q.vars[0], "User")
	}
	if u.Status == StatusDeprovisioned {
		return wrongStatus()
	}
	s.deactivate(q, u)
	return changedTo(map[string]any{})
}

func (s *Server) suspendUser(q *request) reply {
	u := s.findUser(q, q.vars[0])
	if u == nil {
		return notFound(q.vars[0], "User")
	}
	if u.Status != StatusActive {
		return invalid("suspendUser", "Cannot suspend a user that is not active")
	}
	s.setStatus(u, StatusSuspended)
	s.recordUserEvent(q, "user.lifecycle.suspend", "Suspend Okta user", u)
	return reply{status: http.StatusOK, body: map[string]any{}, changed: true}
}

func (s *Server) unsuspendUser(q *request) reply {
	u := s.findUser(q, q.vars[0])
	if u == nil {
		return notFound(q.vars[0], "User")
	}
	if u.Status != StatusSuspended {
		return invalid("unsuspendUser", "Cannot unsuspend a user that is not suspended")
	}
	s.setStatus(u, StatusActive)
	s.recordUserEvent(q, "user.lifecycle.unsuspend", "Unsuspend Okta user", u)
	return changedTo(map[string]any{})
}
