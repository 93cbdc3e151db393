package jirasim

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// hand is a call that a person makes in the browser instead of over the API: no token, no rate limit, but the same permissions.
func (s *Server) hand(accountID, key string, do func(*call, *issue) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, err := s.browser(accountID)
	if err != nil {
		return err
	}
	is, err := c.issueFor(key)
	if err != nil {
		return fmt.Errorf("%s: %w", key, err)
	}
	defer s.settle()
	if err := do(c, is); err != nil {
		return fmt.Errorf("%s: %w", key, err)
	}
	return nil
}

// browser is what an account calls with that is logged in. Whoever was deactivated cannot be.
func (s *Server) browser(accountID string) (*call, error) {
	p, err := s.account(accountID)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w: %w", ErrNoAccount, err)
	case p.Inactive:
		return nil, ErrInactive
	}
	return &call{s: s, api: "2", who: p, at: s.cfg.Now(), query: url.Values{}, r: &http.Request{Method: http.MethodPost}}, nil
}

// Transition does the named transition as that account would in the browser. It fails when the workflow does not offer it now.
func (s *Server) Transition(accountID, key, name string) error {
	return s.hand(accountID, key, func(c *call, is *issue) error {
		var offered []string
		for _, tr := range c.open(is) {
			if strings.EqualFold(tr.Name, name) || strings.EqualFold(s.statusByID(tr.To).Name, name) {
				c.move(is, tr, &edit{})
				return nil
			}
			offered = append(offered, tr.Name)
		}
		return fmt.Errorf("no transition %q from here, only %s", name, cmp.Or(strings.Join(offered, ", "), "none"))
	})
}

// Offered names the transitions that the workflow offers that account now, in the order of the workflow.
func (s *Server) Offered(accountID, key string) ([]string, error) {
	var names []string
	err := s.hand(accountID, key, func(c *call, is *issue) error {
		for _, tr := range c.open(is) {
			names = append(names, tr.Name)
		}
		return nil
	})
	return names, err
}

// Comment adds a comment in wiki markup as that account would in the browser.
func (s *Server) Comment(accountID, key, words string) error {
	return s.hand(accountID, key, func(c *call, is *issue) error {
		in, err := c.readComment(object{"body": words})
		if err == nil {
			err = c.mayComment(is, 1)
		}
		if err == nil {
			c.putComment(is, in)
		}
		return err
	})
}

// SetField changes a field as that account would in the browser. The value is what version 2 of the API takes; nil unsets.
func (s *Server) SetField(accountID, key, fieldID string, value any) error {
	return s.hand(accountID, key, func(c *call, is *issue) error {
		if !c.has(permEdit) {
			return refuse(403, "You do not have permission to edit issues in this project.")
		}
		c.body = marshal(object{"fields": object{fieldID: value}})
		body, err := c.json()
		if err != nil {
			return err
		}
		e, err := c.readEdit(body, screenRules{fields: is.project.Edit}, is)
		if err == nil {
			c.apply(is, e)
		}
		return err
	})
}

// DeleteIssue deletes an issue as an administrator would.
func (s *Server) DeleteIssue(accountID, key string) error {
	return s.hand(accountID, key, func(c *call, is *issue) error {
		if !c.has(permDelete) {
			return refuse(403, "You do not have permission to delete issues in this project.")
		}
		is.deleted = true
		s.dropLinks(is)
		s.touch(is, c.at, false)
		return nil
	})
}
