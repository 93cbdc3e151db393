package googlesim

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// exchangeToken is the Security Token Service: it takes the token of another identity provider.
func (s *Server) exchangeToken(q *request) reply {
	form, err := url.ParseQuery(string(q.body))
	if err != nil || form.Get("grant_type") != "urn:ietf:params:oauth:grant-type:token-exchange" {
		return oauthError(http.StatusBadRequest, "invalid_request", "Invalid grant_type.")
	}
	for _, w := range s.cfg.Workloads {
		if w.Audience == form.Get("audience") && w.Token == form.Get("subject_token") {
			p := principal{account: "workload " + w.Audience, scopes: strings.Fields(form.Get("scope"))}
			return ok(object{
				"access_token": s.issue(p), "issued_token_type": "urn:ietf:params:oauth:token-type:access_token",
				"token_type": "Bearer", "expires_in": int(tokenLife.Seconds()),
			})
		}
	}
	return oauthError(http.StatusBadRequest, "invalid_grant", "The audience or the subject token is not accepted.")
}

// mayAct reports whether the caller may act as the service account of that address.
func (s *Server) mayAct(p *principal, email string) (ServiceAccount, bool) {
	i := slices.IndexFunc(s.cfg.ServiceAccounts, func(a ServiceAccount) bool { return a.Email == email })
	if i < 0 {
		return ServiceAccount{}, false
	}
	may := p.account == email || slices.ContainsFunc(s.cfg.Workloads, func(w Workload) bool {
		return w.ServiceAccount == email && p.account == "workload "+w.Audience
	})
	return s.cfg.ServiceAccounts[i], may
}

func noAct() reply {
	return identityError(http.StatusForbidden, "PERMISSION_DENIED", "Permission 'iam.serviceAccounts.getAccessToken' denied on resource (or it may not exist).")
}

func (s *Server) impersonate(q *request) reply {
	a, may := s.mayAct(q.who, q.vars[0])
	if !may {
		return noAct()
	}
	var body struct{ Scope []string }
	if !q.decode(&body) || len(body.Scope) == 0 {
		return badArgument("Request contains an invalid argument.")
	}
	p := principal{account: a.Email, role: a.Admin, scopes: body.Scope}
	return ok(object{"accessToken": s.issue(p), "expireTime": s.clock().Add(tokenLife).Format(time.RFC3339)})
}

func (s *Server) signJWT(q *request) reply {
	if _, may := s.mayAct(q.who, q.vars[0]); !may || s.cfg.SigningKey == nil {
		return noAct()
	}
	var body struct{ Payload string }
	if !q.decode(&body) || body.Payload == "" {
		return badArgument("Request contains an invalid argument.")
	}
	enc := base64.RawURLEncoding
	text := enc.EncodeToString([]byte(`{"alg":"RS256","typ":"JWT","kid":"google-managed"}`)) + "." + enc.EncodeToString([]byte(body.Payload))
	sum := sha256.Sum256([]byte(text))
	sig, err := rsa.SignPKCS1v15(rand.Reader, s.cfg.SigningKey, crypto.SHA256, sum[:])
	if err != nil {
		return backendError(apiIdentity)
	}
	return ok(object{"keyId": "google-managed", "signedJwt": text + "." + enc.EncodeToString(sig)})
}
