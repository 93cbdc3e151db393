package access

import (
	"time"

	"usher/catalog"
)

// Draft is what a person asks for in the form.
type Draft struct {
	// Key is the idempotency key of the form; submitting it twice makes one request.
	Key           string
	By            Person
	Entitlement   catalog.EntitlementID
	Duration      catalog.Duration
	Justification string
}

// Preview says, before anything is submitted, what submitting would do.
type Preview struct {
	Role      Role
	Durations []catalog.Duration
	Duration  catalog.Duration // The one previewed.
	Automatic bool
	// Steps are the people who would be asked, in order.
	Steps   []PreviewStep
	Because string // Why these people.
	// Extends is the end of the present grant when the request would extend it; zero otherwise.
	Extends time.Time
}

// PreviewStep is one approval step of a preview.
type PreviewStep struct {
	People []Person
	Quorum int
}

// Choice is one entitlement that the person may ask for.
type Choice struct {
	Entitlement catalog.EntitlementID
	Role        Role
	// Held is the end of an active grant, Pending the request that waits already.
	Held    *Grant
	Pending *Request
}

// Home is everything that one person's Home tab shows.
type Home struct {
	Person Person
	Admin  bool
	// CanRevoke is true for admins and for owners of any app.
	CanRevoke bool
	Now       time.Time
	// Grants are the person's live and revoking grants, earliest end first.
	Grants []HomeGrant
	// Pending are the person's own undecided requests.
	Pending []Request
	// Decisions are the requests that wait for this person's decision, earliest deadline first.
	Decisions []Request
	// Recent are the person's last finished requests and grants, newest first, at most 5.
	Recent []HomeRecent
	// Failures and Overdue are filled for admins.
	Failures []Failure
	Overdue  []Grant
	// Totals for admins.
	ActiveGrants, OpenRequests int
	// Unassigned are the names of the apps in the catalog that nobody has sanctioned yet, for admins.
	Unassigned []string
	// Discovery is what the directories have beside the catalog, for admins; nil before anybody has looked. Looking is true
	// while somebody has asked for a look and it is not over.
	Discovery *Discovery
	Looking   bool
	// Groups are those that the catalog names and that are gone or were renamed lately, for admins.
	Groups []RoleGroup
	// Lateness of expiries since start, by provider, for admins.
	Lateness map[string]Lateness
}

// HomeGrant is a grant with its request's issue and what can be done about it.
type HomeGrant struct {
	Grant     Grant
	Issue     Issue
	Extension ExtensionOffer
}

// HomeRecent is a finished request with its grant, if one was made.
type HomeRecent struct {
	Request Request
	Grant   *Grant
}

// Failure is an effect that keeps failing.
type Failure struct {
	Effect Effect
	Role   Role
	Person Person
	Issue  Issue
}
