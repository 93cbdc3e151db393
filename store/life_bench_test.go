package store_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"usher/access"
	"usher/catalog"
)

// lifeKinds are the events of a plain life: asked for, approved by one person, one group, given, expired.
func lifeKinds() []access.EventKind {
	return []access.EventKind{
		access.EventRequested, access.EventIssueOpened, access.EventApproved, access.EventProvisioning, access.EventInspected,
		access.EventMemberAdded, access.EventActive, access.EventRevoking, access.EventMemberRemoved, access.EventEnded,
	}
}

// lifeSteps is how many steps a life has.
const lifeSteps = 10

// lifeStep writes what the core writes at one step of the i-th life: the event, the request, from the approval on the
// grant and its membership, and the effects and timers that come and go. It returns the bytes that are there to stay.
func lifeStep(tx access.Tx, i, step int) (int, error) {
	at := time.Date(2027, 1, 1, 0, 0, i, 123456789, time.UTC)
	id := access.RequestID(fmt.Sprintf("%012x%016x", at.UnixMilli(), uint64(i)*0x9E3779B97F4A7C15)) //nolint:gosec // Not negative.
	subject := access.Person{User: "00u1a2b3c4d5e6f7g8h9", Slack: "U0123456789", Account: "5b10ac8d82e05b22cc7d4ef5", Email: "grace.hopper@example.com", Name: "Grace Hopper"}
	approver := access.Person{User: "00u9h8g7f6e5d4c3b2a1", Slack: "U9876543210", Email: "ada.lovelace@example.com", Name: "Ada Lovelace"}
	role := access.Role{
		App: "warehouse", AppName: "Data warehouse", Entitlement: "analyst", EntitlementName: "Analyst, read only",
		Description: "Reads all tables but those with personal data.", Groups: []catalog.Group{{}}, Owners: []string{"ada.lovelace@example.com"},
	}
	e := access.Event{
		Request: id, Seq: step + 1, At: at.Add(time.Duration(step) * time.Minute), Kind: lifeKinds()[step], Actor: approver,
		Text:  "Ada Lovelace approved the access of Grace Hopper to Data warehouse: Analyst, read only, for 8 hours.",
		Facts: map[string]string{"group": "00g1a2b3c4d5e6f7g8h9", "provider": "okta", "attempt": "1"},
		Prev:  hexOf(64), Hash: hexOf(64),
	}
	r := access.Request{
		ID: id, Key: "submit/" + string(id), State: access.RequestState("approved"), Requester: subject, Subject: subject,
		Title: "Senior analyst", Department: "Finance", Role: role, Justification: "Quarter-end reconciliation, ticket FIN-1234.",
		Policy: access.Policy{Version: hexOf(16), Rule: "warehouse readers", Because: "the role is elevated", Steps: []catalog.Step{{}}},
		Issue:  access.Issue{Key: fmt.Sprintf("ACC-%d", i)}, Mirrored: step, Grant: access.GrantID(id), CreatedAt: at, DecidedAt: at,
		Deadline: at, Wishes: step * 2, Events: step + 1, Head: hexOf(64),
	}
	index := []string{"requester/" + string(subject.User)}
	if step < 2 {
		index = append(index, "open")
	}
	effect := access.Effect{ID: "issue/" + string(id), Kind: "issue", Request: id, Rev: step, Due: at}
	errs := []error{tx.Append(e), tx.Put(access.Requests, string(id), r, index...)}
	if step == 0 {
		errs = append(errs, tx.Put(access.Keys, r.Key, r.ID))
	}
	kept := []any{e}
	if step == lifeSteps-1 {
		kept = append(kept, r, r.ID)
		errs = append(errs, tx.DropEffect(effect.ID), tx.ClearTimer("due/"+string(id)))
	} else {
		errs = append(errs, tx.PutEffect(effect))
	}
	if step >= 2 {
		g := access.Grant{
			ID: access.GrantID(id), Request: id, State: access.GrantActive, Subject: subject, Role: role, Groups: []access.GrantGroup{{}},
			StartedAt: at, DueAt: at, RevokingAt: at, EndedAt: at, EndReason: access.EndExpired,
		}
		errs = append(errs, tx.Put(access.Grants, string(id), g, "subject/"+string(subject.User)))
		if step < lifeSteps-1 {
			errs = append(errs, tx.SetTimer(access.Timer{ID: "due/" + string(id), Kind: access.TimerDue, At: at, Request: id}))
		} else {
			kept = append(kept, g)
		}
	}
	n := 0
	for _, v := range kept {
		b, err := json.Marshal(v)
		errs, n = append(errs, err), n+len(b)
	}
	return n, errors.Join(errs...)
}

func hexOf(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = "0123456789abcdef"[i%16]
	}
	return string(b)
}
