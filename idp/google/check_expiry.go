package google

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"usher/idp"
)

// editions are those with expiring memberships.
// Source: https://docs.cloud.google.com/identity/docs/how-to/manage-expirations
const editions = "Enterprise Standard or Plus, Education Standard or Plus, or Cloud Identity Premium"

// checkExpiryScope is no failure without the scope: who asks for no ends needs none.
func (p *Provider) checkExpiryScope(ctx context.Context) idp.Finding {
	const subject = "right to let memberships end by themselves"
	err := p.tryToken(ctx, scopeExpiry)
	if idp.KindOf(err) == idp.Forbidden {
		return idp.Finding{
			Subject: subject, OK: true, NoExpiry: true,
			Detail: "Not granted (cloud-identity.groups), so Google ends no membership by itself.", Fix: p.grant(scopeExpiry, "change groups"),
		}
	}
	return p.tokenFinding(scopeExpiry, subject, err)
}

// checkEdition says whether this edition has expiring memberships. No right of Usher's shows an edition, so a question is asked
// that Google documents for the same editions: who is in a group, directly or not (one row of it). It takes the scope by which
// labels are read and judges the company whose group it is. group is the group's name in the Cloud Identity API, which has just
// been read; empty if none could be.
//
// A larger edition answers. Another is refused with 403 (PERMISSION_DENIED), and so is who may not see every member; only
// numbers in Google's text tell the two apart, and they are not documented. So what Google says is told apart from what
// follows from it. Source: https://docs.cloud.google.com/identity/docs/reference/rest/v1/groups.memberships/searchTransitiveMemberships
func (p *Provider) checkEdition(ctx context.Context, group string) idp.Finding {
	f := idp.Finding{Subject: "expiring memberships", OK: true}
	if group == "" {
		f.Detail = "Cannot be judged: it takes a group whose labels can be read."
		return f
	}
	var page struct {
		Memberships []struct{} `json:"memberships"`
	}
	query := url.Values{"pageSize": {"1"}}
	err := p.read(ctx, p.identity("check edition", scopeLabels, http.MethodGet, idp.GroupNotFound, query, "groups", group, "memberships:searchTransitiveMemberships"), &page)
	const fix = "See the subscription under Billing in the admin console: it takes " + editions + "."
	var lacking scopeError
	switch kind := idp.KindOf(err); {
	case err == nil:
		f.Detail = "Google answers a question that it documents for the same editions as expiring memberships, so they are to be had. " +
			"Whether the admin role may set an end shows at the first."
	case kind == idp.NotGovernable:
		f.NoExpiry, f.Fix = true, fix
		f.Detail = "This edition does not end memberships by itself: Google says that the company has none of the premium features, and this is one."
	case errors.Is(err, errMembersHidden):
		f.Detail = "Cannot be judged: the question that shows the edition was refused, as one of somebody who may not see every member of " +
			"the group that was asked about. Whether memberships can end by themselves shows at the first."
	case kind == idp.Forbidden && codeOf(err) == codePermission && !errors.As(err, &lacking):
		f.NoExpiry, f.Fix = true, fix
		f.Detail = "Most likely this edition does not end memberships by itself: Google refused, without saying why, a question that it " +
			"documents for the editions that do, about a group that it had just shown."
	case kind == idp.Throttled, kind == idp.Unavailable, kind == idp.Unauthorized:
		return p.finding(f.Subject, err, "", credentialsFix)
	default:
		f.Detail = "Cannot be judged: " + err.Error() + ". Whether memberships can end by themselves shows at the first."
	}
	return f
}
