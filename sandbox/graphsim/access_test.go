package graphsim_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"usher/sandbox/graphsim"
)

// direct asks past the network with a filter, and returns the status.
func (o *tenant) direct(path, filter string) int {
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {clientID}, "client_secret": {secret}, "scope": {"x/.default"}}
	rec := httptest.NewRecorder()
	o.ServeHTTP(rec, httptest.NewRequestWithContext(o.t.Context(), http.MethodPost, "/"+o.TenantID()+"/oauth2/v2.0/token", strings.NewReader(form.Encode())))
	var answer map[string]any
	_ = json.Unmarshal(rec.Body.Bytes(), &answer)
	token, _ := answer["access_token"].(string)
	req := httptest.NewRequestWithContext(o.t.Context(), http.MethodGet, path+"?"+url.Values{"$filter": {filter}}.Encode(), nil)
	req.Header.Set("Authorization", "Bearer "+token)
	rec = httptest.NewRecorder()
	o.ServeHTTP(rec, req)
	return rec.Code
}

func TestTokens(t *testing.T) {
	t.Parallel()
	c := newClock()
	o := start(t, company(c))
	form := func(change func(url.Values)) url.Values {
		v := url.Values{"grant_type": {"client_credentials"}, "client_id": {clientID}, "client_secret": {secret}, "scope": {"https://graph.microsoft.com/.default"}}
		change(v)
		return v
	}
	for _, bad := range []struct {
		change func(url.Values)
		status int
		code   string
		number float64
	}{
		{func(v url.Values) { v.Set("client_secret", "wrong") }, 401, "invalid_client", 7000215},
		{func(v url.Values) { v.Del("client_secret") }, 401, "invalid_client", 7000215},
		{func(v url.Values) { v.Set("client_id", ada) }, 400, "unauthorized_client", 700016},
		{func(v url.Values) { v.Set("grant_type", "password") }, 400, "unsupported_grant_type", 70003},
		{func(v url.Values) { v.Set("scope", "User.Read") }, 400, "invalid_scope", 1002012},
		{func(v url.Values) { v.Set("client_assertion", "a.b.c") }, 401, "invalid_client", 700027},
	} {
		g := o.login(form(bad.change)).want(t, bad.status).object(t)
		if g["error"] != bad.code || g["error_codes"].([]any)[0] != bad.number {
			t.Errorf("%v", g)
		}
	}
	claims := map[string]any{}
	raw, err := base64.RawURLEncoding.DecodeString(strings.Split(o.token, ".")[1])
	must(t, err)
	must(t, json.Unmarshal(raw, &claims))
	if len(claims["roles"].([]any)) != len(allRoles()) || claims["tid"] != o.TenantID() || claims["aud"] != "https://graph.microsoft.com" {
		t.Errorf("claims %v", claims)
	}
	o.get("/users").want(t, 200)
	c.move(time.Hour)
	o.get("/users").refusal(t, 401, "InvalidAuthenticationToken")
	o.signIn()
	o.get("/users").want(t, 200)
	o.RevokeTokens()
	if g := o.get("/users"); g.header.Get("Www-Authenticate") == "" {
		t.Errorf("a 401 without a challenge")
	} else {
		g.refusal(t, 401, "InvalidAuthenticationToken")
	}
	metadata := o.call("GET", o.url+"/"+o.TenantID()+"/v2.0/.well-known/openid-configuration", "").want(t, 200).object(t)
	if metadata["token_endpoint"] != o.url+"/"+o.TenantID()+"/oauth2/v2.0/token" {
		t.Errorf("%v", metadata)
	}
	o.call("GET", o.url+"/"+ada+"/v2.0/.well-known/openid-configuration", "").want(t, 400)
}

func TestAnAssertionMustBeSignedByTheRegisteredCertificate(t *testing.T) {
	t.Parallel()
	c := newClock()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	must(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: c.now(), NotAfter: c.now().Add(time.Hour)}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	must(t, err)
	certificate, err := x509.ParseCertificate(raw)
	must(t, err)
	cfg := company(c)
	cfg.Clients[0].Certificate = certificate
	o := start(t, cfg)
	endpoint := o.url + "/" + o.TenantID() + "/oauth2/v2.0/token"
	assert := func(alg, audience string, expires time.Time) string {
		sum := sha256.Sum256(raw)
		enc := base64.RawURLEncoding
		signed := enc.EncodeToString([]byte(`{"alg":"`+alg+`","typ":"JWT","x5t#S256":"`+enc.EncodeToString(sum[:])+`"}`)) + "." +
			enc.EncodeToString([]byte(`{"aud":"`+audience+`","iss":"`+clientID+`","sub":"`+clientID+`","exp":`+strconv.FormatInt(expires.Unix(), 10)+`}`))
		digest := sha256.Sum256([]byte(signed))
		signature, err := rsa.SignPSS(rand.Reader, key, 5, digest[:], nil)
		must(t, err)
		return signed + "." + enc.EncodeToString(signature)
	}
	for assertion, want := range map[string]int{
		assert("PS256", endpoint, c.now().Add(time.Minute)):              200,
		assert("PS256", endpoint, c.now().Add(-time.Minute)):             401,
		assert("PS256", "https://elsewhere", c.now().Add(time.Minute)):   401,
		assert("RS256", endpoint, c.now().Add(time.Minute)):              401,
		assert("none", endpoint, c.now().Add(time.Minute)):               401,
		assert("PS256", endpoint, c.now().Add(time.Minute))[:200] + "..": 401,
	} {
		o.login(url.Values{"grant_type": {"client_credentials"}, "client_id": {clientID}, "client_assertion": {assertion}, "scope": {"x/.default"}}).want(t, want)
	}
}

func TestEveryCallNeedsItsPermission(t *testing.T) {
	t.Parallel()
	cfg := company(newClock())
	cfg.Clients[0].Roles = nil
	o := start(t, cfg)
	for _, path := range []string{
		"/users", "/users/" + ada, "/users/" + ada + "/manager", "/users/" + ada + "/memberOf", "/groups", "/groups/" + crm, "/groups/" + crm + "/members",
		"/groups/" + crm + "/owners", "/groups/" + crm + "/appRoleAssignments", "/auditLogs/signIns", "/servicePrincipals", "/directory/deletedItems/" + ada, pim + "assignmentScheduleInstances",
	} {
		o.get(path).refusal(t, 403, "Authorization_RequestDenied")
	}
	o.add(wiki, bob).refusal(t, 403, "Authorization_RequestDenied")
	o.call("POST", "/users/"+ada+"/revokeSignInSessions", "").refusal(t, 403, "Authorization_RequestDenied")
	must(t, o.SetRoles(clientID, graphsim.UserRead))
	o.get("/users").refusal(t, 403, "Authorization_RequestDenied") // the old token shows the old roles
	o.signIn()
	o.get("/users").want(t, 200)
	o.get("/users?$select=id,signInActivity").refusal(t, 403, "Authorization_RequestDenied")
}

// TestTheAppsOfAGroupAndTheGroupsOfAnAppTakeDifferentPermissions goes by the two tables of the Graph reference.
func TestTheAppsOfAGroupAndTheGroupsOfAnAppTakeDifferentPermissions(t *testing.T) {
	t.Parallel()
	const app = "a0000000-0000-4000-8000-0000000000a1"
	cfg := company(newClock())
	cfg.Apps = append(cfg.Apps, graphsim.App{ID: app, AppID: app, DisplayName: "CRM", Groups: []string{crm}, Users: []string{ada}})
	o := start(t, cfg)
	ofGroup, ofApp, list := "/groups/"+crm+"/appRoleAssignments", "/servicePrincipals/"+app+"/appRoleAssignedTo", "/servicePrincipals"
	for role, want := range map[string][3]int{
		graphsim.ApplicationRead: {403, 200, 200}, graphsim.ApplicationOwned: {403, 200, 200}, graphsim.ApplicationWrite: {403, 200, 200},
		graphsim.DirectoryRead: {200, 200, 200}, graphsim.DirectoryReadWrite: {200, 200, 403}, graphsim.AppAssignmentWrite: {200, 403, 403},
		graphsim.GroupMemberWrite: {403, 403, 403},
	} {
		must(t, o.SetRoles(clientID, role))
		o.signIn()
		for i, path := range []string{ofGroup, ofApp, list} {
			if got := o.get(path).status; got != want[i] {
				t.Errorf("%s with %s: %d, want %d", path, role, got, want[i])
			}
		}
	}
	must(t, o.SetRoles(clientID, graphsim.ApplicationRead))
	o.signIn()
	kinds := map[string]string{}
	for _, v := range o.get(ofApp).want(t, 200).object(t)["value"].([]any) {
		row := v.(map[string]any)
		kinds[row["principalId"].(string)] = row["principalType"].(string)
	}
	if len(kinds) != 2 || kinds[crm] != "Group" || kinds[ada] != "User" {
		t.Errorf("assigned are %v", kinds)
	}
}

func TestSignInDataNeedsALicense(t *testing.T) {
	t.Parallel()
	cfg := company(newClock())
	o := start(t, cfg)
	activity := o.get("/users/"+ada+"?$select=id,signInActivity").want(t, 200).object(t)["signInActivity"].(map[string]any)
	if activity["lastSuccessfulSignInDateTime"] != "2026-06-01T08:00:17Z" {
		t.Errorf("%v", activity)
	}
	if never := o.get("/users/"+bob+"?$select=id,signInActivity").want(t, 200).object(t); never["signInActivity"] != nil {
		t.Errorf("who never signed in: %v", never)
	}
	cfg.NoPremium = true
	o = start(t, cfg)
	const code = "Authentication_RequestFromNonPremiumTenantOrB2CTenant"
	o.get("/users?$select=id,signInActivity").refusal(t, 403, code)
	o.get("/auditLogs/signIns").refusal(t, 403, code)
}

func TestSessionsAreCounted(t *testing.T) {
	t.Parallel()
	o := start(t, company(newClock()))
	if o.call("POST", "/users/"+ada+"/revokeSignInSessions", "").want(t, 200).object(t)["value"] != true {
		t.Error("not confirmed")
	}
	if n, at := o.Sessions(ada); n != 1 || at.IsZero() {
		t.Errorf("%d at %v", n, at)
	}
	if n, _ := o.Sessions(bob); n != 0 {
		t.Errorf("bob's were ended %d times", n)
	}
}
