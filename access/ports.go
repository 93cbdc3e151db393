package access

import (
	"context"
	"errors"
	"time"

	"usher/catalog"
)

// ErrNotFound is returned by Tx.Get and Tx.Effect for a record that does not exist.
var ErrNotFound = errors.New("not found")

// Kind names a family of records in the store.
type Kind string

// The families.
const (
	Requests    Kind = "request"
	Grants      Kind = "grant"
	Memberships Kind = "membership"
	People      Kind = "person"
	Keys        Kind = "key"
	Groups      Kind = "group"
	Discoveries Kind = "discovery"
)

// Store keeps everything durable. Implementations are safe for concurrent use.
type Store interface {
	// View runs f on a consistent snapshot.
	View(ctx context.Context, f func(Tx) error) error
	// Update runs f and makes what it wrote durable in one step, or nothing of it if f returns an error. When it
	// returns nil the change survives a power failure. Updates are serialized; f may run more than once, so it must
	// have no effect but through the Tx (values that it sets outside are those of the last run).
	Update(ctx context.Context, f func(Tx) error) error
}

// Tx is the view of one transaction. It is valid only inside the function and must not be used concurrently.
type Tx interface {
	// Get decodes the record into value (JSON) or returns ErrNotFound.
	Get(kind Kind, id string, value any) error
	// Put writes the record and replaces the index entries that it had with the given ones.
	Put(kind Kind, id string, value any, index ...string) error
	// IDs lists the ids under an index entry in ascending order, those greater than after, at most limit (0 = all).
	IDs(kind Kind, index, after string, limit int) ([]string, error)

	// Append adds an event to its request's chain; its Seq must be the next one.
	Append(e Event) error
	// Events returns the events of a request with Seq greater than after.
	Events(id RequestID, after int) ([]Event, error)

	// Seal lets a request that is over take little room: its record, the grant of the same id and its events so far are
	// packed. Nothing that can be read changes, and whatever is written to them later is kept as if they never were sealed;
	// they are sealed again by the next call. It is no error if there is nothing to seal.
	Seal(id RequestID) error
	// Unsealed lists the ids of the requests whose records are not sealed in ascending order, those greater than after, at
	// most limit (0 = all). Writing what a record says already leaves it sealed.
	Unsealed(after RequestID, limit int) ([]RequestID, error)

	// PutEffect writes or replaces a pending effect; Effect reads one or returns ErrNotFound; DropEffect forgets one.
	PutEffect(e Effect) error
	Effect(id string) (Effect, error)
	DropEffect(id string) error
	// Effects lists all pending effects, by priority, then rank (high first), then due time.
	Effects() ([]Effect, error)

	// SetTimer writes or moves a timer; ClearTimer forgets it (no error if it is not there).
	SetTimer(t Timer) error
	ClearTimer(id string) error
	// Due lists timers at or before now, earliest first, at most limit (0 = all).
	Due(now time.Time, limit int) ([]Timer, error)
	// NextDue is the earliest timer's time; false if there is none.
	NextDue() (time.Time, bool, error)
}

// IssueStatus is what the issue's workflow status should express. The tracker maps it to a status of the project.
type IssueStatus string

// The statuses.
const (
	IssueWaiting  IssueStatus = "waiting"
	IssueApproved IssueStatus = "approved"
	IssueActive   IssueStatus = "active"
	IssueEnded    IssueStatus = "ended"
	IssueDenied   IssueStatus = "denied"
	IssueCanceled IssueStatus = "canceled"
	IssueExpired  IssueStatus = "expired"
	IssueFailed   IssueStatus = "failed"
)

// IssueRecord is everything the tracker needs to write one issue.
type IssueRecord struct {
	Request Request
	Grant   *Grant // nil before approval.
	Status  IssueStatus
	// Events are those to be written now, oldest first. Each is one line.
	Events []Event
	// Again is true when an earlier try of this very write may have reached the vendor: look before you repeat.
	Again bool
}

// Tracker is the issue tracker. Errors are *TargetError.
type Tracker interface {
	// Open creates the issue, or finds the one that an earlier try created. One request, one issue.
	Open(ctx context.Context, r IssueRecord) (Issue, error)
	// Update writes the events as a comment and moves the issue to the status, with no more writes than needed.
	Update(ctx context.Context, i Issue, r IssueRecord) error
	// Account finds the Jira account with exactly this e-mail address; empty if none can be seen.
	Account(ctx context.Context, email string) (AccountID, error)
}

// MessageKind names the messages that people get.
type MessageKind string

const (
	// MessageAsk asks an approver to decide; after the decision the same message says who decided what.
	MessageAsk MessageKind = "ask"
	// MessageStatus is the requester's live status.
	MessageStatus MessageKind = "status"
	// MessageFolded is what is left of a status message or a notice when a newer one has replaced it. It is never posted.
	MessageFolded MessageKind = "folded"
	// MessageNotice tells the holder of the coming end, with one click to extend.
	MessageNotice MessageKind = "notice"
)

// Message is the state that one message to one person must show.
type Message struct {
	Kind MessageKind
	To   Person
	// At is the message to bring up to date; the zero value posts a new one.
	At MessageRef
	// Chapter is for MessageStatus the part of the story that the message tells, for MessageNotice how many notices of this
	// grant came before: a new one needs a new message.
	Chapter Chapter
	// Again is true when an earlier post of this very message may have arrived: look before you post.
	Again   bool
	Request Request
	Grant   *Grant
	// Open says for MessageAsk that this person's decision is still wanted.
	Open bool
	// Extension is the offer for MessageNotice and active grants; zero if none can be asked for.
	Extension ExtensionOffer
}

// Over reports that what the message asks or announces is past: a message that is there is brought up to date, and none is
// posted anew.
func (m Message) Over() bool {
	switch m.Kind {
	case MessageAsk:
		return !m.Open
	case MessageNotice:
		return m.Grant == nil || m.Grant.State != GrantActive
	case MessageFolded:
		return true
	case MessageStatus:
	}
	return false
}

// ExtensionOffer says by how much a grant may be extended with one click; zero means not at all, and Why says why.
type ExtensionOffer struct {
	By  catalog.Duration
	Why string
}

// Receipt says where a message is.
type Receipt struct {
	At MessageRef
	// Old are earlier messages of the same kind about the same request that were found when looking, of chapters that are over.
	Old []MessageRef
}

// Notifier tells people. Errors are *TargetError.
type Notifier interface {
	// Send posts or updates the message and returns where it is; nowhere if it is over and was never there.
	Send(ctx context.Context, m Message) (Receipt, error)
	// Find returns the Slack profile with this e-mail address, or a permanent error if there is none.
	Find(ctx context.Context, email string) (SlackProfile, error)
	// Changed says that what these people's Home tabs show has changed. It does not block and does not fail.
	Changed(people ...SlackID)
}

// TargetError is the error of Tracker and Notifier calls.
type TargetError struct {
	// Target is "jira" or "slack".
	Target string
	// Op is verb and object, for example "open issue".
	Op string
	// Transient says that the same call may succeed later without anybody's help.
	Transient bool
	// RetryAfter is the vendor's wish to wait; 0 means none.
	RetryAfter time.Duration
	// Sent says that the write may have been done although no answer came.
	Sent bool
	// Only says that the failure concerns this one write; other calls to the target may go on.
	Only bool
	// Err is the cause; its text holds no secret and nothing that people typed.
	Err error
}

// Error returns one line.
func (e *TargetError) Error() string {
	if e.Err == nil {
		return e.Op
	}
	return e.Op + ": " + e.Err.Error()
}

// Unwrap returns the cause.
func (e *TargetError) Unwrap() error { return e.Err }
