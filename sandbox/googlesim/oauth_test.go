package googlesim_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"usher/sandbox/googlesim"
)

func TestSignIns(t *testing.T) {
	t.Parallel()
	c := open(t, nil)
	other := c.assertion(map[string]any{"sub": root})
	for what, x := range map[string]struct {
		assertion, code, says string
		status                int
	}{
		"no JWT":          {"a.b", "invalid_grant", "Invalid JWT", 400},
		"unknown account": {c.assertion(map[string]any{"iss": "x@y.example"}), "invalid_grant", "account not found", 400},
		"bad signature":   {other[:len(other)-8] + "AAAAAAAA", "invalid_grant", "Signature", 400},
		"other audience":  {c.assertion(map[string]any{"aud": "https://x.example/token"}), "invalid_grant", "audience", 400},
		"too long":        {c.assertion(map[string]any{"exp": c.clock().Add(2 * time.Hour).Unix()}), "invalid_grant", "timeframe", 400},
		"over":            {c.assertion(map[string]any{"iat": c.clock().Add(-time.Hour).Unix(), "exp": c.clock().Add(-time.Minute).Unix()}), "invalid_grant", "timeframe", 400},
		"from the future": {c.assertion(map[string]any{"iat": c.clock().Add(time.Hour).Unix(), "exp": c.clock().Add(90 * time.Minute).Unix()}), "invalid_grant", "timeframe", 400},
		"no scope":        {c.assertion(map[string]any{"scope": ""}), "invalid_scope", "", 400},
		"no such user":    {c.assertion(map[string]any{"sub": "nobody@acme.example"}), "invalid_grant", "User ID", 400},
		"more scopes":     {c.assertion(map[string]any{"sub": root, "scope": scopes()[0] + " " + auth + "gmail.send"}), "unauthorized_client", "any of the scopes", 401},
	} {
		a := c.grant(x.assertion)
		if a.status != x.status || a.body["error"] != x.code || !strings.Contains(fmt.Sprint(a.body["error_description"]), x.says) {
			t.Errorf("%s: %d %v", what, a.status, a.body)
		}
	}
	if a := c.form("/token", url.Values{"grant_type": {"password"}}); a.body["error"] != "unsupported_grant_type" {
		t.Errorf("another grant: %v", a.body)
	}
}

func TestAccessTokens(t *testing.T) {
	t.Parallel()
	c := open(t, nil)
	token := c.token(root, auth+"admin.directory.user.readonly")
	if a := c.send("GET", users+"/"+ada, token, nil); a.status != 200 {
		t.Errorf("with its scope: %d", a.status)
	}
	if a := c.send("GET", members, token, nil); a.status != 403 || a.reason != "insufficientPermissions" || !strings.Contains(a.header.Get("Www-Authenticate"), "insufficient_scope") {
		t.Errorf("with another scope: %d %s", a.status, a.raw)
	}
	if a := c.send("GET", "/v1/groups/"+team, token, nil); a.status != 403 || !strings.Contains(a.reason, "insufficient authentication scopes") {
		t.Errorf("with another scope: %d %s", a.status, a.raw)
	}
	if a := c.send("GET", "/tokeninfo?access_token="+token, "", nil); a.status != 200 || a.body["scope"] != auth+"admin.directory.user.readonly" {
		t.Errorf("tokeninfo: %s", a.raw)
	}
	for _, call := range c.Calls() {
		if strings.Contains(call.Query+call.Body+call.Reply, token) {
			t.Error("the log of calls shows an access token")
		}
	}
	if a := c.send("GET", users+"/"+ada, "wrong", nil); a.status != 401 || a.reason != "authError" {
		t.Errorf("a wrong token: %d %s", a.status, a.raw)
	}
	c.pass(time.Hour)
	if a := c.send("GET", users+"/"+ada, token, nil); a.status != 401 {
		t.Errorf("an old token: %d", a.status)
	}
	token = c.token(root, scopes()...)
	if err := c.SetStatus(root, true, false); err != nil {
		t.Fatal(err)
	}
	if a := c.send("GET", users+"/"+ada, token, nil); a.status != 401 {
		t.Errorf("for an admin who is suspended: %d", a.status)
	}
}

func TestServiceAccountsOfTheirOwn(t *testing.T) {
	t.Parallel()
	c := open(t, nil)
	token := func() string { return fmt.Sprint(c.grant(c.assertion(nil)).body["access_token"]) }
	if a := c.send("GET", users+"/"+ada, token(), nil); a.status != 403 || a.reason != "forbidden" {
		t.Errorf("without a role: %d %s", a.status, a.raw)
	}
	able := open(t, func(cfg *googlesim.Config) { cfg.ServiceAccounts[0].Admin = googlesim.GroupsAdmin })
	mine := fmt.Sprint(able.grant(able.assertion(nil)).body["access_token"])
	if a := able.send("POST", members, mine, map[string]string{"id": ada}); a.status != 200 {
		t.Errorf("with a role: %d %s", a.status, a.raw)
	}
	if by := able.MemberHistory(team)[0].By; by != robot {
		t.Errorf("it was %s", by)
	}
}

func TestQuotas(t *testing.T) {
	t.Parallel()
	c := open(t, func(cfg *googlesim.Config) { cfg.Quota, cfg.IdentityQuota = 3, 2 })
	for range 3 {
		c.want(200, "", "GET", users+"/"+ada, nil)
	}
	c.want(403, "userRateLimitExceeded", "GET", users+"/"+ada, nil)
	for range 2 {
		c.want(200, "", "GET", "/v1/groups/"+team, nil)
	}
	c.want(429, "", "GET", "/v1/groups/"+team, nil)
	if a := c.call(clerk, "GET", users+"/"+ada, nil); a.status != 200 {
		t.Errorf("another admin: %d", a.status)
	}
	c.pass(time.Minute)
	c.want(200, "", "GET", users+"/"+ada, nil)
}
