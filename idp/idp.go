package idp

import (
	"context"
	"errors"
	"time"
)

// UserID is the immutable id of a user in the directory of one provider. It is never a login and never an e-mail address.
type UserID string

// GroupID is the immutable id of a group in the directory of one provider. Names of groups are labels and may change.
type GroupID string

// UserStatus says whether a user may hold access.
type UserStatus string

const (
	// Active users can sign in; only they are given access.
	Active UserStatus = "active"
	// Inactive users exist but cannot sign in at the moment (staged, suspended, locked out).
	Inactive UserStatus = "inactive"
	// Departed users were deactivated; they lose every grant.
	Departed UserStatus = "departed"
)

// User is one account in the directory. Empty fields mean that the directory does not know.
type User struct {
	ID         UserID
	Login      string
	Email      string
	Name       string
	Title      string
	Department string
	Status     UserStatus
	// StatusDetail is the provider's own word for the status, for messages.
	StatusDetail string
	// LastLogin is the last sign-in to the directory itself; zero means never or unknown.
	LastLogin time.Time
	// Attributes holds further profile fields as strings, keyed by the provider's field name.
	Attributes map[string]string
}

// Group is one group in the directory.
type Group struct {
	ID          GroupID
	Name        string
	Description string
	// Refusal says in one plain sentence why Usher must not govern the group; empty means that it may.
	Refusal string
}

// Provider is what every identity provider offers. Implementations are safe for concurrent use, honor the context,
// and return errors that carry one of this package's kinds (see Error). They never retry for longer than the context
// lasts, and they never report success for a change that the vendor did not confirm.
type Provider interface {
	// Name is the provider's name in the catalog, for example "okta".
	Name() string
	// User returns the user by id, or an error of kind UserNotFound.
	User(ctx context.Context, id UserID) (User, error)
	// FindUser returns the one user whose e-mail address is exactly email (letter case aside). No such user is kind
	// UserNotFound, several are kind Ambiguous.
	FindUser(ctx context.Context, email string) (User, error)
	// Group returns the group by id, with the reason if it cannot be governed, or an error of kind GroupNotFound.
	Group(ctx context.Context, id GroupID) (Group, error)
	// UserGroups lists the groups that the user is a direct or rule-made member of. All pages or an error, never a part.
	UserGroups(ctx context.Context, user UserID) ([]Group, error)
	// AddMember puts the user into the group. Repeating it is harmless. It is given up before it is sent, and never after, when
	// it is not wanted any more (see WithWish).
	AddMember(ctx context.Context, group GroupID, user UserID) error
	// RemoveMember takes the user out of the group. It succeeds if the user is not a member (any more).
	RemoveMember(ctx context.Context, group GroupID, user UserID) error
	// IsMember reads whether the user is a member of the group now. The vendor's reads may lag its writes.
	IsMember(ctx context.Context, group GroupID, user UserID) (bool, error)
}

// ManagerFinder is implemented by providers that know who manages whom.
type ManagerFinder interface {
	// Manager returns the manager of the user, or an error of kind UserNotFound if none is recorded or the record
	// points at nobody.
	Manager(ctx context.Context, user UserID) (User, error)
}

// MemberLister is implemented by providers that can list a whole group.
type MemberLister interface {
	// Members lists all direct members. All pages or an error, never a part.
	Members(ctx context.Context, group GroupID) ([]User, error)
}

// ActivityReader is implemented by providers that know when somebody last used an app.
type ActivityReader interface {
	// LastUse returns the last successful sign-in of the user, or of anybody if the user is empty, to the app (the provider's
	// own app id) since the given time. The zero time means that none was seen, which is not proof that there was none: providers forget.
	LastUse(ctx context.Context, app string, user UserID, since time.Time) (time.Time, error)
}

// SessionRevoker is implemented by providers that can end a user's sessions. Nothing calls it yet, so no provider asks for the
// right that it takes by default: neither in its setup nor in its check.
type SessionRevoker interface {
	RevokeSessions(ctx context.Context, user UserID) error
}

// Expirer is implemented by providers that can end a membership by themselves, as a second lock: access then ends even if
// Usher is gone.
type Expirer interface {
	// SetExpiry has the vendor end the user's membership of the group at the given time, which may be moved either way; the
	// zero time takes the end away. It makes no membership: for who is no member the error is of kind UserNotFound. A vendor
	// whose license, or whose kind of group, does not allow it answers with kind NotGovernable and the reason.
	SetExpiry(ctx context.Context, group GroupID, user UserID, at time.Time) error
	// Expiry reads when the vendor itself will end the membership; the zero time means never.
	Expiry(ctx context.Context, group GroupID, user UserID) (time.Time, error)
}

// Discovered is a group as somebody who writes a catalog wants to see it. What the vendor does not know stays empty.
type Discovered struct {
	Group
	// Members counts the direct members; -1 means unknown.
	Members int
	// Owners are the people whom the vendor calls the group's owners.
	Owners []User
	// Apps are the applications to which the group gives access.
	Apps []App
}

// App is an application that the directory knows.
type App struct {
	ID   string // the provider's own id, as in ActivityReader
	Name string
}

// ErrNoList is in the error of a Discoverer that turns out to have no list: that is no fault.
var ErrNoList = errors.New("groups are not listed")

// Discoverer is implemented by providers that can list what they have.
type Discoverer interface {
	// Discover calls found for every group, page by page and in no particular order, and ends with the first error that found
	// returns. It changes nothing, and asks gently: thousands of groups may take minutes.
	Discover(ctx context.Context, found func(Discovered) error) error
}

// Finding is one line of a check of the provider: what was looked at, whether it is well, and how to mend it.
type Finding struct {
	Subject string
	OK      bool
	Detail  string
	Fix     string
	// NoExpiry says that the vendor will not end memberships by itself here (see Expirer), for want of a license or of a right:
	// as it stands in Detail, known or inferred. Such a finding is OK and has a Fix: it is a fact for those who never ask for
	// that, and a failure for those who do.
	NoExpiry bool
}

// Optional is f, which came of err, for a right that Usher works without: where the vendor refuses it, that is a fact and not a
// fault, told with what there is not for want of it and how to get it.
func (f Finding) Optional(err error, without string) Finding {
	if KindOf(err) == Forbidden {
		f.OK, f.Detail, f.Fix = true, "Not granted, so there is no "+without+".", "If you want it: "+f.Fix
	}
	return f
}

// Checker is implemented by providers that can judge their own credentials and rights.
type Checker interface {
	// Check looks at the token, its rights and the provider's clock. It changes nothing.
	Check(ctx context.Context) []Finding
	// ServerTime is the vendor's clock at the last answer, for measuring skew; the zero time means unknown.
	ServerTime() time.Time
}
