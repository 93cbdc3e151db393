package scim

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"usher/idp"
)

// maxSkew is how far the two clocks may be apart without a word.
const maxSkew = 5 * time.Minute

// abilities is the part of ServiceProviderConfig (RFC 7643 section 5) that matters.
type abilities struct {
	Patch, Filter, ETag struct {
		Supported truth `json:"supported"`
	}
}

// Check judges the credentials, what may be read, what the server says that it can do, and whether it heeds the filters. It
// sends reads only, about five. Whether members may be changed shows at the first change only.
func (p *Provider) Check(ctx context.Context) []idp.Finding {
	one := url.Values{"count": {"1"}}
	_, _, err := p.page(ctx, "check groups", "Groups", "", one, 1, "")
	if kind := idp.KindOf(err); err != nil && kind != idp.Forbidden {
		return []idp.Finding{p.finding("credentials", err, "", "Make a new token for Usher in the server's settings, and compare the address."), p.checkClock()}
	}
	findings := []idp.Finding{
		{Subject: "credentials", OK: true, Detail: "The server accepts them."},
		p.finding("right to read groups", err, "Groups can be read; the right to change them shows at the first change.", "Allow the token to read and change groups."),
	}
	_, _, err = p.page(ctx, "check users", "Users", "", one, 1, "")
	findings = append(findings, p.finding("right to read users", err, "Users can be read.", "Allow the token to read users."))
	findings = append(findings, p.checkAbilities(ctx), p.checkFind(ctx))
	if p.cfg.MembersFrom == Auto || p.cfg.MembersFrom == FromFilter {
		findings = append(findings, p.checkMembers(ctx))
	}
	if p.cfg.Remove == RemoveByValue {
		findings = append(findings, idp.Finding{
			Subject: "form of removals", OK: true,
			Detail: "Removals are a list of values, at which a server that follows RFC 7644 to the letter empties the group. Try one in a group of no importance, and look who is left.",
		})
	}
	return append(findings, p.checkClock())
}

func (p *Provider) checkAbilities(ctx context.Context) idp.Finding {
	const subject = "patch"
	var can abilities
	a, err := p.client.Do(ctx, p.request("check server", http.MethodGet, idp.Invalid, nil, "ServiceProviderConfig"))
	if err == nil {
		err = a.Decode("check server", &can)
	}
	switch {
	case idp.KindOf(err) == idp.Invalid || idp.KindOf(err) == idp.Forbidden:
		return idp.Finding{Subject: subject, OK: true, Detail: "The server does not tell what it can do."}
	case err != nil:
		return p.finding(subject, err, "", "")
	case !bool(can.Patch.Supported):
		return idp.Finding{Subject: subject, Detail: "The server says that it cannot change a part of a group (patch.supported).", Fix: "Usher never replaces whole groups; use another way to this system."}
	}
	f := idp.Finding{Subject: subject, OK: true, Detail: "The server changes groups member by member"}
	if bool(can.ETag.Supported) {
		f.Detail += ", and tells their versions"
	}
	f.Detail += "."
	return f
}

// checkFind tries the filter by which people are found.
func (p *Provider) checkFind(ctx context.Context) idp.Finding {
	err := p.heeded(ctx, "check filter of users", "Users", "", p.cfg.FindBy)
	return p.finding("filter of users", err, "People can be found by "+p.cfg.FindBy+".", "Set find_by to an attribute by which the server filters, such as userName.")
}

// checkMembers tries the filter by which memberships are found.
func (p *Provider) checkMembers(ctx context.Context) idp.Finding {
	err := p.heeded(ctx, "check filter of groups", "Groups", equals("id", nobody), p.cfg.MemberAttribute)
	return p.finding("filter of groups", err, "Groups can be found by their members.", "Set member_attribute to what the server filters by, such as members, or members_from to group or user.")
}

func (p *Provider) checkClock() idp.Finding {
	if p.ServerTime().IsZero() {
		return idp.Finding{Subject: "clock", Detail: "The server has not told its time.", Fix: "Mend the findings above first."}
	}
	skew := p.client.Skew().Round(time.Second)
	f := idp.Finding{Subject: "clock", OK: skew.Abs() <= maxSkew, Detail: fmt.Sprintf("The server's clock minus ours is %v.", skew)}
	if !f.OK {
		f.Fix = "Set the clock of this machine by NTP."
	}
	return f
}

// finding turns the outcome of a probe into a finding.
func (p *Provider) finding(subject string, err error, well, fix string) idp.Finding {
	if err == nil {
		return idp.Finding{Subject: subject, OK: true, Detail: well}
	}
	f := idp.Finding{Subject: subject, Detail: err.Error(), Fix: fix}
	if kind := idp.KindOf(err); f.Fix == "" || kind == idp.Throttled || kind == idp.Unavailable {
		f.Fix = "The server could not be asked; check the address and the network, then try again."
	}
	return f
}
