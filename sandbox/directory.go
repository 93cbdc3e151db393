package sandbox

import (
	"fmt"
	"net/http"
	"slices"
	"time"
)

// Directory is the identity provider of a company, whichever it is. It holds the people and the groups of the company file
// under ids of the vendor's own kind. Groups may be named by the id of the company file or by that of the vendor. All methods
// are safe for concurrent use.
type Directory interface {
	// Name is the provider's name in catalogs and settings, such as "okta"; Label is what people call it.
	Name() string
	Label() string
	// URL is where it is reached.
	URL() string
	// Environment holds the address and the secrets as the product's variables, Settings all but the secrets as lines of its
	// settings file.
	Environment() map[string]string
	Settings() string

	// UserID is the id of a person of the company; GroupID that of a group.
	UserID(handle string) string
	GroupID(group string) string
	// User is somebody by the vendor's id; false when there is nobody of that id.
	User(id string) (Account, bool)
	// Groups are all groups with their members now.
	Groups() []DirectoryGroup
	// Members are the ids of a group's members now, sorted, by the directory's own truth.
	Members(group string) []string
	// History is every change of a group's members since the start, in order.
	History(group string) []Change

	// AddByHand and RemoveByHand are what an administrator does without the product; by is a name.
	AddByHand(group, user, by string) error
	RemoveByHand(group, user, by string) error
	// Deactivate is what the vendor's customers do with the account of somebody who leaves; Reactivate takes it back.
	Deactivate(user string) error
	Reactivate(user string) error

	// Calls are the requests received since the start or ResetCalls, in order of arrival.
	Calls() []Call
	ResetCalls()
	// Inject lets requests go wrong, until ClearFaults. ReleaseHangs ends what hangs.
	Inject(Fault)
	ClearFaults()
	ReleaseHangs()
	// FaultKinds and Operations are the words that a Fault may use. The operations that do something particular are those
	// that change or read a membership.
	FaultKinds() []string
	Operations() []string
	Doing(Doing) []string
	// Changed returns a channel that is closed at the next change of anything that the other methods tell.
	Changed() <-chan struct{}

	open(w *World, addr string) error
	Close()
}

// Account is somebody whom the directory knows.
type Account struct {
	ID, Name, Title string
	Active          bool
}

// DirectoryGroup is a group of the directory.
type DirectoryGroup struct {
	ID, Name string
	// Kind says why the group cannot be governed; empty for an ordinary one.
	Kind    string
	Members []string // ids
}

// Change is one change of a group's members.
type Change struct {
	At    time.Time
	User  string // id
	Added bool
	// By says who caused it, for people.
	By string
}

// Doing is what a request is about, as far as memberships go.
type Doing string

// What requests do.
const (
	Adds    Doing = "add"    // somebody to a group
	Removes Doing = "remove" // somebody from a group
	Reads   Doing = "read"   // memberships
)

// Fault lets requests go wrong.
type Fault struct {
	// Name is an operation of the vendor; empty or "*" for all.
	Name string
	// Kind is one of FaultKinds.
	Kind string
	// Times is how many requests are hit, zero for all; Skip lets some pass first.
	Times, Skip int
	// After is the delay of what is slow, or the wait that a refusal for a limit tells.
	After time.Duration
}

// Received is a request as the simulators keep it.
type Received struct {
	Seq                 int // counts from 1 and never restarts
	At                  time.Time
	Method, Path, Query string
	Name                string // the operation
	Status              int    // of HTTP; 0 without an answer, and where answers have no numbers
	Fault               string // the kind of the fault that hit it
	Changed             bool   // whether it changed the directory
	Body, Reply         string
}

// Call is a request to the directory.
type Call struct {
	Received
	// Answer is what the answer is called: a status of HTTP or the name of a result. Empty without an answer.
	Answer string
	// OK tells that it was answered, and not with a failure.
	OK    bool
	Touch Touch `json:"-"`
}

// Touch says which membership a request is about; an empty Does means none, an empty Group or User all.
type Touch struct {
	Does        Doing
	Group, User string // the vendor's ids
}

// overHTTP makes a Call of a request over HTTP.
func overHTTP(r Received, touch Touch) Call {
	c := Call{Received: r, Touch: touch, OK: r.Status > 0 && r.Status < http.StatusBadRequest}
	if r.Status > 0 {
		c.Answer = fmt.Sprint(r.Status)
	}
	return c
}

// about reports whether the request reads or changes this membership, among others.
func (t Touch) about(group, user string) bool {
	return t.Does != "" && (t.Group == "" || t.Group == group) && (t.User == "" || t.User == user)
}

// byHand marks a change that an administrator made.
const byHand = ", by hand"

// names are the words of the vendor's own type.
func names[K ~string](kinds []K) []string {
	out := make([]string, len(kinds))
	for i, k := range kinds {
		out[i] = string(k)
	}
	return out
}

// Directories are the names of the providers that a company can have.
func Directories() []string { return []string{oktaName, entraName, googleName, ldapName} }

// userIDs are the ids of people by their handles, in order.
func userIDs(d Directory, handles []string) []string {
	ids := make([]string, len(handles))
	for i, h := range handles {
		ids[i] = d.UserID(h)
	}
	slices.Sort(ids)
	return ids
}
