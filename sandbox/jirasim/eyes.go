package jirasim

import (
	"errors"
	"slices"
)

// Errors of what an account sees and does in the browser.
var (
	// ErrNoAccount is for somebody without an account on the site.
	ErrNoAccount = errors.New("you have no account on this site")
	// ErrInactive is for an account that was deactivated.
	ErrInactive = errors.New("your account has been deactivated")
)

// View is an issue as one account has it before it in the browser.
type View struct {
	Issue       Issue // links to issues that the account may not see are left out
	Steps       []Step
	MayComment  bool
	ProjectName string
}

// Step is a transition that is offered.
type Step struct {
	Name             string
	Status, Category string // where it leads
}

// View returns an issue by key or id as the account sees it. It fails as Jira does for issues that are not there or hidden,
// and with [ErrNoAccount] or [ErrInactive].
func (s *Server) View(accountID, idOrKey string) (View, error) {
	var v View
	err := s.hand(accountID, idOrKey, func(c *call, is *issue) error {
		v = View{Issue: s.snapshot(is), MayComment: c.mayComment(is, 1) == nil, ProjectName: is.project.Name}
		v.Issue.Links = slices.DeleteFunc(v.Issue.Links, func(l Link) bool {
			other := s.lookup(l.Key)
			return other == nil || !c.sees(other)
		})
		for _, tr := range c.open(is) {
			to := s.statusByID(tr.To)
			v.Steps = append(v.Steps, Step{Name: tr.Name, Status: to.Name, Category: to.Category})
		}
		return nil
	})
	return v, err
}

// Visible lists the issues that the account sees, the newest first. It fails with [ErrNoAccount] or [ErrInactive].
func (s *Server) Visible(accountID string) ([]Issue, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, err := s.browser(accountID)
	if err != nil {
		return nil, err
	}
	var out []Issue
	for _, is := range slices.Backward(s.issues) {
		if !is.deleted && c.sees(is) {
			out = append(out, s.snapshot(is))
		}
	}
	return out, nil
}

// DisplayName is the name of an account; empty if there is none.
func (s *Server) DisplayName(accountID string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, err := s.account(accountID)
	if err != nil {
		return ""
	}
	return p.DisplayName
}

// Fields lists the custom fields of the site as they are now.
func (s *Server) Fields() []Field {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Field
	for _, f := range s.fields {
		if !f.system {
			out = append(out, f.Field)
		}
	}
	return out
}
