package idptest

import (
	"testing"
	"time"

	"usher/idp"
)

// World is one provider in front of one fake vendor. The suite asks for a new one per case and may run cases in parallel.
//
// The four hooks AddUser, AddGroup, Members and Calls are required. Every other hook may be nil if NotApplicable says
// why under the field's name, and the provider may lack an optional interface of package idp if it says why under the
// interface's name; the cases that need it are then skipped with that sentence. What is absent without a reason fails its
// cases, and so does a reason for what is there.
type World struct {
	// Provider is what is judged.
	Provider idp.Provider
	// NotApplicable says why a hook or an optional interface is absent, by the name of the field or the interface.
	NotApplicable map[string]string
	// Secrets are texts that must not appear in any error or log: tokens, keys.
	Secrets []string
	// Logs returns everything that the provider logged so far, at the finest level.
	Logs func() string

	// AddUser makes a user at the vendor.
	AddUser func(t *testing.T, p Person) idp.UserID
	// AddGroup makes a group that may be governed.
	AddGroup func(t *testing.T, name string, members ...idp.UserID) idp.GroupID
	// Members returns who is in the group according to the vendor's own records, without lag, and not as a call.
	Members func(group idp.GroupID) []idp.UserID
	// Calls returns how many requests the vendor received so far.
	Calls func() int

	// RequestsPerChange is how many requests a change of a membership takes once the group is known. Zero means 1.
	RequestsPerChange int
	// Discovers is what Discover tells of every group. What it leaves out must still be right where it is told.
	Discovers Told

	// Changes returns how many requests changed something at the vendor so far.
	Changes func() int
	// BigGroup makes a group of n members.
	BigGroup func(t *testing.T, n int) idp.GroupID
	// ManyGroups puts the user into n further groups and returns them.
	ManyGroups func(t *testing.T, user idp.UserID, n int) []idp.GroupID
	// Ungovernable makes one group of every kind that must not be governed, keyed by what it is.
	Ungovernable func(t *testing.T) map[string]idp.GroupID
	// Join and Leave change a membership by hand, as the vendor's admin console would.
	Join, Leave func(group idp.GroupID, user idp.UserID)
	// SetStatus moves the user to a status that counts as s.
	SetStatus func(t *testing.T, user idp.UserID, s idp.UserStatus)
	// Rename gives the user another login and e-mail address.
	Rename func(t *testing.T, user idp.UserID, email string)
	// SameEmail makes a second user with the e-mail address of another.
	SameEmail func(t *testing.T, email string) idp.UserID
	// DeleteUser and DeleteGroup make them disappear.
	DeleteUser  func(user idp.UserID)
	DeleteGroup func(group idp.GroupID)
	// SetManager records the text as the user's manager, as a directory synchronization would.
	SetManager func(user idp.UserID, manager string)
	// SignOn and FailSignOn record a sign-on to an app, successful or not. Apps are "app1" and "app2"; AppID gives the
	// vendor's id.
	SignOn, FailSignOn func(app string, user idp.UserID, at time.Time)
	AppID              func(app string) string
	// Sessions returns how often the user's sessions were ended.
	Sessions func(user idp.UserID) int

	// Fault makes later requests go wrong; Heal ends that.
	Fault func(f Fault)
	Heal  func()
	// Lag makes a world whose reads of memberships trail behind writes by d.
	Lag func(t *testing.T, d time.Duration) World
	// Advance moves the clock of vendor and provider. Nil means real time.
	Advance func(d time.Duration)
	// Limit makes a world whose vendor allows n membership changes per window.
	Limit func(t *testing.T, n int) World
	// Refusals returns how many requests the vendor refused for its rate limit.
	Refusals func() int
	// Locked returns a provider for the same vendor whose credentials the vendor does not accept.
	Locked func(t *testing.T) idp.Provider
}

// Told is what a provider tells of every group, not of some only. The zero value demands the least.
type Told struct {
	// Members is the number of members, and never -1.
	Members bool
	// Refusals is the reason why a group must not be governed, whatever the kind of group.
	Refusals bool
}

// Person is a user to be made. Login is set to Email if empty.
type Person struct {
	Login, Email, First, Last, Title, Department string
}

// Target says which requests a fault hits.
type Target string

const (
	// Reads are all requests that change nothing.
	Reads Target = "reads"
	// Changes are the requests that change a membership.
	Changes Target = "changes"
)

// FaultKind is how a request goes wrong.
type FaultKind string

const (
	// RateLimited refuses and tells when the next request is welcome, at most a minute later.
	RateLimited FaultKind = "rate limited"
	// RateLimitedBare refuses and tells nothing.
	RateLimitedBare FaultKind = "rate limited without headers"
	// CutBefore closes the connection before the work.
	CutBefore FaultKind = "cut before the work"
	// CutAfter closes the connection after the work.
	CutAfter FaultKind = "cut after the work"
	// HangBefore never answers and does nothing.
	HangBefore FaultKind = "hang before the work"
	// HangAfter does the work and never answers.
	HangAfter FaultKind = "hang after the work"
	// Slow answers late, by less than half a second.
	Slow FaultKind = "slow"
	// ServerError is the vendor's own error page, status 500.
	ServerError FaultKind = "server error"
	// ServerErrorEmpty is status 500 without a body.
	ServerErrorEmpty FaultKind = "empty server error"
	// ProxyPage is a page of HTML from something between, status 502.
	ProxyPage FaultKind = "proxy page"
	// ReadOnly is the vendor's maintenance answer, status 503.
	ReadOnly FaultKind = "read-only"
	// Truncated ends within the body.
	Truncated FaultKind = "truncated"
	// WrongTypes is well-formed, with values of other types.
	WrongTypes FaultKind = "wrong types"
	// Rejected refuses the credentials.
	Rejected FaultKind = "rejected"
	// Denied says that the credentials lack a right.
	Denied FaultKind = "denied"
)

// Fault is one thing that goes wrong.
type Fault struct {
	Kind FaultKind
	On   Target
	// Skip lets so many matching requests pass first.
	Skip int
	// Times is how many requests it hits then; 0 means all until Heal.
	Times int
}
