package entra

import (
	"context"
	"errors"
	"net/url"

	"usher/idp"
)

// pimRight is the application permission by which an end is set and read. An app needs no directory role beside it.
// Source: https://learn.microsoft.com/graph/api/privilegedaccessgroup-post-assignmentschedulerequests
const pimRight = "PrivilegedAssignmentSchedule.ReadWrite.AzureADGroup"

// checkPIM says whether Entra itself can end memberships, by reading who is in some group by PIM for Groups: what a tenant
// without the license refuses. group is its id; empty if none could be read. What is lacking is a fact and not a fault.
func (p *Provider) checkPIM(ctx context.Context, group string) idp.Finding {
	f := idp.Finding{Subject: "PIM for Groups", OK: true}
	if group == "" {
		f.Detail = "Cannot be judged: it takes a group that can be read."
		return f
	}
	_, err := p.do(ctx, call{
		op: "check PIM for Groups", path: pimPath + "assignmentScheduleInstances", query: url.Values{"$filter": {"groupId eq " + quote(group)}, "$top": {"1"}},
	})
	switch kind := idp.KindOf(err); {
	case err == nil:
		f.Detail = "PIM for Groups answers and asks for no license, so Entra itself can end memberships. Whether the PIM policy of a group allows an end shows at the first."
	case codeOf(err) == codeNoGovernance:
		f.NoExpiry, f.Fix = true, "Buy Entra ID P2 or Governance."
		f.Detail = "Entra does not end memberships by itself: Graph says that the tenant has no Entra ID P2 or Governance license, which PIM for Groups needs."
	case kind == idp.Forbidden:
		f.NoExpiry, f.Fix = true, "See that "+pimRight+" is granted with admin consent."
		f.Detail = "Entra does not end memberships by itself: Graph refuses PIM for Groups to this app (" + codeOf(err) + ")."
	case kind == idp.Throttled, kind == idp.Unavailable, kind == idp.Unauthorized:
		return finding(f.Subject, err, "", "Mend the findings above first.")
	default:
		f.Detail = "Cannot be judged: " + err.Error() + ". Whether Entra can end memberships shows at the first."
	}
	return f
}

// codeOf is the code that Graph gave for an error.
func codeOf(err error) string {
	var e *idp.Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}
