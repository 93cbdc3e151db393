package graphsim

import (
	"crypto/x509"
	"fmt"
	"strings"
	"time"
)

// Application permissions that the routes of the simulator know, as they stand in the roles claim of a token.
const (
	UserRead            = "User.Read.All"
	UserReadWrite       = "User.ReadWrite.All"
	UserRevokeSessions  = "User.RevokeSessions.All"
	GroupMemberRead     = "GroupMember.Read.All"
	GroupMemberWrite    = "GroupMember.ReadWrite.All"
	GroupRead           = "Group.Read.All"
	GroupReadWrite      = "Group.ReadWrite.All"
	DirectoryRead       = "Directory.Read.All"
	DirectoryReadWrite  = "Directory.ReadWrite.All"
	RoleManagementWrite = "RoleManagement.ReadWrite.Directory"
	AuditLogRead        = "AuditLog.Read.All"
	ApplicationRead     = "Application.Read.All"
	ApplicationOwned    = "Application.ReadWrite.OwnedBy"
	ApplicationWrite    = "Application.ReadWrite.All"
	AppAssignmentWrite  = "AppRoleAssignment.ReadWrite.All"
	PIMWrite            = "PrivilegedAssignmentSchedule.ReadWrite.AzureADGroup"
	PIMRead             = "PrivilegedAssignmentSchedule.Read.AzureADGroup"
)

// Config is the tenant as it stands when the server starts. Ids are GUIDs; empty ids of people and groups are made up.
type Config struct {
	// Now is the clock behind every time that the API shows: tokens, limits, lags, expiry and the Date header. Nil means time.Now.
	Now func() time.Time
	// TenantID is a GUID. Empty: a fixed one.
	TenantID string
	Clients  []Client
	Users    []User
	Groups   []Group
	Apps     []App
	SignIns  []SignIn
	// NoPremium makes a tenant without Entra ID P1: sign-in data is refused.
	NoPremium bool
	// NoGovernance makes a tenant without P2 or Governance: PIM for Groups is refused.
	NoGovernance bool
	// Limits of the throttling; zero fields mean Graph's documented values.
	Limits Limits
	// MemberLag is how far reads of memberships trail behind writes, by Now. Zero means not at all.
	MemberLag time.Duration
	// IndexLag is the same for advanced queries (ConsistencyLevel: eventual). Zero means twice MemberLag.
	IndexLag time.Duration
	// TokenLife is how long an access token is valid. Zero means one hour.
	TokenLife time.Duration
}

// Limits are the sizes of the token buckets of one application in the tenant.
type Limits struct {
	// ResourceUnits per 10 seconds. Zero: 3,500, 5,000 or 8,000 by the number of people.
	ResourceUnits int
	// Writes per 150 seconds. Zero: 3,000.
	Writes int
	// Reports is requests to the sign-in log per 10 seconds. Zero: 5.
	Reports int
}

// Client is an app registration that may fetch tokens by client credentials.
type Client struct {
	// ID is the application (client) id.
	ID     string
	Secret string
	// Certificate is the registered public certificate, may be nil.
	Certificate *x509.Certificate
	// Roles are the application permissions with admin consent.
	Roles []string
}

// User is a person of the directory. Empty optional fields are shown as null.
type User struct {
	ID                string
	UserPrincipalName string
	Mail              string
	// ProxyAddresses hold a prefix, SMTP: for the main address and smtp: for the others. Empty: the main one if Mail is set.
	ProxyAddresses []string
	DisplayName    string
	GivenName      string
	Surname        string
	JobTitle       string
	Department     string
	EmployeeID     string
	EmployeeType   string
	// UserType is Member (default) or Guest.
	UserType string
	// ManagerID is the id of another user.
	ManagerID string
	// Disabled accounts cannot sign in (accountEnabled false).
	Disabled bool
	// LastSignIn is the last successful sign-in to anything; nil: never.
	LastSignIn *time.Time
	// Deleted is when the account was moved to the deleted items; zero: it is not there. Set by the server only.
	Deleted time.Time
}

// Group is a group with its starting members. The zero value of the flags is a plain security group.
type Group struct {
	ID          string
	DisplayName string
	Description string
	Members     []string
	// Nested are groups that are members of this one.
	Nested []string
	Owners []string
	// Dynamic groups fill themselves by a rule.
	Dynamic bool
	// Unified groups are Microsoft 365 groups; mail-enabled without being unified are mail-enabled security groups.
	Unified     bool
	MailEnabled bool
	// NotSecurity is a group without securityEnabled: a distribution list, or a unified group for mail alone.
	NotSecurity bool
	// Synced groups are mastered in an on-premises directory.
	Synced bool
	// RoleAssignable groups can hold directory roles.
	RoleAssignable bool
	// Restricted groups lie in a restricted management administrative unit.
	Restricted bool
	// HiddenMembership groups show their members to few only.
	HiddenMembership bool
}

// App is a service principal and the groups that are assigned to it.
type App struct {
	// ID is the object id of the service principal, AppID that of the application.
	ID, AppID   string
	DisplayName string
	// ManagedIdentity makes it the identity of an Azure resource, to which nobody can be assigned.
	ManagedIdentity bool
	Groups          []string
	// Users are people who are assigned to it by themselves.
	Users []string
}

// SignIn is one interactive sign-in of a user to an app.
type SignIn struct {
	User  string
	AppID string
	At    time.Time
	// ErrorCode 0 is success; 50126 is a wrong password.
	ErrorCode int
}

// check finds the first thing in cfg that a tenant could not be.
func (cfg *Config) check() error {
	ids, names := map[string]bool{}, map[string]bool{}
	for _, u := range cfg.Users {
		upn := strings.ToLower(u.UserPrincipalName)
		if !isGUID(u.ID) || ids[u.ID] || upn == "" || names[upn] {
			return fmt.Errorf("user %q with name %q: the id must be a GUID, and id and userPrincipalName unique", u.ID, u.UserPrincipalName)
		}
		ids[u.ID], names[upn] = true, true
	}
	for _, u := range cfg.Users {
		if u.ManagerID != "" && !ids[u.ManagerID] {
			return fmt.Errorf("manager %q of user %q does not exist", u.ManagerID, u.ID)
		}
	}
	groups := map[string]bool{}
	for _, g := range cfg.Groups {
		if !isGUID(g.ID) || groups[g.ID] || ids[g.ID] || g.DisplayName == "" {
			return fmt.Errorf("group %q named %q: the id must be a unique GUID and the name set", g.ID, g.DisplayName)
		}
		groups[g.ID] = true
	}
	for _, g := range cfg.Groups {
		for _, list := range []struct {
			what string
			ids  []string
			in   map[string]bool
		}{{"member", g.Members, ids}, {"owner", g.Owners, ids}, {"nested group", g.Nested, groups}} {
			for _, id := range list.ids {
				if !list.in[id] {
					return fmt.Errorf("%s %q of group %q does not exist", list.what, id, g.ID)
				}
			}
		}
	}
	return cfg.checkApps(ids, groups)
}

func (cfg *Config) checkApps(users, groups map[string]bool) error {
	for _, a := range cfg.Apps {
		if !isGUID(a.ID) || !isGUID(a.AppID) {
			return fmt.Errorf("app %q: object id and application id must be GUIDs", a.DisplayName)
		}
		if a.ManagedIdentity && len(a.Groups)+len(a.Users) > 0 {
			return fmt.Errorf("managed identity %q: nobody can be assigned to it", a.DisplayName)
		}
		for _, id := range a.Groups {
			if !groups[id] {
				return fmt.Errorf("group %q of app %q does not exist", id, a.DisplayName)
			}
		}
		for _, id := range a.Users {
			if !users[id] {
				return fmt.Errorf("user %q of app %q does not exist", id, a.DisplayName)
			}
		}
	}
	for _, s := range cfg.SignIns {
		if !users[s.User] {
			return fmt.Errorf("sign-in of user %q, who does not exist", s.User)
		}
	}
	for _, c := range cfg.Clients {
		if !isGUID(c.ID) || (c.Secret == "" && c.Certificate == nil) {
			return fmt.Errorf("client %q: needs a GUID, and a secret or a certificate", c.ID)
		}
	}
	return nil
}

// isGUID accepts the 36 characters of a GUID in lower or upper case.
func isGUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i, r := range s {
		switch {
		case i == 8 || i == 13 || i == 18 || i == 23:
			if r != '-' {
				return false
			}
		case r >= '0' && r <= '9', r >= 'a' && r <= 'f', r >= 'A' && r <= 'F':
		default:
			return false
		}
	}
	return true
}
