package jirasim

// Permission keys that the simulator checks, as mypermissions names them.
const (
	permBrowse         = "BROWSE_PROJECTS"
	permCreate         = "CREATE_ISSUES"
	permEdit           = "EDIT_ISSUES"
	permDelete         = "DELETE_ISSUES"
	permTransition     = "TRANSITION_ISSUES"
	permAssign         = "ASSIGN_ISSUES"
	permAssignable     = "ASSIGNABLE_USER"
	permReporter       = "MODIFY_REPORTER"
	permLink           = "LINK_ISSUES"
	permComment        = "ADD_COMMENTS"
	permEditComments   = "EDIT_ALL_COMMENTS"
	permEditOwn        = "EDIT_OWN_COMMENTS"
	permDeleteComments = "DELETE_ALL_COMMENTS"
	permDeleteOwn      = "DELETE_OWN_COMMENTS"
	permWatchers       = "MANAGE_WATCHERS"
	permSeeWatchers    = "VIEW_VOTERS_AND_WATCHERS"
	permProjectAdmin   = "ADMINISTER_PROJECTS"
	permAdmin          = "ADMINISTER"
	permUsers          = "USER_PICKER"
)

type permission struct {
	id, key, name, about, kind string
}

// permissions lists what mypermissions knows, in the order of their ids.
func permissions() []permission {
	const project, global = "PROJECT", "GLOBAL"
	return []permission{
		{"0", permAdmin, "Administer Jira", "Create and administer projects, issue types, fields, workflows, and schemes for all projects.", global},
		{"10", permBrowse, "Browse Projects", "Ability to browse projects and the issues within them.", project},
		{"11", permCreate, "Create Issues", "Ability to create issues.", project},
		{"12", permEdit, "Edit Issues", "Ability to edit issues.", project},
		{"13", permAssign, "Assign Issues", "Ability to assign issues to other people.", project},
		{"15", permComment, "Add Comments", "Ability to comment on issues.", project},
		{"16", permDelete, "Delete Issues", "Ability to delete issues.", project},
		{"17", permAssignable, "Assignable User", "Users with this permission may be assigned to issues.", project},
		{"21", permLink, "Link Issues", "Ability to link issues together and create linked issues.", project},
		{"23", permProjectAdmin, "Administer Projects", "Ability to administer a project in Jira.", project},
		{"27", permUsers, "Browse users and groups", "View and select users or groups from the user picker.", global},
		{"30", permReporter, "Modify Reporter", "Ability to modify the reporter when creating or editing an issue.", project},
		{"31", permSeeWatchers, "View Voters and Watchers", "Ability to view the voters and watchers of an issue.", project},
		{"32", permWatchers, "Manage Watchers", "Ability to manage the watchers of an issue.", project},
		{"34", permEditComments, "Edit All Comments", "Ability to edit all comments made on issues.", project},
		{"35", permEditOwn, "Edit Own Comments", "Ability to edit own comments made on issues.", project},
		{"36", permDeleteComments, "Delete All Comments", "Ability to delete all comments made on issues.", project},
		{"37", permDeleteOwn, "Delete Own Comments", "Ability to delete own comments made on issues.", project},
		{"46", permTransition, "Transition Issues", "Ability to transition issues.", project},
	}
}

// PermissionKeys lists every permission key that an account can hold here; an account with all of them is an administrator.
func PermissionKeys() []string {
	var keys []string
	for _, p := range permissions() {
		keys = append(keys, p.key)
	}
	return keys
}

// BotPermissions lists what an account needs that files and follows issues for other people, without being an administrator.
func BotPermissions() []string {
	return []string{
		permBrowse, permCreate, permEdit, permTransition, permAssign, permAssignable, permReporter, permLink,
		permComment, permEditOwn, permDeleteOwn, permWatchers, permSeeWatchers, permUsers,
	}
}

func memberPermissions() []string {
	return []string{
		permBrowse, permCreate, permEdit, permTransition, permAssign, permAssignable, permLink,
		permComment, permEditOwn, permDeleteOwn, permSeeWatchers, permUsers,
	}
}

// has says whether the caller holds a permission. Anonymous callers hold none.
func (c *call) has(key string) bool {
	return c.who != nil && c.who.perms[key]
}

// SetPermission gives or takes one permission of an account, as an administrator would in the permission scheme.
// An unknown account is an error.
func (s *Server) SetPermission(accountID, key string, have bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	a, err := s.account(accountID)
	if err != nil {
		return err
	}
	a.perms[key] = have
	s.news.tell()
	return nil
}

func (c *call) myPermissions() (reply, error) {
	asked := splitList(c.query["permissions"])
	if len(asked) == 0 {
		return reply{}, refuse(400, "The 'permissions' query parameter is required.")
	}
	if key := c.query.Get("projectKey"); key != "" {
		if _, err := c.projectFor(key); err != nil {
			return reply{}, err
		}
	}
	for _, param := range []string{"issueKey", "issueId"} {
		if key := c.query.Get(param); key != "" {
			if _, err := c.issueFor(key); err != nil {
				return reply{}, err
			}
		}
	}
	out := object{}
	for _, key := range asked {
		p, ok := permissionByKey(key)
		if !ok {
			return reply{}, refuse(400, "Unrecognized permission: "+key)
		}
		out[key] = object{
			"id": p.id, "key": p.key, "name": p.name, "type": p.kind, "description": p.about, "havePermission": c.has(key),
		}
	}
	return ok(object{"permissions": out}), nil
}

func permissionByKey(key string) (permission, bool) {
	for _, p := range permissions() {
		if p.key == key {
			return p, true
		}
	}
	return permission{}, false
}
