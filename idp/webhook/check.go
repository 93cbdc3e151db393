package webhook

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"usher/idp"
)

// nobody is an id that no group and no user has. The configured shape does not matter, because nothing is changed by it.
const nobody = "usher-asks-for-nobody"

// Check asks for a group and a user that are not there, once more with a wrong signature, and looks at the clock. Whether the
// receiver makes changes shows at the first change only.
func (p *Provider) Check(ctx context.Context) []idp.Finding {
	_, err := p.client.Do(ctx, p.request("check receiver", http.MethodGet, nil, "groups", nobody))
	f := idp.Finding{Subject: "signature", OK: true, Detail: "The receiver answers, and accepts the signature."}
	switch kind := idp.KindOf(err); {
	case kind == idp.GroupNotFound, kind == idp.Invalid: // The latter of an id of the wrong shape.
	case err == nil:
		f.OK, f.Detail = false, "The receiver knows a group that nobody has."
		f.Fix = "Let it answer 404 and group_not_found for groups that it does not know."
	default:
		f.OK, f.Detail = false, err.Error()
		f.Fix = "Compare the secret with the receiver's, and the address."
		if kind == idp.Throttled || kind == idp.Unavailable {
			f.Fix = "The receiver could not be asked, or does not speak the protocol; check the address and the network, then try again."
		}
	}
	if !f.OK {
		return []idp.Finding{f, p.checkClock()}
	}
	return []idp.Finding{f, p.checkUsers(ctx), p.checkForgery(ctx), p.checkClock()}
}

// checkUsers makes sure that the receiver answers for one user, and not for a search alone: so are mapped accounts read, and
// those that have been given something.
func (p *Provider) checkUsers(ctx context.Context) idp.Finding {
	_, err := p.client.Do(ctx, p.request("check users", http.MethodGet, nil, "users", nobody))
	f := idp.Finding{Subject: "users", OK: true, Detail: "The receiver is asked for one user, and knows who is not there."}
	switch kind := idp.KindOf(err); {
	case kind == idp.UserNotFound, codeOf(err) == string(idp.Invalid): // The latter of an id of the wrong shape.
	case err == nil:
		f.OK, f.Detail = false, "The receiver knows a user that nobody is."
		f.Fix = "Let it answer GET /users/{user} with that one user, and with 404 and user_not_found for users that it does not know."
	default:
		f.OK, f.Detail = false, err.Error()
		f.Fix = "Let it answer GET /users/{user}; without that nobody's account can be read. For users that it does not know: 404 and user_not_found."
		if kind == idp.Throttled {
			f.Fix = "Try again later."
		}
	}
	return f
}

// checkForgery makes sure that the receiver looks at signatures at all.
func (p *Provider) checkForgery(ctx context.Context) idp.Finding {
	r := p.request("check forged signature", http.MethodGet, nil, "groups", nobody)
	r.Scope = scopeForged
	_, err := p.client.Do(ctx, r)
	f := idp.Finding{Subject: "forged signature", OK: true, Detail: "The receiver refuses a wrong signature."}
	switch kind := idp.KindOf(err); {
	case kind == idp.Unauthorized:
	case kind == idp.Throttled || kind == idp.Unavailable && err != nil:
		f.OK, f.Detail, f.Fix = false, err.Error(), "The receiver could not be asked; try again."
	default:
		f.OK, f.Detail = false, "The receiver accepts a request with a wrong signature, so anybody could change its groups."
		f.Fix = "Let it verify webhook-signature, and answer 401 to what is not signed."
	}
	return f
}

func (p *Provider) checkClock() idp.Finding {
	if p.ServerTime().IsZero() {
		return idp.Finding{Subject: "clock", Detail: "The receiver has not told its time.", Fix: "Mend the findings above first."}
	}
	skew := p.client.Skew().Round(time.Second)
	f := idp.Finding{Subject: "clock", OK: skew.Abs() <= tolerance/5, Detail: fmt.Sprintf("The receiver's clock minus ours is %v.", skew)}
	if !f.OK {
		f.Fix = "Set both clocks by NTP; signatures of another time are refused."
	}
	return f
}
