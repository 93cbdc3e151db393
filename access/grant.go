package access

import (
	"time"

	"usher/catalog"
	"usher/idp"
)

// GrantState is where a grant stands.
type GrantState string

const (
	// GrantProvisioning means that the groups are being changed; not yet proven. A crash leaves it, its effects go on.
	GrantProvisioning GrantState = "provisioning"
	// GrantActive means that every membership was read back; the clock runs.
	GrantActive GrantState = "active"
	// GrantRevoking means that memberships are being taken away, retried until proven.
	GrantRevoking GrantState = "revoking"
	// GrantEnded means that no lease is left and every removal was read back. Final.
	GrantEnded GrantState = "ended"
	// GrantFailed means that provisioning met a permanent refusal; nothing is left behind. Final.
	GrantFailed GrantState = "failed"
)

// EndReason says why a grant ended.
type EndReason string

// The reasons; several are used by later parts of the product only.
const (
	EndExpired    EndReason = "expired"    // Its time was up.
	EndReleased   EndReason = "released"   // The holder gave it back.
	EndRevoked    EndReason = "revoked"    // An owner or admin took it.
	EndReview     EndReason = "review"     // A reviewer took it.
	EndReclaimed  EndReason = "reclaimed"  // It was not used.
	EndOffboarded EndReason = "offboarded" // The holder left.
	EndLost       EndReason = "lost"       // Somebody else removed the membership.
)

// GroupPhase is how far one group of a grant is.
type GroupPhase string

const (
	// PhaseInspect means that the user and the present membership are to be read.
	PhaseInspect GroupPhase = "inspect"
	// PhaseAdd means that the membership is to be made and read back.
	PhaseAdd GroupPhase = "add"
	// PhaseMember means that the membership was read back.
	PhaseMember GroupPhase = "member"
	// PhaseRemove means that the membership is to be removed and its absence read back.
	PhaseRemove GroupPhase = "remove"
	// PhaseGone means that the membership's absence was read back.
	PhaseGone GroupPhase = "gone"
	// PhaseKept means that the lease is over but the membership stays, because of another lease or because it was there before.
	PhaseKept GroupPhase = "kept"
)

// GrantGroup is one group of a grant.
type GrantGroup struct {
	Group catalog.Group `json:"group"`
	Phase GroupPhase    `json:"phase"`
	// Preexisting: the membership was there before Usher, so it is not Usher's to remove.
	Preexisting bool `json:"preexisting,omitempty"`
}

// Grant is one approved access of one subject, from provisioning to its end.
type Grant struct {
	ID       GrantID          `json:"id"`
	Request  RequestID        `json:"request"` // The request that made it; its chain holds the grant's events.
	State    GrantState       `json:"state"`
	Subject  Person           `json:"subject"`
	Role     Role             `json:"role"`
	Groups   []GrantGroup     `json:"groups"`
	Duration catalog.Duration `json:"duration"` // In total, extensions included; 0 means no end.
	// StartedAt is when the last membership was read back.
	StartedAt time.Time `json:"started_at,omitzero"`
	// DueAt is when the access ends; zero means no end.
	DueAt time.Time `json:"due_at,omitzero"`
	// RevokingAt is when the removal began.
	RevokingAt time.Time `json:"revoking_at,omitzero"`
	EndedAt    time.Time `json:"ended_at,omitzero"`
	EndReason  EndReason `json:"end_reason,omitempty"`
	// EndedBy and EndNote tell who ended it and why, where a person did.
	EndedBy Person `json:"ended_by,omitzero"`
	EndNote string `json:"end_note,omitempty"`
	// Extensions counts approved extensions; Extending is a pending one.
	Extensions int       `json:"extensions,omitempty"`
	Extending  RequestID `json:"extending,omitempty"`
	// Notice is the message that told the holder of the coming end, Notices how many were due so far: one for each end that
	// came near.
	Notice  MessageRef `json:"notice,omitzero"`
	Notices int        `json:"notices,omitempty"`
	// Trouble says in one plain sentence what holds the change up at the moment; empty when nothing does.
	Trouble string `json:"trouble,omitempty"`
	// Failure says why provisioning was given up; what was added meanwhile is being taken back.
	Failure string `json:"failure,omitempty"`
}

// Lateness is how long after its due time an expired grant was proven gone; 0 for other ends.
func (g Grant) Lateness() time.Duration {
	if g.EndReason != EndExpired || g.EndedAt.IsZero() || g.DueAt.IsZero() {
		return 0
	}
	return max(0, g.EndedAt.Sub(g.DueAt))
}

// Live reports whether the grant still holds or is about to hold a lease.
func (g Grant) Live() bool { return g.State == GrantProvisioning || g.State == GrantActive }

// over reports whether the grant's end has come.
func (g Grant) over(now time.Time) bool { return !g.DueAt.IsZero() && !now.Before(g.DueAt) }

// extendable reports whether the grant has an end that is still ahead.
func (g Grant) extendable(now time.Time) bool {
	return g.State == GrantActive && !g.DueAt.IsZero() && now.Before(g.DueAt)
}

// Membership is what Usher knows about one user in one group: who holds leases on it, and whose it is.
type Membership struct {
	Group catalog.Group `json:"group"`
	User  idp.UserID    `json:"user"`
	// Account is the user's id at the group's provider, kept as long as Given; empty where it is the same as in the directory.
	Account idp.UserID `json:"account,omitempty"`
	// Preexisting: it was there before Usher's first lease. Never removed by Usher.
	Preexisting bool `json:"preexisting,omitempty"`
	// Given: Usher added it, or is about to. Removed when the last lease ends.
	Given bool `json:"given,omitempty"`
	// Shown: Usher added it for a grant and read it back, and has not seen it missing since.
	Shown bool `json:"shown,omitempty"`
	// Leases are the grants that hold it.
	Leases []GrantID `json:"leases,omitempty"`
	// Locking: a grant that holds it asked for the vendor's own end.
	Locking bool `json:"locking,omitempty"`
	// Lock is when the vendor itself ends the membership, as Usher has set it; zero means never.
	Lock time.Time `json:"lock,omitzero"`
	// Unanswered is when an addition was last left without an answer or a proof: it may still come about.
	Unanswered time.Time `json:"unanswered,omitzero"`
	// RemovedAt is when Usher last proved it gone. A read that shows it shortly after is a late read.
	RemovedAt time.Time `json:"removed_at,omitzero"`
}

// Key is the membership's key in the store: provider, group and user.
func (m Membership) Key() string { return membershipKey(m.Group, m.User) }

func membershipKey(g catalog.Group, u idp.UserID) string {
	return g.Provider + "/" + g.ID + "/" + string(u)
}
