package access

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"
)

// EventKind names what happened.
type EventKind string

// Every state change is exactly one event; reads that prove a change are events too.
const (
	EventRequested     EventKind = "request.created"
	EventIssueOpened   EventKind = "issue.opened"
	EventStepApproved  EventKind = "request.step_approved" // One verdict of several.
	EventApproved      EventKind = "request.approved"
	EventDenied        EventKind = "request.denied"
	EventCanceled      EventKind = "request.canceled"
	EventLapsed        EventKind = "request.expired"
	EventProvisioning  EventKind = "grant.provisioning"
	EventInspected     EventKind = "membership.inspected"
	EventMemberAdded   EventKind = "membership.added"  // Added and read back, or found there.
	EventMemberJoined  EventKind = "membership.joined" // Another grant has added it since this one looked; read again.
	EventActive        EventKind = "grant.active"
	EventFailed        EventKind = "grant.failed"
	EventExtended      EventKind = "grant.extended"
	EventRevoking      EventKind = "grant.revoking"
	EventMemberRemoved EventKind = "membership.removed" // Removed and its absence read back, or found absent.
	EventMemberKept    EventKind = "membership.kept"
	EventMemberLocked  EventKind = "membership.locked" // The vendor's own end was set, moved, taken away, or refused.
	EventEnded         EventKind = "grant.ended"
	EventTrouble       EventKind = "trouble.met"
	EventTroubleOver   EventKind = "trouble.over"
)

// Event is one entry of a request's evidence chain.
type Event struct {
	Request RequestID `json:"request"`
	Seq     int       `json:"seq"` // From 1, without gaps.
	At      time.Time `json:"at"`
	Kind    EventKind `json:"kind"`
	// Actor is who caused it; empty for Usher itself.
	Actor Person `json:"actor,omitzero"`
	// Text is the plain sentence that the issue and the exports show. It may quote what people typed.
	Text string `json:"text"`
	// Facts are the particulars for machines.
	Facts map[string]string `json:"facts,omitempty"`
	// Prev is the hash of the event before, Hash of this one with Prev in it.
	Prev string `json:"prev,omitempty"`
	Hash string `json:"hash"`
}

// Sum computes the event's hash: SHA-256, in hex, over its JSON with an empty Hash. Map keys are sorted by the encoder,
// so the sum is the same everywhere.
func (e Event) Sum() (string, error) {
	e.Hash = ""
	e.At = e.At.UTC()
	b, err := json.Marshal(e)
	if err != nil {
		return "", fmt.Errorf("encode event: %w", err)
	}
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:]), nil
}

// VerifyChain checks one request's events from the first: numbers without gap, each linked to the one before, each
// hash right. It returns an error that names the first event that is wrong.
func VerifyChain(events []Event) error {
	prev := ""
	for i, e := range events {
		sum, err := e.Sum()
		if err != nil {
			return err
		}
		switch {
		case e.Seq != i+1:
			return fmt.Errorf("request %s: event %d is missing, found %d in its place", e.Request, i+1, e.Seq)
		case e.Prev != prev:
			return fmt.Errorf("request %s: event %d does not follow the event before it", e.Request, e.Seq)
		case e.Hash != sum:
			return fmt.Errorf("request %s: event %d was altered", e.Request, e.Seq)
		}
		prev = e.Hash
	}
	return nil
}
