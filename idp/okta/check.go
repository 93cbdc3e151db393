package okta

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"usher/idp"
)

// maxSkew is how far the two clocks may be apart before log queries and signed assertions suffer.
const maxSkew = time.Minute

// Check judges the credentials, their rights, the clock and the rate budget. It sends reads only, about eight.
func (p *Provider) Check(ctx context.Context) []idp.Finding {
	findings := []idp.Finding{}
	if _, ok := p.wire.auth.(token); ok {
		findings = append(findings, p.checkToken(ctx)...)
	} else {
		app, signedIn := p.checkServiceApp(ctx)
		if findings = append(findings, app...); !signedIn {
			return findings // All that follows would fail for the same reason.
		}
	}
	groups, group := p.checkGroups(ctx)
	findings = append(findings, groups, p.checkUsers(ctx), p.checkRules(ctx), p.checkRoles(ctx, group), p.checkLogs(ctx))
	return append(findings, p.checkClock(), p.checkBudget())
}

// checkToken looks at the API token and at the roles of its owner, from which the right to change members follows.
func (p *Provider) checkToken(ctx context.Context) []idp.Finding {
	const op = "check token"
	owner, err := p.userByKey(ctx, op, "me")
	if err != nil {
		return []idp.Finding{finding("credentials", err, "", "Make a new API token in the Okta admin console under Security, API, Tokens, and give it to Usher.")}
	}
	findings := []idp.Finding{{
		Subject: "credentials", OK: owner.Status == idp.Active,
		Detail: fmt.Sprintf("The token belongs to user %s (%s) and ends with that account.", owner.ID, owner.StatusDetail),
		Fix:    fixUnless(owner.Status == idp.Active, "Make the token as an active account that belongs to no person."),
	}}
	x, err := p.do(ctx, call{op: op, bucket: "GET users/id/roles", missing: idp.UserNotFound}, func(ctx context.Context) error {
		_, _, err := p.api.RoleAssignmentAPI.ListAssignedRolesForUser(ctx, string(owner.ID)).Execute()
		return err
	})
	var roles []string
	if err == nil {
		roles, err = x.roles(op)
	}
	return append(findings, judgeOwner(roles, err))
}

// judgeOwner says what the roles of the token's owner mean for changing members.
func judgeOwner(roles []string, err error) idp.Finding {
	const subject = "right to change members"
	const fix = "Give the owner of the token a custom role with the permissions to manage group members and view users and groups, limited to the governed groups."
	able := []string{"ORG_ADMIN", "USER_ADMIN", "GROUP_MEMBERSHIP_ADMIN"}
	switch {
	case err != nil:
		return idp.Finding{
			Subject: subject, OK: true,
			Detail: "Cannot be judged without changing something: the token may not read the roles of its owner.",
		}
	case slices.Contains(roles, "SUPER_ADMIN"):
		return idp.Finding{Subject: subject, OK: true, Detail: "The token is that of a super admin: enough, and far more than needed.", Fix: fix}
	case slices.ContainsFunc(able, func(role string) bool { return slices.Contains(roles, role) }):
		return idp.Finding{Subject: subject, OK: true, Detail: "By role " + strings.Join(roles, ", ") + ". Whether it is limited to some groups shows only when a group is changed."}
	case slices.Contains(roles, "CUSTOM"):
		return idp.Finding{Subject: subject, OK: true, Detail: "The owner has a custom role; whether that covers the governed groups cannot be judged without changing something."}
	default:
		return idp.Finding{Subject: subject, Detail: fmt.Sprintf("None of the owner's roles (%s) can change group members.", strings.Join(roles, ", ")), Fix: fix}
	}
}

func (p *Provider) oneGroup(ctx context.Context) error {
	_, _, err := p.api.GroupAPI.ListGroups(ctx).Limit(1).Execute()
	return err
}

// checkGroups also returns some group for further checks.
func (p *Provider) checkGroups(ctx context.Context) (idp.Finding, idp.GroupID) {
	const op = "check groups"
	var rows []groupRow
	x, err := p.do(ctx, call{op: op, bucket: bucketGroups}, p.oneGroup)
	if err == nil {
		err = x.read(op, &rows)
	}
	f := finding("right to read groups", err, "Groups can be read.", "Allow the token to view groups (scope okta.groups.read).")
	if err == nil && len(rows) > 0 && isGroupID(idp.GroupID(rows[0].ID)) {
		return f, idp.GroupID(rows[0].ID)
	}
	return f, ""
}

func (p *Provider) checkUsers(ctx context.Context) idp.Finding {
	_, err := p.do(ctx, call{op: "check users", bucket: "GET users"}, func(ctx context.Context) error {
		_, _, err := p.api.UserAPI.ListUsers(ctx).Limit(1).Execute()
		return err
	})
	return finding("right to read users", err, "Users can be read.", "Allow the token to view users (scope okta.users.read).")
}

func (p *Provider) checkRules(ctx context.Context) idp.Finding {
	_, err := p.do(ctx, call{op: "check group rules", bucket: "GET groups/rules"}, func(ctx context.Context) error {
		_, _, err := p.api.GroupAPI.ListGroupRules(ctx).Limit(1).Execute()
		return err
	})
	f := finding("right to read group rules", err, "Groups that a rule fills are recognized.", "Allow the token to view group rules (scope okta.groups.read).")
	if idp.KindOf(err) == idp.Forbidden {
		f.Detail = "Group rules cannot be read, so groups that a rule fills are not recognized."
	}
	return f
}

func (p *Provider) checkRoles(ctx context.Context, group idp.GroupID) idp.Finding {
	const subject = "right to read admin roles of groups"
	if group == "" {
		return idp.Finding{Subject: subject, OK: true, Detail: "Cannot be judged: no group can be read."}
	}
	_, err := p.groupRoles(ctx, "check roles", group)
	f := finding(subject, err, "Groups that hold an admin role are recognized.", "Allow the token to view roles (scope okta.roles.read), or look yourself that no governed group holds an admin role.")
	if idp.KindOf(err) == idp.Forbidden {
		// The least rights that do the work do not include this one, so it is no failure.
		return idp.Finding{
			Subject: subject, OK: true,
			Detail: "Cannot be judged: the token may not view roles (okta.roles.read). Look yourself that no governed group holds an admin role.",
		}
	}
	return f
}

func (p *Provider) checkLogs(ctx context.Context) idp.Finding {
	until := p.cfg.Now().UTC()
	_, err := p.do(ctx, call{op: "check system log", bucket: "GET logs"}, func(ctx context.Context) error {
		r := p.api.SystemLogAPI.ListLogEvents(ctx).Since(until.Add(-time.Hour)).Until(until).Limit(1)
		_, _, err := r.Execute()
		return err
	})
	f := finding("right to read the system log", err, "The last use of apps can be read.", "Allow the token to read the system log (scope okta.logs.read).")
	return f.Optional(err, "last use of apps")
}

func (p *Provider) checkClock() idp.Finding {
	if p.ServerTime().IsZero() {
		return idp.Finding{Subject: "clock", Detail: "Okta has not told its time.", Fix: "Mend the findings above first."}
	}
	skew := time.Duration(p.wire.skew.Load()).Round(time.Second)
	ok := skew.Abs() <= maxSkew
	return idp.Finding{
		Subject: "clock", OK: ok, Detail: fmt.Sprintf("Okta's clock minus ours is %v.", skew),
		Fix: fixUnless(ok, "Set the clock of this machine by NTP."),
	}
}

// checkBudget reports the windows that the check itself has met.
func (p *Provider) checkBudget() idp.Finding {
	var parts []string
	ok := true
	for _, s := range p.gate.shares() {
		parts = append(parts, fmt.Sprintf("%s: %d of %d left", s.bucket, s.remaining, s.limit))
		ok = ok && float64(s.remaining) > p.cfg.Reserve*float64(s.limit)
	}
	detail := strings.Join(parts, "; ")
	if detail == "" {
		detail = "Okta has not told its rate limits."
	}
	return idp.Finding{
		Subject: "rate limits", OK: ok, Detail: detail,
		Fix: fixUnless(ok, "Something else spends this budget. Give Usher a token of its own and look at the rate limit dashboard in the Okta admin console."),
	}
}

// finding turns the outcome of a probe into a finding.
func finding(subject string, err error, well, fix string) idp.Finding {
	if err == nil {
		return idp.Finding{Subject: subject, OK: true, Detail: well}
	}
	f := idp.Finding{Subject: subject, Detail: err.Error(), Fix: fix}
	if kind := idp.KindOf(err); kind == idp.Throttled || kind == idp.Unavailable {
		f.Fix = "Okta could not be asked; check the address and the network, then try again."
	}
	return f
}

func fixUnless(ok bool, fix string) string {
	if ok {
		return ""
	}
	return fix
}
