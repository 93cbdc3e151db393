package oktasim

import (
	"crypto/rsa"
	"fmt"
	"strings"
	"time"
)

// Admin roles that a [Token] or [Client] can act with.
const (
	// SuperAdmin may do everything, and alone may touch groups that hold an admin role.
	SuperAdmin = "SUPER_ADMIN"
	// GroupAdmin may read users, groups, apps and logs and change users and groups, but not read or assign admin roles nor edit rules.
	GroupAdmin = "GROUP_ADMIN"
	// ReadOnly may read everything and change nothing.
	ReadOnly = "READ_ONLY"
)

// Group types of the Okta API. Only OktaGroup can be changed through it.
const (
	OktaGroup = "OKTA_GROUP"
	BuiltIn   = "BUILT_IN"
	AppGroup  = "APP_GROUP"
)

// User statuses of the Okta API.
const (
	StatusActive        = "ACTIVE"
	StatusStaged        = "STAGED"
	StatusProvisioned   = "PROVISIONED"
	StatusSuspended     = "SUSPENDED"
	StatusLockedOut     = "LOCKED_OUT"
	StatusDeprovisioned = "DEPROVISIONED"
)

// Config is the organization as it stands when the server starts.
type Config struct {
	// Now is the clock behind every time that the API shows: limits, lags, logs and the Date header. Nil means time.Now.
	Now func() time.Time
	// Tokens are the SSWS tokens that are accepted.
	Tokens []Token
	// Clients are the service apps that may fetch OAuth access tokens by private_key_jwt.
	Clients []Client
	Users   []User
	// Groups of the organization. An "Everyone" group of type BuiltIn is added when none is given.
	Groups []Group
	Rules  []Rule
	Apps   []App
	// Logins fill the System Log with sign-ons to apps.
	Logins []SSO
	// Limits is calls per minute of the whole organization by bucket (the Bucket constants; BucketAll for all that are not named). Missing: the workforce defaults.
	Limits map[string]int
	// TokenShare is the percentage of a bucket that one token may use. Zero means 50, Okta's default.
	TokenShare int
	// Concurrency is how many calls may be in flight at once. Zero means 75, the default of a workforce organization.
	Concurrency int
	// CallsMax bounds the log of calls: of more the older half is forgotten. Zero means 20,000.
	CallsMax int
	// MemberLag is how far membership reads trail behind writes, by Now. Zero means not at all.
	MemberLag time.Duration
	// SearchLag is how far the index behind `search` trails behind writes, by Now. Zero means twice MemberLag.
	SearchLag time.Duration
}

// Token is an API token (SSWS). It acts as its owner and dies with the owner's account.
type Token struct {
	// ID is what the System Log names as requestApiTokenId; it is not the secret.
	ID     string
	Secret string
	// OwnerUserID is the admin who made the token. It must be one of Config.Users.
	OwnerUserID string
	// Admin is SuperAdmin, GroupAdmin or ReadOnly.
	Admin string
}

// Client is a service app that signs in with a key (client credentials grant).
type Client struct {
	ID string
	// KeyID must match the kid of the assertion when set.
	KeyID  string
	Key    *rsa.PublicKey
	Scopes []string
	// Admin is the role of the service app. Empty: every management call is refused despite its scopes.
	Admin string
}

// User is a person of the directory. Empty optional fields are shown as the API shows unset attributes.
type User struct {
	ID          string
	Login       string
	Email       string // default Login
	First       string
	Last        string
	DisplayName string
	Title       string
	Department  string
	// ManagerID is whatever the source wrote: often, but not always, the id of another user.
	ManagerID string
	// Manager is the manager's display name.
	Manager string
	// Status is one of the Status constants. Default StatusActive.
	Status string
	// Created defaults to one year before the start.
	Created time.Time
	// LastLogin is nil until the first sign-in to Okta itself.
	LastLogin *time.Time
	// Custom holds any further profile attributes. A nil value is shown as null.
	Custom map[string]any
}

// Group is a group with its starting members.
type Group struct {
	ID          string
	Name        string
	Description string // empty is shown as null
	// Type is OktaGroup (default), BuiltIn or AppGroup.
	Type    string
	Members []string
	// AdminRole gives the group an administrator role, so that only a SuperAdmin can manage it.
	AdminRole bool
	// RuleIDs are the rules that assign people to this group, beside those that name it themselves.
	RuleIDs []string
}

// Rule is a group rule.
type Rule struct {
	ID   string
	Name string
	// Expression is a subset of the Okta expression language: user.attribute == "value" (or !=) joined by AND and OR.
	Expression string
	Groups     []string
	// Exclude are the users whom the rule leaves alone.
	Exclude []string
	// Status is ACTIVE (default) or INACTIVE.
	Status string
}

// App is an application instance with its assignments.
type App struct {
	ID    string
	Label string
	// Name is the key of the app in the catalog of the vendor, such as "slack".
	Name string
	// SignOnMode defaults to SAML_2_0; BOOKMARK and OPENID_CONNECT are known too.
	SignOnMode    string
	Groups        []string
	AssignedUsers []string
}

// SSO is one sign-on of a user to an app.
type SSO struct {
	User string
	App  string
	At   time.Time
	// Result is SUCCESS (default) or FAILURE.
	Result string
	// Late delays the appearance of the event in the log; its published time stays At.
	Late time.Duration
	// ASNumber of the caller's network. Default 64512; real ones may exceed 31 bits.
	ASNumber int64
}

// check finds the first thing in cfg that an organization could not be.
func (cfg *Config) check() error {
	users, groups, rules, apps := map[string]bool{}, map[string]bool{}, map[string]bool{}, map[string]bool{}
	logins := map[string]bool{}
	for _, u := range cfg.Users {
		login := strings.ToLower(u.Login)
		if u.ID == "" || u.Login == "" || users[u.ID] || logins[login] {
			return fmt.Errorf("user %q with login %q: id and login must be set and unique", u.ID, u.Login)
		}
		users[u.ID], logins[login] = true, true
	}
	for _, g := range cfg.Groups {
		if g.ID == "" || g.Name == "" || groups[g.ID] {
			return fmt.Errorf("group %q named %q: id and name must be set and the id unique", g.ID, g.Name)
		}
		if err := known("group "+g.ID+" member", g.Members, users); err != nil {
			return err
		}
		groups[g.ID] = true
	}
	for _, r := range cfg.Rules {
		if r.ID == "" || rules[r.ID] {
			return fmt.Errorf("rule %q: id must be set and unique", r.ID)
		}
		if _, err := parseRuleExpression(r.Expression); err != nil {
			return fmt.Errorf("rule %q: %w", r.ID, err)
		}
		if err := known("rule "+r.ID+" group", r.Groups, groups); err != nil {
			return err
		}
		rules[r.ID] = true
	}
	for _, g := range cfg.Groups {
		if err := known("group "+g.ID+" rule", g.RuleIDs, rules); err != nil {
			return err
		}
	}
	for _, a := range cfg.Apps {
		if a.ID == "" || apps[a.ID] {
			return fmt.Errorf("app %q: id must be set and unique", a.ID)
		}
		if err := known("app "+a.ID+" group", a.Groups, groups); err != nil {
			return err
		}
		if err := known("app "+a.ID+" user", a.AssignedUsers, users); err != nil {
			return err
		}
		apps[a.ID] = true
	}
	for _, l := range cfg.Logins {
		if !users[l.User] || !apps[l.App] {
			return fmt.Errorf("login of %q to %q: user and app must exist", l.User, l.App)
		}
	}
	return cfg.checkCredentials(users)
}

func (cfg *Config) checkCredentials(users map[string]bool) error {
	ids, secrets := map[string]bool{}, map[string]bool{}
	for _, t := range cfg.Tokens {
		if t.ID == "" || t.Secret == "" || ids[t.ID] || secrets[t.Secret] {
			return fmt.Errorf("token %q: id and secret must be set and unique", t.ID)
		}
		if !users[t.OwnerUserID] {
			return fmt.Errorf("token %q: owner %q is not a user", t.ID, t.OwnerUserID)
		}
		if !validRole(t.Admin) {
			return fmt.Errorf("token %q: unknown admin role %q", t.ID, t.Admin)
		}
		ids[t.ID], secrets[t.Secret] = true, true
	}
	for _, c := range cfg.Clients {
		if c.ID == "" || c.Key == nil || (c.Admin != "" && !validRole(c.Admin)) {
			return fmt.Errorf("client %q: id, key and a known admin role are needed", c.ID)
		}
	}
	return nil
}

func known(what string, ids []string, in map[string]bool) error {
	for _, id := range ids {
		if !in[id] {
			return fmt.Errorf("%s %q does not exist", what, id)
		}
	}
	return nil
}

func validRole(role string) bool {
	return role == SuperAdmin || role == GroupAdmin || role == ReadOnly
}
