package google

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"usher/idp"
)

// maxSkew is how far the two clocks may be apart before signed assertions are refused.
const maxSkew = time.Minute

// Check judges the credentials, every scope and the right behind it, and the clock. It sends reads only, about eight, and asks
// for fresh access tokens, so that what has just been mended is seen. What cannot be tried without changing something is told.
func (p *Provider) Check(ctx context.Context) []idp.Finding {
	p.tokens.forget()
	var page struct {
		Groups []groupRow `json:"groups"`
	}
	one := url.Values{"customer": {"my_customer"}, "maxResults": {"1"}}
	err := p.read(ctx, p.directory("check groups", scopeGroups, http.MethodGet, "", one, "groups"), &page)
	if kind := idp.KindOf(err); err != nil && kind != idp.Forbidden {
		return append([]idp.Finding{p.finding("credentials", err, "", credentialsFix)}, p.checkClock())
	}
	findings := []idp.Finding{{Subject: "credentials", OK: true, Detail: p.actsAs()}}
	findings = append(findings, p.finding("right to read groups", err, "Groups can be read.", p.grant(scopeGroups, "read groups")))
	var some groupRow
	if len(page.Groups) > 0 {
		some = page.Groups[0]
	}
	labels, resource := p.checkLabels(ctx, some)
	findings = append(findings, p.checkUsers(ctx), p.checkMembers(ctx, some), labels, p.checkRoles(ctx))
	findings = append(findings, p.checkExpiryScope(ctx), p.checkEdition(ctx, resource))
	return append(findings, p.checkClock(), p.checkBudget())
}

const credentialsFix = "Compare service account, key and subject with the Cloud project and with Security, API controls, Domain-wide delegation in the admin console."

func (p *Provider) actsAs() string {
	if p.cfg.Subject != "" {
		return "The service account acts for the configured admin by domain-wide delegation."
	}
	return "The service account acts as itself, with an admin role of its own."
}

// grant says how a scope or the right behind it is given.
func (p *Provider) grant(scope, what string) string {
	short := strings.TrimPrefix(scope, scopePrefix)
	if p.cfg.Subject != "" {
		return fmt.Sprintf("Add the scope %s to the service account's client id under Domain-wide delegation, and give the configured admin a role that may %s.", short, what)
	}
	return fmt.Sprintf("Give the service account an admin role that may %s (scope %s).", what, short)
}

func (p *Provider) checkUsers(ctx context.Context) idp.Finding {
	var page struct{}
	query := url.Values{"customer": {"my_customer"}, "maxResults": {"1"}}
	err := p.read(ctx, p.directory("check users", scopeUsers, http.MethodGet, "", query, "users"), &page)
	return p.finding("right to read users", err, "Users can be read.", p.grant(scopeUsers, "read users"))
}

func (p *Provider) checkMembers(ctx context.Context, some groupRow) idp.Finding {
	const subject = "right to change members"
	if some.ID == "" {
		return p.checkToken(ctx, scopeMembers, subject)
	}
	var page struct{}
	ask := p.directory("check members", scopeMembers, http.MethodGet, idp.GroupNotFound, url.Values{"maxResults": {"1"}}, "groups", some.ID, "members")
	err := p.read(ctx, ask, &page)
	return p.finding(subject, err, "Members can be read with the scope that also changes them; the role behind it shows only when a group is changed.", p.grant(scopeMembers, "change members of groups"))
}

// checkLabels also returns the group's name in the Cloud Identity API; empty if the group cannot be read there.
func (p *Provider) checkLabels(ctx context.Context, some groupRow) (idp.Finding, string) {
	const subject = "right to read labels of groups"
	if some.Email == "" {
		return p.checkToken(ctx, scopeLabels, subject), ""
	}
	resource, _, err := p.labels(ctx, "check labels", some.Email)
	fix := p.grant(scopeLabels, "read groups") + " Enable the Cloud Identity API in the Cloud project as well."
	return p.finding(subject, err, "Dynamic and locked groups are recognized.", fix), resource
}

// checkRoles is no failure without the right: the least rights that do the work do not include it.
func (p *Provider) checkRoles(ctx context.Context) idp.Finding {
	const subject = "right to read admin roles of groups"
	var page struct{}
	ask := p.directory("check admin roles", scopeRoles, http.MethodGet, "", url.Values{"maxResults": {"1"}}, "customer", "my_customer", "roleassignments")
	err := p.read(ctx, ask, &page)
	if idp.KindOf(err) == idp.Forbidden {
		return idp.Finding{
			Subject: subject, OK: true,
			Detail: "Cannot be judged: admin roles may not be read (admin.directory.rolemanagement.readonly). Look yourself that no governed group holds one.",
		}
	}
	return p.finding(subject, err, "Groups that hold an administrator role are recognized.", p.grant(scopeRoles, "read admin roles"))
}

// checkToken tries a scope that cannot be used without changing something.
func (p *Provider) checkToken(ctx context.Context, scope, subject string) idp.Finding {
	return p.tokenFinding(scope, subject, p.tryToken(ctx, scope))
}

// tryToken tries whether an access token for a scope can be had.
func (p *Provider) tryToken(ctx context.Context, scope string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.at.admin.String(), nil)
	if err != nil {
		return err
	}
	return p.tokens.Authorize(ctx, req, scope)
}

func (p *Provider) tokenFinding(scope, subject string, err error) idp.Finding {
	short := strings.TrimPrefix(scope, scopePrefix)
	return p.finding(subject, err, "The scope "+short+" is granted; the role behind it shows only when it is used.", p.grant(scope, "do this"))
}

func (p *Provider) checkClock() idp.Finding {
	if p.ServerTime().IsZero() {
		return idp.Finding{Subject: "clock", Detail: "Google has not told its time.", Fix: "Mend the findings above first."}
	}
	skew := p.client.Skew().Round(time.Second)
	f := idp.Finding{Subject: "clock", OK: skew.Abs() <= maxSkew, Detail: fmt.Sprintf("Google's clock minus ours is %v.", skew)}
	if !f.OK {
		f.Fix = "Set the clock of this machine by NTP."
	}
	return f
}

func (p *Provider) checkBudget() idp.Finding {
	left, limit := p.client.Left(laneDirectory)
	f := idp.Finding{Subject: "rate limits", OK: float64(left) > p.cfg.Reserve*float64(limit)}
	f.Detail = fmt.Sprintf("%d of %d calls of this minute are left. Google does not tell its limit; compare the number with the quota page of the Cloud project.", left, limit)
	if !f.OK {
		f.Fix = "Wait a minute, or raise the quota in the Cloud project and google.per_minute in the settings with it."
	}
	return f
}

// finding turns the outcome of a probe into a finding.
func (p *Provider) finding(subject string, err error, well, fix string) idp.Finding {
	if err == nil {
		return idp.Finding{Subject: subject, OK: true, Detail: well}
	}
	f := idp.Finding{Subject: subject, Detail: err.Error(), Fix: fix}
	if kind := idp.KindOf(err); kind == idp.Throttled || kind == idp.Unavailable {
		f.Fix = "Google could not be asked; check the network, then try again."
	}
	return f
}
