package googlesim

import (
	"crypto/rsa"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Admin roles of people and service accounts. A caller without one is refused by all APIs.
const (
	// SuperAdmin may do everything, locked groups included.
	SuperAdmin = "super"
	// GroupsAdmin may read people, and read and change groups that are not locked. Reports and sessions are not theirs.
	GroupsAdmin = "groups"
)

// Roles of a member.
const (
	Owner   = "OWNER"
	Manager = "MANAGER"
	Member  = "MEMBER"
)

// Labels of groups in the Cloud Identity API.
const (
	LabelForum    = "cloudidentity.googleapis.com/groups.discussion_forum"
	LabelSecurity = "cloudidentity.googleapis.com/groups.security"
	LabelDynamic  = "cloudidentity.googleapis.com/groups.dynamic"
	LabelLocked   = "cloudidentity.googleapis.com/groups.locked"
)

// Config is the company as it stands when the server starts.
type Config struct {
	// Now is the clock behind every time that the APIs show and check. Nil means time.Now.
	Now func() time.Time
	// Customer is the id of the company. Default C0sandbox.
	Customer string
	// Domains are the company's domains; the first is the primary one. Default acme.example.
	Domains []string
	Users   []User
	Groups  []Group
	// ServiceAccounts may ask for access tokens.
	ServiceAccounts []ServiceAccount
	// Workloads may exchange a token of another identity provider for one of Google's.
	Workloads []Workload
	// SigningKey signs what a workload has signed in the name of a service account; nil means that signing is refused.
	SigningKey *rsa.PrivateKey
	// Quota is calls per minute and caller of the Admin SDK; 0 means 2,400, Google's default.
	Quota int
	// IdentityQuota is the same of the Cloud Identity API; 0 means 2,400.
	IdentityQuota int
	// Concurrency is how many calls may be in flight at once; 0 means 100.
	Concurrency int
	// MemberLag is how far membership reads trail behind writes, by Now. Zero means not at all.
	MemberLag time.Duration
	// PlainEdition is an edition without the features of the larger ones: expiring memberships and the search of transitive ones.
	PlainEdition bool
}

// User is a person of the directory.
type User struct {
	ID      string // digits; default a made one
	Primary string
	Aliases []string
	Given   string
	Family  string
	// Title and Department stand in the primary entry of organizations; both empty: no entry.
	Title, Department string
	// Manager is the free text of the relation of that type; empty: no relation.
	Manager   string
	Suspended bool
	Archived  bool
	// LastLogin is zero until the first sign-in, which the API shows as 1970.
	LastLogin time.Time
	// Admin is one of the admin roles, or empty.
	Admin string
	// Custom holds custom schemas: schema, field, value.
	Custom map[string]map[string]any
}

// Group is a group with its starting members.
type Group struct {
	ID          string // default a made one
	Email       string
	Name        string
	Description string
	// Members are users or groups by id or address, with role MEMBER; Owners and Managers likewise.
	Members, Owners, Managers []string
	// Security, Dynamic and Locked set the labels.
	Security, Dynamic, Locked bool
	// Inside restricts membership to the company's own people.
	Inside bool
	// AdminRole gives the group an administrator role.
	AdminRole bool
}

// ServiceAccount is an account of a program.
type ServiceAccount struct {
	Email    string
	ClientID string
	KeyID    string
	Key      *rsa.PublicKey
	// Delegated are the scopes of its domain-wide delegation, in full.
	Delegated []string
	// Admin is the role that it holds itself, or empty.
	Admin string
}

// Workload is an identity outside of Google that may act as a service account.
type Workload struct {
	Audience string
	// Token is the subject token that is accepted.
	Token string
	// ServiceAccount is the address of the account as which it may act.
	ServiceAccount string
}

func (c Config) check() error {
	seen := map[string]bool{}
	for _, u := range c.Users {
		for _, address := range append([]string{u.Primary}, u.Aliases...) {
			key := strings.ToLower(address)
			if !strings.Contains(key, "@") || seen[key] {
				return fmt.Errorf("user address %q is no address or taken", address)
			}
			seen[key] = true
		}
	}
	for _, g := range c.Groups {
		key := strings.ToLower(g.Email)
		if !strings.Contains(key, "@") || seen[key] {
			return fmt.Errorf("group address %q is no address or taken", g.Email)
		}
		seen[key] = true
	}
	for _, a := range c.ServiceAccounts {
		if a.Email == "" {
			return errors.New("a service account without an address")
		}
	}
	return nil
}
