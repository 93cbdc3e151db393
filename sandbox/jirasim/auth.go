package jirasim

import (
	"crypto/subtle"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// person is an account with what the site knows about it now.
type person struct {
	Account
	perms map[string]bool
	loc   *time.Location
}

func (s *Server) addPeople() {
	for _, a := range s.cfg.Accounts {
		if a.Type == "" {
			a.Type = "atlassian"
		}
		p := &person{Account: a, perms: map[string]bool{}, loc: time.UTC}
		if loc, err := time.LoadLocation(a.TimeZone); err == nil && a.TimeZone != "" {
			p.loc = loc
		}
		for _, key := range a.Permissions {
			p.perms[key] = true
		}
		s.people = append(s.people, p)
	}
}

func (s *Server) account(id string) (*person, error) {
	for _, p := range s.people {
		if p.AccountID == id {
			return p, nil
		}
	}
	return nil, fmt.Errorf("no account %q", id)
}

// ExpireToken ends the tokens of an account: from now on its calls get 401. An unknown account is an error.
func (s *Server) ExpireToken(accountID string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, err := s.account(accountID)
	if err != nil {
		return err
	}
	p.TokenExpires = s.cfg.Now()
	return nil
}

// SetToken gives an account a new API token without an end. An unknown account is an error.
func (s *Server) SetToken(accountID, token string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, err := s.account(accountID)
	if err != nil {
		return err
	}
	p.Token, p.TokenExpires = token, time.Time{}
	return nil
}

// SetActive deactivates or reactivates an account. An unknown account is an error.
func (s *Server) SetActive(accountID string, active bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, err := s.account(accountID)
	if err != nil {
		return err
	}
	p.Inactive = !active
	s.news.tell()
	return nil
}

func unauthenticated() *refusal {
	e := refuse(http.StatusUnauthorized, "Client must be authenticated to access this resource.")
	e.header = map[string]string{
		"WWW-Authenticate":     `OAuth realm="https%3A%2F%2Fjira"`,
		"X-Seraph-Loginreason": "AUTHENTICATED_FAILED",
	}
	return e
}

// authenticate finds out who calls. Scoped tokens work on the gateway path only, others on the site host only.
func (c *call) authenticate() error {
	email, token, basic := c.r.BasicAuth()
	if !basic {
		if c.r.Header.Get("Authorization") == "" && c.route.open {
			return nil
		}
		return unauthenticated()
	}
	for _, p := range c.s.people {
		want := p.Token
		if c.gateway {
			want = p.ScopedToken
		}
		if p.Email == "" || want == "" || !strings.EqualFold(p.Email, email) {
			continue
		}
		if subtle.ConstantTimeCompare([]byte(want), []byte(token)) != 1 || p.Inactive {
			continue
		}
		if !p.TokenExpires.IsZero() && !c.at.Before(p.TokenExpires) {
			continue
		}
		c.who = p
		return nil
	}
	return unauthenticated()
}

// checkMedia refuses what Jira refuses before it looks into a body.
func (c *call) checkMedia() error {
	switch c.r.Method {
	case http.MethodGet, http.MethodHead:
		return nil
	}
	h := c.r.Header
	check := h.Get("X-Atlassian-Token")
	if strings.Contains(h.Get("User-Agent"), "Mozilla") && check != "no-check" && check != "nocheck" {
		return refuse(http.StatusForbidden, "XSRF check failed")
	}
	if c.r.Method == http.MethodDelete {
		return nil
	}
	kind, _, _ := strings.Cut(h.Get("Content-Type"), ";")
	if strings.TrimSpace(kind) != "application/json" {
		return refuse(http.StatusUnsupportedMediaType, "Unsupported Media Type")
	}
	return nil
}
