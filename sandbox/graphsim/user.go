package graphsim

import (
	"strings"
	"time"
)

// userRec is a person with the sessions that were ended.
type userRec struct {
	User
	created  time.Time
	revoked  int
	purged   bool // not even in the deleted items any more
	revokeAt time.Time
}

func (u *userRec) live() bool { return !u.purged && u.Deleted.IsZero() }

func (s *Server) addUser(u User, created time.Time) {
	if u.UserType == "" {
		u.UserType = "Member"
	}
	if u.DisplayName == "" {
		u.DisplayName = strings.TrimSpace(u.GivenName + " " + u.Surname)
	}
	if len(u.ProxyAddresses) == 0 && u.Mail != "" {
		u.ProxyAddresses = []string{"SMTP:" + u.Mail}
	}
	rec := &userRec{User: u, created: created}
	s.users = append(s.users, rec)
	s.userIDs[strings.ToLower(u.ID)] = rec
	s.userNames[strings.ToLower(u.UserPrincipalName)] = rec
}

// userByID finds a person who is not deleted.
func (s *Server) userByID(id string) *userRec {
	if u := s.userIDs[strings.ToLower(id)]; u != nil && u.live() {
		return u
	}
	return nil
}

// userByKey also takes a userPrincipalName, as Graph does in paths.
func (s *Server) userByKey(key string) *userRec {
	if u := s.userByID(key); u != nil {
		return u
	}
	if u := s.userNames[strings.ToLower(key)]; u != nil && u.live() {
		return u
	}
	return nil
}

// rename gives a person another userPrincipalName.
func (s *Server) rename(u *userRec, name string) {
	delete(s.userNames, strings.ToLower(u.UserPrincipalName))
	u.UserPrincipalName = name
	s.userNames[strings.ToLower(name)] = u
}

// remove moves a person to the deleted items: the name is mangled, so that somebody else can have it, and all memberships end.
func (s *Server) remove(u *userRec, by string) {
	now := s.clock()
	u.Deleted = now
	s.rename(u, strings.ReplaceAll(u.ID, "-", "")+u.UserPrincipalName)
	for _, g := range s.groups {
		s.leaveGroup(g, u.ID, by)
	}
	for _, other := range s.users {
		if other.ManagerID == u.ID {
			other.ManagerID = ""
		}
	}
	s.bump()
}

// userJSON is every property that the simulator knows; the answer holds those that are selected.
func userJSON(u *userRec) map[string]any {
	proxies := make([]any, len(u.ProxyAddresses))
	for i, p := range u.ProxyAddresses {
		proxies[i] = p
	}
	v := map[string]any{
		"id": u.ID, "userPrincipalName": u.UserPrincipalName, "mail": orNull(u.Mail), "displayName": orNull(u.DisplayName),
		"givenName": orNull(u.GivenName), "surname": orNull(u.Surname), "jobTitle": orNull(u.JobTitle), "department": orNull(u.Department),
		"employeeId": orNull(u.EmployeeID), "employeeType": orNull(u.EmployeeType), "userType": u.UserType, "accountEnabled": !u.Disabled,
		"proxyAddresses": proxies, "createdDateTime": stampSeconds(u.created), "businessPhones": []any{}, "mobilePhone": nil,
		"officeLocation": nil, "preferredLanguage": nil, "companyName": nil, "deletedDateTime": nil, "onPremisesSyncEnabled": nil,
	}
	if !u.Deleted.IsZero() {
		v["deletedDateTime"] = stampSeconds(u.Deleted)
	}
	if u.LastSignIn != nil {
		at := stampSeconds(*u.LastSignIn)
		v["signInActivity"] = map[string]any{
			"lastSignInDateTime": at, "lastSignInRequestId": u.ID, "lastNonInteractiveSignInDateTime": nil, "lastNonInteractiveSignInRequestId": nil,
			"lastSuccessfulSignInDateTime": at, "lastSuccessfulSignInRequestId": u.ID,
		}
	}
	return v
}

// userDefaults are the properties of an answer without $select.
func userDefaults() []string {
	return []string{"businessPhones", "displayName", "givenName", "jobTitle", "mail", "mobilePhone", "officeLocation", "preferredLanguage", "surname", "userPrincipalName", "id"}
}

func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}
