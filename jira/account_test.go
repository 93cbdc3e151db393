package jira

import (
	"net/http"
	"testing"

	"usher/access"
	"usher/sandbox/jirasim"
)

func TestAccountIsFoundByItsExactAddressOnly(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(c *jirasim.Config) {
		c.Accounts = append(c.Accounts,
			jirasim.Account{AccountID: "712020:plus", Email: "ann+it@example.com", DisplayName: "Ann Plus"},
			jirasim.Account{AccountID: "712020:space", Email: "annit@example.com", DisplayName: "ann it@example.com"},
			jirasim.Account{AccountID: "qm:customer", Email: "customer@example.com", DisplayName: "Customer", Type: "customer"},
			jirasim.Account{AccountID: "712020:twin1", Email: "twin@example.com", DisplayName: "Twin One"},
			jirasim.Account{AccountID: "712020:twin2", Email: "twin@example.com", DisplayName: "Twin Two"},
		)
	})
	for email, want := range map[string]access.AccountID{
		"alice@example.com":       "712020:a11ce000-0000-4000-8000-000000000001",
		" Alice@Example.com ":     "712020:a11ce000-0000-4000-8000-000000000001",
		"ann+it@example.com":      "712020:plus",
		"alice@example":           "", // A prefix.
		"alice":                   "",
		"carol@example.com":       "", // Hidden.
		"dave@example.com":        "", // Inactive.
		"customer@example.com":    "",
		"twin@example.com":        "",
		"access-bot@example.com":  "", // An app.
		"nobody@example.com":      "",
		"":                        "",
		"x&accountId=712020:plus": "",
	} {
		got, err := s.tr.Account(t.Context(), email)
		if err != nil || got != want {
			t.Errorf("Account(%q) = %q, %v; want %q", email, got, err, want)
		}
	}
}

func TestAccountDoesNotHoldUpWhatItIsFor(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	if err := s.SetPermission(jirasim.BotAccount, "USER_PICKER", false); err != nil {
		t.Fatal(err)
	}
	if got, err := s.tr.Account(t.Context(), "alice@example.com"); got != "" || err != nil {
		t.Errorf("without permission: %q, %v", got, err)
	}
	s.Inject(jirasim.Fault{Name: "user.search", Kind: jirasim.FaultForbidden, Times: 1})
	if got, err := s.tr.Account(t.Context(), "bob@example.com"); got != "" || err != nil {
		t.Errorf("forbidden: %q, %v", got, err)
	}
	s.Inject(jirasim.Fault{Name: "user.search", Kind: jirasim.FaultRateLimit, Times: 1})
	_, err := s.tr.Account(t.Context(), "bob@example.com")
	if te := targetError(t, err); !te.Transient || te.Sent || te.RetryAfter <= 0 {
		t.Errorf("limited: %+v", te)
	}
}

func TestAccountBelievesAnAnswerForAWhile(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for range 3 {
		for email, want := range map[string]access.AccountID{
			"alice@example.com": "712020:a11ce000-0000-4000-8000-000000000001", "nobody@example.com": "",
		} {
			if got, err := s.tr.Account(t.Context(), email); err != nil || got != want {
				t.Errorf("%s: %q, %v", email, got, err)
			}
		}
	}
	if got := s.names(); len(got) != 2 {
		t.Errorf("calls %v", got)
	}
	s.pass(nobodyLength)
	if _, err := s.tr.Account(t.Context(), "nobody@example.com"); err != nil || len(s.Calls()) != 1 {
		t.Errorf("an hour later: %v, %d calls", err, len(s.Calls()))
	}
}

func TestAccountTakesNobodyWhoCannotWork(t *testing.T) {
	t.Parallel()
	tr := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if got := r.URL.Query().Get("query"); got != "ann+it@example.com" {
			t.Errorf("query %q of %s", got, r.URL.RawQuery)
		}
		_, _ = w.Write([]byte(`[
			{"accountId":"1","accountType":"atlassian","emailAddress":"ann+it@example.com","active":false},
			{"accountId":"2","accountType":"app","emailAddress":"ann+it@example.com","active":true},
			{"accountId":"3","accountType":"customer","emailAddress":"ann+it@example.com","active":true},
			{"accountId":"4","accountType":"atlassian","emailAddress":null,"displayName":"ann+it@example.com","active":true},
			{"accountId":"5","accountType":"atlassian","emailAddress":"ann+it@example.com.evil.example","active":true}]`))
	})
	if got, err := tr.Account(t.Context(), "ann+it@example.com"); got != "" || err != nil {
		t.Errorf("Account = %q, %v", got, err)
	}
}
