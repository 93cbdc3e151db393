package store_test

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"usher/access"
	"usher/catalog"
	"usher/idp"
)

// A life is a plain one: asked for, recorded, approved by one person, one group, given, expired. Its people, roles, reasons,
// ids and hashes are all different, as they are in a company, so that nothing is smaller here than there.
type life struct {
	id       access.RequestID
	at       time.Time
	subject  access.Person
	approver access.Person
	group    catalog.Group
	request  access.Request
	grant    access.Grant
	events   []access.Event
}

// lifeSteps is how many steps a life has; the last one seals it.
const lifeSteps = 11

// digits are lower-case letters and digits that look random and depend on what is given.
func digits(n int, of ...any) string {
	sum := sha256.Sum256(fmt.Append(nil, of...))
	return strings.ToLower(base32.StdEncoding.EncodeToString(sum[:]))[:n]
}

func words(n int, of ...any) string {
	list := strings.Fields("quarter end reconciliation of ledger accounts for the audit ticket customer escalation on call rotation " +
		"migration dashboard incident report broken pipeline backfill month closing new hire onboarding vendor review pull request deploy hotfix")
	sum := sha256.Sum256(fmt.Append(nil, of...))
	picked := make([]string, n)
	for i := range picked {
		picked[i] = list[int(sum[i])%len(list)]
	}
	return strings.Join(picked, " ")
}

func lifePerson(i int) access.Person {
	name := "Person " + strings.ToUpper(digits(1, "first", i)) + digits(6, "first", i) + " " + digits(7, "last", i)
	return access.Person{
		User: idp.UserID("00u" + digits(17, "user", i)), Slack: access.SlackID("U0" + strings.ToUpper(digits(9, "slack", i))),
		Email: strings.ToLower(strings.ReplaceAll(name[7:], " ", ".")) + "@example.com", Name: name,
	}
}

func lifeMessage(i int, of string) access.MessageRef {
	return access.MessageRef{Channel: "D0" + strings.ToUpper(digits(9, of, "channel", i%5000)), TS: fmt.Sprintf("17%08d.%06d", i*31, i*7919%1_000_000)}
}

// newLife is the i-th life, as it is when it is over.
func newLife(i int) life {
	at := time.Date(2027, 1, 1, 0, 0, i*17, i*104729%1_000_000_000, time.UTC)
	l := life{
		id: access.RequestID(fmt.Sprintf("%010x%s", at.UnixMilli(), digits(16, "request", i))), at: at,
		subject: lifePerson(i % 5000), approver: lifePerson(i % 500),
		group: catalog.Group{Provider: "okta", ID: "00g" + digits(17, "group", i%97)},
	}
	app := "Application " + words(1, "app", i%97)
	role := access.Role{
		App: catalog.AppID("app-" + digits(6, "app", i%97)), AppName: app, Entitlement: catalog.EntitlementID("app-" + digits(6, "app", i%97) + "-reader"),
		EntitlementName: "Reader of " + words(2, "role", i%97), Description: "Reads " + words(6, "description", i%97) + ".", Risk: catalog.RiskMedium,
		Groups: []catalog.Group{l.group}, Owners: []string{l.approver.Email}, Notice: time.Hour,
	}
	step := func(n int) time.Time {
		return at.Add(time.Duration(n)*47*time.Minute + time.Duration(i*n*611953%1_000_000_000))
	}
	reporter := l.subject
	reporter.Account = access.AccountID("5b" + digits(22, "account", i%5000))
	key, ask := fmt.Sprintf("ACCESS-%d", i), lifeMessage(i, "ask")
	origin := access.Origin{Envelope: digits(8, "e", i) + "-" + digits(4, "f", i) + "-4" + digits(3, "g", i) + "-8" + digits(3, "h", i) + "-" + digits(12, "k", i), Message: ask}
	l.request = access.Request{
		ID: l.id, Kind: access.KindAccess, Key: "V0" + strings.ToUpper(digits(9, "view", i)), State: access.RequestApproved, Requester: reporter, Subject: l.subject,
		Title: "Senior " + words(1, "title", i%5000), Department: words(1, "department", i%5000), Role: role, Duration: catalog.Duration(8 * time.Hour),
		Justification: words(9, "why", i) + fmt.Sprintf(", FIN-%d.", i),
		Policy: access.Policy{Version: digits(12, "catalog", i/500), Rule: "default for medium risk, rule 2", Steps: []catalog.Step{
			{Approvers: []catalog.Approver{{Kind: catalog.ApproverManager}}, Quorum: 1},
		}},
		Decisions: []access.Decision{{By: l.approver, Verdict: access.Approve, At: step(2), Origin: origin}},
		Asks:      []access.Ask{{Approver: l.approver, Message: ask}}, Status: lifeMessage(i, "status"), Grant: access.GrantID(l.id),
		Issue:    access.Issue{ID: fmt.Sprint(10000 + i), Key: key, URL: "https://example.atlassian.net/browse/" + key},
		Mirrored: 10, CreatedAt: at, DecidedAt: step(2), Deadline: at.Add(72 * time.Hour), Wishes: 14, Unmirrored: 10,
	}
	l.grant = access.Grant{
		ID: access.GrantID(l.id), Request: l.id, State: access.GrantEnded, Subject: l.subject, Role: role, Duration: l.request.Duration,
		Groups: []access.GrantGroup{{Group: l.group, Phase: access.PhaseGone}}, StartedAt: step(6), DueAt: step(7), RevokingAt: step(8), EndedAt: step(9),
		EndReason: access.EndExpired, Notice: lifeMessage(i, "notice"),
	}
	l.tell(step, origin)
	return l
}

// tell makes the chain of events as the core words it.
func (l *life) tell(step func(int) time.Time, origin access.Origin) {
	r, group := &l.request, l.group.String()
	of := map[string]string{"group": group}
	due := l.grant.DueAt.Format("2 Jan 2006 15:04 UTC")
	prev := ""
	for i, e := range []access.Event{
		{Kind: access.EventRequested, Actor: l.subject, Text: l.subject.Name + " asked for " + r.Role.String() + ", 8 hours. Reason given: " + r.Justification, Facts: map[string]string{
			"entitlement": string(r.Role.Entitlement), "duration": "8 hours", "catalog": r.Policy.Version, "rule": r.Policy.Rule, "justification": r.Justification, "kind": "access",
		}},
		{Kind: access.EventIssueOpened, Text: "Issue " + r.Issue.Key + " holds the record.", Facts: map[string]string{"issue": r.Issue.Key}},
		{Kind: access.EventApproved, Actor: l.approver, Text: l.approver.Name + " approved.", Facts: map[string]string{
			"step": "1", "catalog": r.Policy.Version, "slack": string(l.approver.Slack), "user": string(l.approver.User), "envelope": origin.Envelope, "message": origin.Message.TS,
		}},
		{Kind: access.EventProvisioning, Text: "Usher is giving access."},
		{Kind: access.EventInspected, Text: "Read " + group + " before the change.", Facts: map[string]string{"group": group, "member": "false", "status": "ACTIVE"}},
		{Kind: access.EventMemberAdded, Text: "Added " + l.subject.Name + " to " + group + " and read the membership back.", Facts: of},
		{Kind: access.EventActive, Text: "Access is active until " + due + ".", Facts: map[string]string{"due": l.grant.DueAt.Format(time.RFC3339)}},
		{Kind: access.EventRevoking, Text: "The time is up; Usher is removing the access.", Facts: map[string]string{"reason": "expired", "note": ""}},
		{Kind: access.EventMemberRemoved, Text: "Removed " + l.subject.Name + " from " + group + " and read the absence back.", Facts: of},
		{Kind: access.EventEnded, Text: "Access has ended: its time was up (on time).", Facts: map[string]string{"reason": "expired", "late": "412ms"}},
	} {
		e.Request, e.Seq, e.At, e.Prev = l.id, i+1, step(i), prev
		e.Hash, _ = e.Sum() // Fails only if strings cannot be encoded.
		prev = e.Hash
		l.events = append(l.events, e)
	}
	r.Events, r.Head = len(l.events), prev
}

// content is the JSON of all that is there to stay.
func (l *life) content() (int, error) {
	n := 0
	var errs []error
	for _, v := range []any{l.events, l.request, l.request.ID, l.grant} {
		b, err := json.Marshal(v)
		errs, n = append(errs, err), n+len(b)
	}
	return n, errors.Join(errs...)
}

// write does what the core does at one step: the event, the request, from the approval on the grant and its membership, and
// the effects and timers that come and go.
func (l *life) write(tx access.Tx, step int, seal bool) error {
	if step == lifeSteps-1 {
		if seal {
			return tx.Seal(l.id)
		}
		return nil
	}
	r, index := l.request, []string{"requester/" + string(l.subject.User)}
	r.Events, r.Head = step+1, l.events[step].Hash
	if step < 2 {
		index, r.State = append(index, "open", "undone/"+string(l.subject.User)), access.RequestPending
	}
	effect := access.Effect{ID: "mirror/" + string(l.id), Kind: access.EffectMirror, Request: l.id, Rev: step, Due: l.at}
	due := access.Timer{ID: "due/" + string(l.id), Kind: access.TimerDue, At: l.grant.DueAt, Request: l.id}
	errs := []error{tx.Append(l.events[step]), tx.Put(access.Requests, string(l.id), r, index...)}
	if step == 0 {
		errs = append(errs, tx.Put(access.Keys, r.Key, r.ID))
	}
	if step < lifeSteps-2 {
		errs = append(errs, tx.PutEffect(effect))
	} else {
		errs = append(errs, tx.DropEffect(effect.ID), tx.ClearTimer(due.ID))
	}
	if step < 2 {
		return errors.Join(errs...)
	}
	g, held := l.grant, []string{"all"}
	m := access.Membership{Group: l.group, User: l.subject.User, RemovedAt: g.EndedAt}
	if step < lifeSteps-2 {
		g.State, held = access.GrantActive, append(held, "open", "subject/"+string(l.subject.User))
		m.Given, m.Leases = true, []access.GrantID{g.ID}
		errs = append(errs, tx.SetTimer(due))
	}
	return errors.Join(append(errs, tx.Put(access.Grants, string(l.id), g, held...), tx.Put(access.Memberships, m.Key(), m))...)
}
