package catalog

import (
	"slices"
	"strings"
	"time"
)

// AppID names an app in the catalog; lowercase letters, digits, "-", "_" and ".".
type AppID string

// EntitlementID names an entitlement, unique over the whole catalog and of the same form as AppID.
type EntitlementID string

// Risk says how much harm a wrong grant could do; it selects the default policy.
type Risk string

// The levels of risk, from harmless to worst.
const (
	RiskLow      Risk = "low"
	RiskMedium   Risk = "medium"
	RiskHigh     Risk = "high"
	RiskCritical Risk = "critical"
)

// Rank orders risks: 1 for low to 4 for critical, 0 for anything else.
func (r Risk) Rank() int {
	return slices.Index([]Risk{RiskLow, RiskMedium, RiskHigh, RiskCritical}, r) + 1
}

// Status says whether an app may be requested. The catalog's authors move it; nothing else does.
type Status string

// Only approved apps are requestable. Unassigned apps wait for somebody to sanction them; retired ones keep their
// grants until these end, and take no new requests.
const (
	StatusApproved   Status = "approved"
	StatusUnassigned Status = "unassigned"
	StatusRetired    Status = "retired"
)

// Group is a group in an identity provider, named by its id: display names change.
type Group struct {
	Provider string `json:"provider"` // the provider's name in the configuration, e.g. "okta"
	ID       string `json:"id"`       // the provider's own id, e.g. "00g1abcd"
}

// String returns the short spelling used in the catalog: "okta:00g1abcd".
func (g Group) String() string { return g.Provider + ":" + g.ID }

// App is an application people ask access to. It is shared between goroutines: read it, do not change it.
type App struct {
	ID           AppID
	Name         string // at most 60 characters
	Description  string // at most 200 characters, may be empty
	Category     string // may be empty
	Tags         []string
	Risk         Risk
	Status       Status
	Owners       []string // lowercase e-mail addresses; at least one when the app is approved
	ProviderApp  string   // id of the app in the IdP, for last use; may be empty
	Entitlements []*Entitlement
}

// Entitlement is one kind of access to an app; Slack calls it a role. It is shared between goroutines: read it, do not change it.
type Entitlement struct {
	ID          EntitlementID
	Name        string // at most 60 characters
	Description string // at most 200 characters, may be empty
	App         *App
	Groups      []Group // at least one when the app is approved
	Risk        Risk    // the app's unless the entitlement names its own
	Elevated    bool    // privileged access: always time-bound unless Standing
	Standing    bool    // access without an end is allowed
	// StandingBecause is the reason for which an elevated entitlement may have no end; empty otherwise.
	StandingBecause string
	SecondLock      bool          // the identity provider is to end memberships by itself, too, in case Usher is gone
	Because         string        // shown to those who are not eligible; may be empty
	Durations       []Duration    // what to offer: 1 to 10, shortest first, "no end" last
	Default         Duration      // one of Durations
	Deadline        time.Duration // a request nobody decided lapses after this; always above 0
	Extension       Extension

	visible     *expression // nil: everybody may request
	policy      *policy
	extension   *policy
	noticeLimit time.Duration
}

// Extension limits how often and how far a grant may be prolonged.
type Extension struct {
	MaxCount int           // number of extensions of one grant; 0 forbids them
	MaxTotal time.Duration // longest time from the start of a grant to its last end
}

// Offers reports whether a request for d is among the durations of the entitlement.
func (e *Entitlement) Offers(d Duration) bool { return slices.Contains(e.Durations, d) }

// Notice says how long before the end of a grant of the given length its holder is told: a sixth of the length, at most
// the catalog's limit (24 hours unless set). It is 0 for a grant without end.
func (e *Entitlement) Notice(length Duration) time.Duration {
	return max(0, min(time.Duration(length)/6, e.noticeLimit))
}

// Title names an entitlement for people: "GitHub: Write".
func (e *Entitlement) Title() string { return e.App.Name + ": " + e.Name }

// Catalog is one validated state of all catalog files. It does not change after Parse and is safe for concurrent use.
type Catalog struct {
	version     string
	apps        []*App
	byApp       map[AppID]*App
	byID        map[EntitlementID]*Entitlement
	byGroup     map[Group][]*Entitlement
	requestable []*Entitlement
	searchable  *searchIndex
}

// Version is a short hexadecimal hash of the content of the files: the same files give the same version anywhere.
func (c *Catalog) Version() string { return c.version }

// Apps returns all apps of any status, ordered by name.
func (c *Catalog) Apps() []*App { return slices.Clone(c.apps) }

// App finds an app of any status.
func (c *Catalog) App(id AppID) (*App, bool) {
	a, ok := c.byApp[id]
	return a, ok
}

// Entitlement finds an entitlement, also one of an app that is not approved: old grants point there.
func (c *Catalog) Entitlement(id EntitlementID) (*Entitlement, bool) {
	e, ok := c.byID[id]
	return e, ok
}

// Requestable returns the entitlements of approved apps, ordered by app name and then as written. Who may see each is a
// question for Entitlement.Eligible.
func (c *Catalog) Requestable() []*Entitlement { return slices.Clone(c.requestable) }

// ByGroup returns the entitlements that map to a group, whatever the status of their apps; several may share one group.
func (c *Catalog) ByGroup(g Group) []*Entitlement { return slices.Clone(c.byGroup[g]) }

// assemble orders the apps and builds the lookups.
func assemble(version string, apps []*App) *Catalog {
	c := &Catalog{
		version: version,
		apps:    apps,
		byApp:   make(map[AppID]*App, len(apps)),
		byID:    map[EntitlementID]*Entitlement{},
		byGroup: map[Group][]*Entitlement{},
	}
	slices.SortStableFunc(c.apps, func(a, b *App) int {
		return strings.Compare(fold(a.Name)+"\x00"+string(a.ID), fold(b.Name)+"\x00"+string(b.ID))
	})
	for _, a := range c.apps {
		c.byApp[a.ID] = a
		for _, e := range a.Entitlements {
			c.byID[e.ID] = e
			for _, g := range e.Groups {
				c.byGroup[g] = append(c.byGroup[g], e)
			}
			if a.Status == StatusApproved {
				c.requestable = append(c.requestable, e)
			}
		}
	}
	c.searchable = newSearchIndex(c.requestable)
	return c
}

// Groups are the groups that entitlements map to, each with the first entitlement that does.
func (c *Catalog) Groups() map[Group]*Entitlement {
	all := map[Group]*Entitlement{}
	for _, app := range c.Apps() {
		for _, e := range app.Entitlements {
			for _, g := range e.Groups {
				if all[g] == nil {
					all[g] = e
				}
			}
		}
	}
	return all
}
