package entra

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"usher/idp"
)

// maxSkew is how far the two clocks may be apart before sign-ins and expiry suffer.
const maxSkew = time.Minute

var (
	errNoGroup = errors.New("a group without id in the answer")
	errNoApp   = errors.New("an app without id in the answer")
)

// right is something that the app may need, and the permissions of which any one gives it, the least first.
type right struct {
	subject string
	anyOf   []string
	without string // what is lacking then; empty: the app is of no use without
}

// rights lists what can be judged by the names of permissions alone. Source: the permission tables of the Graph reference.
func rights() []right {
	return []right{
		{"right to change members", []string{"GroupMember.ReadWrite.All", "Group.ReadWrite.All", "Directory.ReadWrite.All"}, ""},
		{"right to read users", []string{"User.Read.All", "User.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"}, ""},
		{"right to read sign-ins", []string{"AuditLog.Read.All"}, "knowledge of the last use of apps"},
		{"right to use PIM for Groups", []string{pimRight}, "end of access that Entra itself sees to"},
	}
}

// tooMuch lists permissions that an app of this kind must not hold, and why.
func tooMuch() map[string]string {
	return map[string]string{
		"User.ReadWrite.All":                 "with it one wrong call deletes an account",
		"Directory.ReadWrite.All":            "with it one wrong call deletes accounts and groups",
		"RoleManagement.ReadWrite.Directory": "with it the app can make anybody an admin",
		"AppRoleAssignment.ReadWrite.All":    "with it the app can give itself every right",
		"Group.ReadWrite.All":                "with it the app can delete groups and read their mail",
	}
}

// Check judges the credentials, the consented permissions, the license, the clock and the limits. It sends reads only, about seven.
func (p *Provider) Check(ctx context.Context) []idp.Finding {
	limited, cancel := context.WithTimeoutCause(ctx, p.cfg.Timeout, errTimeout)
	defer cancel()
	token, err := p.tokens.get(limited)
	if err != nil {
		return []idp.Finding{finding("credentials", asError(err, "check sign-in"), "",
			"Compare tenant id, client id and secret or certificate with the app registration in the Entra admin center, and look whether they have expired.")}
	}
	findings := []idp.Finding{{Subject: "credentials", OK: true, Detail: "The app signs in."}}
	held, readable := readClaims(token)
	if readable {
		findings = append(findings, judgeRights(held.Roles)...)
	} else {
		findings = append(findings, idp.Finding{Subject: "permissions", OK: true, Detail: "Cannot be judged: the token does not show them. The reads below tell."})
	}
	groups, group := p.checkGroups(ctx)
	findings = append(findings, groups, p.checkUsers(ctx), p.checkApps(ctx))
	if slices.Contains(held.Roles, "AuditLog.Read.All") {
		findings = append(findings, p.checkSignIns(ctx))
	}
	if !readable || slices.Contains(held.Roles, pimRight) {
		findings = append(findings, p.checkPIM(ctx, group))
	}
	return append(findings, p.checkClock(), p.checkLimits())
}

// judgeRights compares what an admin has consented to with what is needed.
func judgeRights(held []string) []idp.Finding {
	var findings []idp.Finding
	for _, r := range rights() {
		f := idp.Finding{Subject: r.subject, OK: true, Detail: "Not granted, so there is no " + r.without + ".", Fix: "If you want it, grant " + r.anyOf[0] + "."}
		f.NoExpiry = r.anyOf[0] == pimRight
		at := slices.IndexFunc(r.anyOf, func(role string) bool { return slices.Contains(held, role) })
		switch {
		case at >= 0:
			f.Detail, f.Fix, f.NoExpiry = "By "+r.anyOf[at]+".", "", false
		case r.without == "":
			f.OK, f.Detail = false, "The application permission "+r.anyOf[0]+" is missing."
			f.Fix = "Add " + r.anyOf[0] + " as an application permission of Microsoft Graph to the app registration and grant admin consent."
		}
		findings = append(findings, f)
	}
	var excess []string
	for role, why := range tooMuch() {
		if slices.Contains(held, role) {
			excess = append(excess, role+" ("+why+")")
		}
	}
	slices.Sort(excess)
	if len(excess) == 0 {
		return append(findings, idp.Finding{Subject: "least privilege", OK: true, Detail: "No permission is granted that could delete people or make admins."})
	}
	return append(findings, idp.Finding{
		Subject: "least privilege", Detail: "More is granted than is safe: " + strings.Join(excess, ", ") + ".",
		Fix: "Remove these application permissions from the app registration, or give Usher a registration of its own.",
	})
}

// checkGroups also returns some group for further checks.
func (p *Provider) checkGroups(ctx context.Context) (idp.Finding, string) {
	var page struct {
		Value []groupRow `json:"value"`
	}
	err := p.one(ctx, call{op: "check groups", path: "/groups", query: url.Values{"$select": {"id"}, "$top": {"1"}}}, &page)
	f := finding("reading groups", err, "Groups can be read.", "Grant the application permission GroupMember.ReadWrite.All.")
	if err != nil || len(page.Value) == 0 || !isGUID(page.Value[0].ID) {
		return f, ""
	}
	return f, page.Value[0].ID
}

func (p *Provider) checkUsers(ctx context.Context) idp.Finding {
	_, err := p.do(ctx, call{op: "check users", path: "/users", query: url.Values{"$select": {userFields}, "$top": {"1"}}, units: 2})
	return finding("reading users", err, "Users can be read.", "Grant the application permission User.Read.All.")
}

func (p *Provider) checkSignIns(ctx context.Context) idp.Finding {
	_, err := p.do(ctx, call{op: "check sign-in log", path: "/auditLogs/signIns", query: url.Values{"$top": {"1"}}, class: reports})
	f := finding("reading sign-ins", err, "Sign-ins can be read.", "The last use of apps needs Entra ID P1. Buy it or do without.")
	f.OK = f.OK || codeOf(err) == codeNoPremium // A missing license is a fact and not a fault.
	return f
}

func (p *Provider) checkClock() idp.Finding {
	if p.ServerTime().IsZero() {
		return idp.Finding{Subject: "clock", Detail: "Graph has not told its time.", Fix: "Mend the findings above first."}
	}
	skew := time.Duration(p.wire.skew.Load()).Round(time.Second)
	f := idp.Finding{Subject: "clock", OK: skew.Abs() <= maxSkew, Detail: fmt.Sprintf("Graph's clock minus ours is %v.", skew)}
	if !f.OK {
		f.Fix = "Set the clock of this machine by NTP."
	}
	return f
}

// checkLimits reports what is left of the limits by what Graph has told so far.
func (p *Provider) checkLimits() idp.Finding {
	units, changes := p.gate.left(reads), p.gate.left(writes)
	f := idp.Finding{
		Subject: "limits", OK: units > p.cfg.Reserve && changes > p.cfg.Reserve,
		Detail: fmt.Sprintf("%.0f %% of the resource units and %.0f %% of the writes are left.", 100*units, 100*changes),
	}
	if !f.OK {
		f.Fix = "Something else spends the limits of this app registration. Give Usher one of its own."
	}
	return f
}

// finding turns the outcome of a probe into a finding.
func finding(subject string, err error, well, fix string) idp.Finding {
	if err == nil {
		return idp.Finding{Subject: subject, OK: true, Detail: well}
	}
	f := idp.Finding{Subject: subject, Detail: err.Error(), Fix: fix}
	if kind := idp.KindOf(err); kind == idp.Throttled || kind == idp.Unavailable {
		f.Fix = "Graph could not be asked; check the address and the network, then try again."
	}
	return f
}
