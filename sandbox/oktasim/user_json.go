package oktasim

import (
	"fmt"
	"time"
)

// userJSON shows a user as the API does. Lists give only a self link, single users a link for each thing that can be done.
func userJSON(u userState, base string, single bool) map[string]any {
	self := base + "/api/v1/users/" + u.ID
	links := map[string]any{"self": href(self)}
	if single {
		userLinks(u, self, links)
	}
	credentials := map[string]any{"provider": map[string]any{"type": "OKTA", "name": "OKTA"}}
	if !u.password.IsZero() {
		credentials["password"] = map[string]any{}
	}
	return map[string]any{
		"id": u.ID, "status": u.Status, "created": stamp(u.Created), "activated": orNull(u.activated),
		"statusChanged": orNull(u.statusChanged), "lastLogin": pointerOrNull(u.LastLogin),
		"lastUpdated": stamp(u.lastUpdated), "passwordChanged": orNull(u.password),
		"type": map[string]any{"id": userTypeID}, "profile": profileJSON(u), "credentials": credentials, "_links": links,
	}
}

// userTypeID is the id of the default user type.
const userTypeID = "oty00000000000000000"

// profileJSON shows unset base attributes as null where the schema lets them be null, and leaves the others out.
func profileJSON(u userState) map[string]any {
	p := map[string]any{
		"login": u.Login, "email": u.Email, "firstName": textOrNull(u.First), "lastName": textOrNull(u.Last),
		"mobilePhone": nil, "secondEmail": nil,
		"title": textOrNull(u.Title), "manager": textOrNull(u.Manager), "managerId": textOrNull(u.ManagerID),
	}
	if u.DisplayName != "" {
		p["displayName"] = u.DisplayName
	}
	if u.Department != "" {
		p["department"] = u.Department
	}
	for k, v := range u.Custom {
		p[k] = v
	}
	return p
}

func userLinks(u userState, self string, links map[string]any) {
	act := func(name, path string) {
		links[name] = map[string]any{"href": self + path, "method": "POST"}
	}
	switch u.Status {
	case StatusActive:
		act("suspend", "/lifecycle/suspend")
		act("deactivate", "/lifecycle/deactivate")
		act("resetPassword", "/lifecycle/reset_password")
		act("expirePassword", "/lifecycle/expire_password")
	case StatusSuspended:
		act("unsuspend", "/lifecycle/unsuspend")
		act("deactivate", "/lifecycle/deactivate")
	case StatusStaged, StatusDeprovisioned:
		act("activate", "/lifecycle/activate")
	default:
		act("deactivate", "/lifecycle/deactivate")
	}
}

func href(url string) map[string]any { return map[string]any{"href": url} }

func orNull(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return stamp(t)
}

func pointerOrNull(t *time.Time) any {
	if t == nil {
		return nil
	}
	return stamp(*t)
}

func textOrNull(text string) any {
	if text == "" {
		return nil
	}
	return text
}

func itoa(n int) string { return fmt.Sprint(n) }
