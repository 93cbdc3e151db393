package bot

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"usher/access"
	"usher/catalog"
	"usher/idp"
)

// The company of the gallery.
func ann() access.Person { return person("ann", "Ann Chen") }
func bob() access.Person { return person("bob", "Bob Ito") }
func cyd() access.Person { return person("cyd", "Cyd O'Hara") }

func person(id, name string) access.Person {
	return access.Person{User: idp.UserID("00u" + id), Slack: access.SlackID("U1" + strings.ToUpper(id)), Email: id + "@example.com", Name: name}
}

func noon() time.Time { return time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC) }

func testID(n int) string { return fmt.Sprintf("06h0qjsedbdezp92ha6y%06d", n) }

const (
	hour = catalog.Duration(time.Hour)
	day  = 24 * hour
)

func writeRole() access.Role {
	return access.Role{
		App: "github", AppName: "GitHub", Entitlement: "github-write", EntitlementName: "Write",
		Description: "Push to every repository", Risk: catalog.RiskMedium,
	}
}

func adminRole() access.Role {
	return access.Role{
		App: "github", AppName: "GitHub", Entitlement: "github-admin", EntitlementName: "Administrator",
		Description: "Everything, including other people's access", Risk: catalog.RiskCritical, Elevated: true,
	}
}

func pendingRequest(n int) access.Request {
	return access.Request{
		ID: access.RequestID(testID(n)), Kind: access.KindAccess, State: access.RequestPending, Requester: ann(), Subject: ann(),
		Title: "Engineer", Department: "Payments", Role: writeRole(), Duration: day, Justification: "Fix the checkout bug",
		Policy:    access.Policy{Rule: "manager", Because: "Your manager knows whether you need it", Steps: []catalog.Step{{Quorum: 1}}},
		Asks:      []access.Ask{{Approver: bob(), Message: access.MessageRef{Channel: "D1BOB", TS: "1.1"}}, {Approver: cyd()}},
		Issue:     access.Issue{ID: "10001", Key: "ACCESS-1", URL: "https://example.atlassian.net/browse/ACCESS-1"},
		CreatedAt: noon(), Deadline: noon().Add(72 * time.Hour),
	}
}

func twoSteps(n int) access.Request {
	r := pendingRequest(n)
	r.Role, r.Duration = adminRole(), hour
	r.Policy.Steps = []catalog.Step{{Quorum: 1}, {Quorum: 2}}
	r.Step, r.Asks = 1, []access.Ask{{Step: 0, Approver: bob()}, {Step: 1, Approver: cyd()}, {Step: 1, Approver: person("dee", "Dee")}}
	r.Decisions = []access.Decision{{Step: 0, By: bob(), Verdict: access.Approve, At: noon().Add(time.Minute)}}
	return r
}

func ended(r access.Request, s access.RequestState, ds ...access.Decision) access.Request {
	r.State, r.Decisions, r.DecidedAt = s, ds, noon().Add(time.Hour)
	return r
}

func approvedBy(p access.Person) access.Decision {
	return access.Decision{By: p, Verdict: access.Approve, At: noon().Add(time.Hour)}
}

func deniedBy(p access.Person, reason string) access.Decision {
	return access.Decision{By: p, Verdict: access.Deny, Reason: reason, At: noon().Add(time.Hour)}
}

func grantIn(n int, s access.GrantState) access.Grant {
	return access.Grant{
		ID: access.GrantID(testID(n)), Request: access.RequestID(testID(n)), State: s, Subject: ann(), Role: writeRole(), Duration: day,
		StartedAt: noon(), DueAt: noon().Add(24 * time.Hour),
	}
}

func granted(n int, s access.GrantState, change func(*access.Grant)) (access.Request, *access.Grant) {
	r := ended(pendingRequest(n), access.RequestApproved, approvedBy(bob()))
	r.Grant = access.GrantID(r.ID)
	g := grantIn(n, s)
	if change != nil {
		change(&g)
	}
	return r, &g
}

func statusOfGrant(n int, s access.GrantState, offer access.ExtensionOffer, change func(*access.Grant)) message {
	r, g := granted(n, s, change)
	return statusMessage(access.Message{Kind: access.MessageStatus, To: ann(), Request: r, Grant: g, Extension: offer})
}

func onePreview() *access.Preview {
	return &access.Preview{
		Role: writeRole(), Durations: []catalog.Duration{hour, 6 * hour, day}, Duration: 6 * hour,
		Steps: []access.PreviewStep{{People: []access.Person{bob(), cyd()}, Quorum: 1}}, Because: "Your manager knows whether you need it",
	}
}

// gallery holds one of every view and message, by file name.
func gallery() map[string]any {
	all := map[string]any{}
	for name, f := range forms4gallery() {
		all["form_"+name] = formView(f)
	}
	for name, m := range asks4gallery() {
		all["ask_"+name] = askMessage(m)
	}
	for name, m := range statuses4gallery() {
		all["status_"+name] = m
	}
	for name, h := range homes4gallery() {
		all["home_"+name] = homeView(h, nil)
	}
	r, g := granted(1, access.GrantActive, nil)
	all["loading"], all["filing"], all["working"] = loadingView(), filingView(), workingView("Deny this request")
	all["ephemeral"] = sentenceMessage("You decided on this already.")
	all["sentence"] = sentenceView(formTitle, "Jira cannot be reached at the moment, and nothing is given without an issue. Please try again later.")
	all["home_refused"] = homeSentence("Usher serves full members of this workspace only.")
	pending := pendingRequest(1)
	all["filed"] = filedView(pending)
	auto := ended(pending, access.RequestApproved)
	auto.Policy.Steps, auto.Issue = nil, access.Issue{}
	all["filed_automatic"] = filedView(auto)
	all["deny"] = denyView(meta{Request: pending.ID, Message: access.MessageRef{Channel: "D1BOB", TS: "1.1"}}, &pending)
	all["deny_unknown"] = denyView(meta{Request: pending.ID}, nil)
	all["revoke"] = revokeView(meta{Grant: g.ID}, &r, g)
	all["revoke_whose"] = holderView("", nil, noon())
	all["revoke_nothing"] = holderView("U1ANN", nil, noon())
	all["revoke_which"] = holderView("U1ANN", []access.Grant{*g}, noon())
	all["details"] = stateView(r, g)
	for i, f := range found4gallery().Found[:2] {
		all["suggestion_"+strconv.Itoa(i)] = suggestionView(f, access.Suggest(f))
	}
	all["status_folded"] = foldedMessage(access.Message{Kind: access.MessageStatus, To: ann(), Request: r, Grant: g})
	all["notice"] = noticeMessage(access.Message{Kind: access.MessageNotice, To: ann(), Request: r, Grant: g, Extension: access.ExtensionOffer{By: day}})
	all["notice_last"] = noticeMessage(access.Message{Kind: access.MessageNotice, To: ann(), Request: r, Grant: g, Extension: access.ExtensionOffer{Why: "It can be extended once, and that has been used."}})
	longer := *g
	longer.DueAt, longer.Extensions = g.DueAt.Add(24*time.Hour), 1
	all["notice_extended"] = noticeMessage(access.Message{Kind: access.MessageNotice, To: ann(), At: access.MessageRef{Channel: "D1ANN", TS: "1.1"}, Request: r, Grant: &longer, Extension: access.ExtensionOffer{By: day}})
	over, gone := granted(1, access.GrantEnded, func(g *access.Grant) { g.EndReason = access.EndReleased })
	all["notice_over"] = noticeMessage(access.Message{Kind: access.MessageNotice, To: ann(), Request: over, Grant: gone})
	return all
}

func forms4gallery() map[string]form {
	role := writeRole()
	base := form{Meta: meta{Key: "k"}}
	chosen := form{Meta: meta{Key: "k", Entitlement: role.Entitlement}, Role: &role, Preview: onePreview()}
	out := map[string]form{"empty": base, "chosen": chosen}

	f := chosen
	p := *onePreview()
	p.Automatic, p.Steps = true, nil
	f.Preview = &p
	out["automatic"] = f

	f = chosen
	p2 := *onePreview()
	p2.Steps = []access.PreviewStep{{People: []access.Person{bob()}, Quorum: 1}, {People: []access.Person{cyd(), ann(), bob()}, Quorum: 2}, {Quorum: 1}}
	p2.Durations = []catalog.Duration{hour, 2 * hour, 3 * hour, 6 * hour, day, catalog.Standing}
	f.Preview = &p2
	out["steps"] = f

	f = chosen
	p3 := *onePreview()
	p3.Extends, p3.Duration = noon(), day
	f.Preview = &p3
	out["extends"] = f

	f = base
	f.Meta.Entitlement = role.Entitlement
	f.Alert = "You cannot ask for GitHub: Write: only Engineering may."
	out["refused"] = f

	f = chosen
	six := 6 * hour
	f.Alert, f.Duration, f.Reason = strings.Repeat("A long sentence about what went wrong. ", 8), &six, "Because"
	out["again"] = f

	f = base
	f.Words, f.Suggestions = "git", []access.Choice{{Entitlement: "github-write", Role: writeRole()}, {Entitlement: "github-admin", Role: adminRole()}}
	out["suggestions"] = f
	f.Words, f.Suggestions = "nothing like it", nil
	out["no_hit"] = f
	f.Closed = []access.Closed{{Role: adminRole(), Why: "Only the platform team administers GitHub"}}
	out["closed"] = f
	return out
}

func asks4gallery() map[string]access.Message {
	ask := func(r access.Request, g *access.Grant, to access.Person, open bool) access.Message {
		return access.Message{Kind: access.MessageAsk, To: to, Request: r, Grant: g, Open: open}
	}
	r, g := granted(1, access.GrantActive, nil)
	failed, nothing := granted(1, access.GrantFailed, func(g *access.Grant) { g.Failure = "the group behind this role is not in the directory any more." })
	ext := pendingRequest(2)
	ext.Kind = access.KindExtension
	standing := pendingRequest(3)
	standing.Duration = catalog.Standing
	return map[string]access.Message{
		"open":          ask(pendingRequest(1), nil, bob(), true),
		"open_risky":    ask(twoSteps(1), nil, cyd(), true),
		"open_extend":   ask(ext, g, bob(), true),
		"open_standing": ask(standing, nil, bob(), true),
		"step_done":     ask(twoSteps(1), nil, bob(), false),
		"approved":      ask(r, g, bob(), false),
		"failed":        ask(failed, nothing, bob(), false),
		"denied":        ask(ended(pendingRequest(1), access.RequestDenied, deniedBy(cyd(), "Use the viewer role.")), nil, bob(), false),
		"canceled":      ask(ended(pendingRequest(1), access.RequestCanceled), nil, bob(), false),
		"expired":       ask(ended(pendingRequest(1), access.RequestExpired), nil, bob(), false),
	}
}

func statuses4gallery() map[string]message {
	status := func(r access.Request, g *access.Grant) message {
		return statusMessage(access.Message{Kind: access.MessageStatus, To: ann(), Request: r, Grant: g})
	}
	fresh := pendingRequest(1)
	fresh.Issue = access.Issue{}
	stuck := pendingRequest(1)
	stuck.Trouble = "Jira cannot be reached or refuses the change; Usher keeps trying."
	_, g := granted(1, access.GrantActive, nil)
	ext := ended(pendingRequest(2), access.RequestApproved, approvedBy(bob()))
	ext.Kind, ext.Extended = access.KindExtension, true
	offer := access.ExtensionOffer{By: day}
	return map[string]message{
		"pending":      status(pendingRequest(1), nil),
		"pending_new":  status(fresh, nil),
		"pending_two":  status(twoSteps(1), nil),
		"trouble":      status(stuck, nil),
		"denied":       status(ended(pendingRequest(1), access.RequestDenied, deniedBy(bob(), "Use the viewer role.")), nil),
		"canceled":     status(ended(pendingRequest(1), access.RequestCanceled), nil),
		"expired":      status(ended(pendingRequest(1), access.RequestExpired), nil),
		"approved":     status(ended(pendingRequest(1), access.RequestApproved), nil),
		"extended":     status(ext, g),
		"provisioning": statusOfGrant(1, access.GrantProvisioning, offer, func(g *access.Grant) { g.Trouble = "The directory cannot be reached; Usher keeps trying." }),
		"active":       statusOfGrant(1, access.GrantActive, offer, nil),
		"standing":     statusOfGrant(1, access.GrantActive, access.ExtensionOffer{}, func(g *access.Grant) { g.DueAt = time.Time{} }),
		"ending":       statusOfGrant(1, access.GrantRevoking, offer, func(g *access.Grant) { g.EndReason = access.EndExpired }),
		"ended": statusOfGrant(1, access.GrantEnded, offer, func(g *access.Grant) {
			g.EndReason, g.EndedBy, g.EndNote, g.EndedAt = access.EndRevoked, cyd(), "Left the project", noon().Add(time.Hour)
		}),
		"active_before": statusOfGrant(1, access.GrantActive, offer, func(g *access.Grant) {
			g.Groups = []access.GrantGroup{{Phase: access.PhaseMember, Preexisting: true}}
		}),
		"ended_before": statusOfGrant(1, access.GrantEnded, offer, func(g *access.Grant) {
			g.EndReason, g.EndedAt = access.EndExpired, noon().Add(24*time.Hour)
			g.Groups = []access.GrantGroup{{Phase: access.PhaseKept, Preexisting: true}}
		}),
		"ended_needed": statusOfGrant(1, access.GrantEnded, offer, func(g *access.Grant) {
			g.EndReason, g.EndedAt = access.EndReleased, noon().Add(time.Hour)
			g.Groups = []access.GrantGroup{{Phase: access.PhaseKept}}
		}),
		"ended_partly": statusOfGrant(1, access.GrantEnded, offer, func(g *access.Grant) {
			g.EndReason, g.EndedAt = access.EndOffboarded, noon().Add(time.Hour)
			g.Groups = []access.GrantGroup{{Phase: access.PhaseGone}, {Phase: access.PhaseKept, Preexisting: true}}
		}),
		"stopped": statusOfGrant(1, access.GrantProvisioning, offer, func(g *access.Grant) {
			g.Failure, g.EndedBy, g.EndNote = "Cyd O'Hara stopped it before access was given.", cyd(), "Wrong <!channel> role"
		}),
		"failed": statusOfGrant(1, access.GrantFailed, offer, func(g *access.Grant) { g.Failure = "the group behind this role is not in the directory any more." }),
	}
}

func homes4gallery() map[string]access.Home {
	active, ending := grantIn(1, access.GrantActive), grantIn(2, access.GrantRevoking)
	ending.Trouble = "The directory cannot be reached; Usher keeps trying."
	done, gone := granted(3, access.GrantEnded, func(g *access.Grant) { g.EndReason = access.EndExpired })
	offer := access.ExtensionOffer{By: day}
	issue := pendingRequest(1).Issue
	full := access.Home{
		Person: ann(), Now: noon().Add(2 * time.Hour),
		Grants:    []access.HomeGrant{{Grant: active, Issue: issue, Extension: offer}, {Grant: ending, Issue: issue}},
		Pending:   []access.Request{pendingRequest(4)},
		Decisions: []access.Request{twoSteps(5)},
		Recent:    []access.HomeRecent{{Request: done, Grant: gone}},
	}
	admin := full
	admin.Admin, admin.ActiveGrants, admin.OpenRequests = true, 12, 3
	admin.Unassigned = []string{"Figma", "Miro & Co", "A", "B", "C", "D", "E", "F", "G", "H"}
	admin.Discovery = found4gallery()
	admin.Groups = []access.RoleGroup{
		{Role: "GitHub: Write", KnownGroup: access.KnownGroup{
			Group: catalog.Group{Provider: "okta", ID: "00g1"}, Name: "prod-admins", Was: "github-write", Renamed: noon(),
		}},
		{Role: "Zoom: Host", KnownGroup: access.KnownGroup{Group: catalog.Group{Provider: "okta", ID: "00g2"}, Name: "zoom-hosts", Gone: noon()}},
		{Role: "Figma: Editor", KnownGroup: access.KnownGroup{Group: catalog.Group{Provider: "google", ID: "03x"}, Gone: noon()}},
	}
	admin.Lateness = map[string]access.Lateness{
		"okta": {Count: 4211, P50: 412 * time.Millisecond, P99: 1900 * time.Millisecond, Max: 61 * time.Second}, "entra": {},
	}
	late := grantIn(6, access.GrantRevoking)
	late.DueAt = noon().Add(-time.Hour)
	admin.Overdue = []access.Grant{late}
	admin.Failures = []access.Failure{{
		Effect: access.Effect{Kind: access.EffectRemove, Target: "okta", Request: late.Request, Grant: late.ID, Attempts: 4, LastError: "remove member: unavailable"},
		Role:   writeRole(), Person: ann(), Issue: issue,
	}}
	none := access.Home{Person: ann(), Now: noon(), Admin: true, Discovery: &access.Discovery{At: noon()}}
	blind := none
	blind.Discovery = &access.Discovery{At: noon(), Silent: []string{"billing"}, Troubles: map[string]string{"okta": "Its groups are not all here: discover groups: unauthorized."}}
	return map[string]access.Home{
		"empty": {Person: ann(), Now: noon()}, "full": full, "admin": admin, "crowded": crowded(), "found_nothing": none, "seen_nothing": blind,
		"not_looked": {Person: ann(), Now: noon(), Admin: true}, "looking": {Person: ann(), Now: noon(), Admin: true, Looking: true},
	}
}

// found4gallery is what the directories have beside the catalog.
func found4gallery() *access.Discovery {
	group := func(id string) catalog.Group { return catalog.Group{Provider: "okta", ID: id} }
	d := &access.Discovery{
		At: noon(), More: 12, Silent: []string{"billing"}, Troubles: map[string]string{"entra": "Its groups are not all here: discover groups: unavailable (HTTP 503)."},
		Found: []access.FoundGroup{
			{Group: group("00g7"), Name: "datadog-viewer", Description: "Reads `dashboards` & <alerts>", Members: 1204, App: "Datadog", AppID: "0oa1", Owners: []string{"bob@acme.example", "cyd@acme.example"}, LastUse: noon()},
			{Group: group("00g8"), Name: "*miro* ```", Members: 1, Owners: []string{"bob@acme.example"}},
		},
	}
	for i := range 9 {
		d.Found = append(d.Found, access.FoundGroup{Group: group("00h" + strconv.Itoa(i)), Name: "team-" + strconv.Itoa(i), Members: -1})
	}
	return d
}

// crowded has more of everything than fits.
func crowded() access.Home {
	h := access.Home{Person: ann(), Admin: true, Now: noon()}
	for i := range 60 {
		g := grantIn(i, access.GrantActive)
		h.Grants = append(h.Grants, access.HomeGrant{Grant: g, Extension: access.ExtensionOffer{By: hour}})
		h.Pending = append(h.Pending, pendingRequest(100+i))
		h.Decisions = append(h.Decisions, pendingRequest(200+i))
		h.Overdue = append(h.Overdue, grantIn(300+i, access.GrantRevoking))
		h.Failures = append(h.Failures, access.Failure{Effect: access.Effect{Request: access.RequestID(testID(400 + i))}, Role: writeRole(), Person: ann()})
		r, _ := granted(500+i, access.GrantEnded, nil)
		h.Recent = append(h.Recent, access.HomeRecent{Request: r})
	}
	h.Discovery = found4gallery()
	return h
}
