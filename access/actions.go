package access

import (
	"context"
	"errors"
	"strings"
	"unicode/utf8"
)

// find reads a request and its grant; a refusal of code NotFound if there is none.
func (s *Service) find(ctx context.Context, id RequestID) (Request, *Grant, error) {
	var st state
	err := s.cfg.Store.View(ctx, func(tx Tx) (err error) {
		st, err = s.records.load(tx, id)
		return err
	})
	if errors.Is(err, ErrNotFound) {
		return Request{}, nil, &Refusal{Code: NotFound, Text: "Usher does not know this request. It may belong to another installation."}
	}
	return st.Request, st.Grant, err
}

// Request returns a request and its grant to somebody concerned: requester, subject, approver, owner or admin. To
// anybody else it does not exist.
func (s *Service) Request(ctx context.Context, by Person, id RequestID) (Request, *Grant, error) {
	r, g, err := s.find(ctx, id)
	if err != nil {
		return Request{}, nil, err
	}
	if by.Is(r.Requester) || by.Is(r.Subject) || s.admin(by) || s.owner(by, r.Role) {
		return r, g, nil
	}
	for _, a := range r.Asks {
		if a.Approver.Is(by) {
			return r, g, nil
		}
	}
	allowed, err := s.allowed(ctx, r)
	if err != nil {
		return Request{}, nil, err
	}
	for _, p := range allowed {
		if p.Is(by) {
			return r, g, nil
		}
	}
	return Request{}, nil, &Refusal{Code: NotFound, Text: "This request is not yours to see."}
}

// Decide records one person's verdict. Who may decide is worked out now, from the policy that the request carries, not
// from who was sent a message. Exactly one verdict ends a step; whoever comes later gets a refusal that says who was faster.
func (s *Service) Decide(ctx context.Context, by Person, id RequestID, v Verdict, reason string, o Origin) (Request, error) {
	if utf8.RuneCountInString(reason) > JustificationSize {
		return Request{}, &Refusal{Code: ReasonMissing, Field: FieldReason, Text: "The reason is too long; 1,000 characters fit."}
	}
	r, _, err := s.find(ctx, id)
	if err != nil {
		return Request{}, err
	}
	allowed, err := s.allowed(ctx, r)
	if err != nil {
		return Request{}, err
	}
	step := r.Step
	if o.Step > 0 { // Who may decide two steps has clicked on the one that was on show.
		step = o.Step - 1
	}
	st, err := s.apply(ctx, id, verdict{
		By: by, Verdict: v, Reason: spoken(reason), Origin: o, Step: step, Allowed: allowed,
	})
	return st.Request, err
}

// Cancel takes the person's own undecided request back.
func (s *Service) Cancel(ctx context.Context, by Person, id RequestID) (Request, error) {
	if _, _, err := s.find(ctx, id); err != nil {
		return Request{}, err
	}
	st, err := s.apply(ctx, id, cancel{By: by})
	return st.Request, err
}

// Release ends the person's own access early.
func (s *Service) Release(ctx context.Context, by Person, id GrantID) (Grant, error) {
	return s.end(ctx, id, release{By: by})
}

// Revoke ends somebody's access: for owners of the app and admins, with a reason that the holder will see.
func (s *Service) Revoke(ctx context.Context, by Person, id GrantID, reason string) (Grant, error) {
	_, g, err := s.find(ctx, RequestID(id))
	if err != nil {
		return Grant{}, err
	}
	if utf8.RuneCountInString(reason) > JustificationSize {
		return Grant{}, &Refusal{Code: ReasonMissing, Field: FieldReason, Text: "The reason is too long; 1,000 characters fit."}
	}
	may := g != nil && (s.admin(by) || s.owner(by, g.Role))
	return s.end(ctx, id, takeaway{By: by, May: may, Reason: spoken(reason)})
}

func (s *Service) end(ctx context.Context, id GrantID, c command) (Grant, error) {
	_, g, err := s.find(ctx, RequestID(id))
	if err != nil {
		return Grant{}, err
	}
	if g == nil {
		return Grant{}, &Refusal{Code: NotFound, Text: "There is no access for this request."}
	}
	st, err := s.apply(ctx, g.Request, c)
	if err != nil {
		return Grant{}, err
	}
	return *st.Grant, nil
}

// mayRevoke reports whether there could be anything that the person may revoke.
func (s *Service) mayRevoke(by Person) bool {
	if s.admin(by) {
		return true
	}
	for _, app := range s.Catalog().Apps() {
		for _, o := range app.Owners {
			if strings.EqualFold(o, by.Email) {
				return true
			}
		}
	}
	return false
}

// Revocable lists the grants of a Slack user that the person may revoke.
func (s *Service) Revocable(ctx context.Context, by Person, of SlackID) ([]Grant, error) {
	var list []Grant
	err := s.cfg.Store.View(ctx, func(tx Tx) error {
		list = nil
		var holder Person
		err := tx.Get(People, "slack/"+string(of), &holder)
		if errors.Is(err, ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		held, err := grants(tx, indexSubject(holder))
		for _, g := range held {
			if g.Live() && (s.admin(by) || s.owner(by, g.Role)) {
				list = append(list, g)
			}
		}
		return err
	})
	return list, err
}
