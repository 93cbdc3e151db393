package access

import (
	"context"
	"errors"

	"usher/idp"
)

// leaverRank puts the removals of somebody who has left before those of every risk.
const leaverRank = 1000

// Offboard ends every grant and closes every request of somebody who has left: whose account in the directory is not
// active any more or does not exist. It asks the directory first and refuses while the account is active. It returns how
// many grants it began to end; calling it again ends what came since.
func (s *Service) Offboard(ctx context.Context, user idp.UserID) (int, error) {
	gone, _, err := s.departed(ctx, user)
	switch {
	case err != nil:
		return 0, err
	case !gone:
		return 0, &Refusal{Code: NotAllowed, Text: "The account is active in the directory, so nothing was ended."}
	}
	return s.endAll(ctx, user)
}

// departed asks the directory whether somebody has left, and for its word for the status.
func (s *Service) departed(ctx context.Context, user idp.UserID) (gone bool, status string, err error) {
	u, err := s.directory.User(idp.WithPriority(ctx, idp.Removal), user)
	switch {
	case idp.KindOf(err) == idp.UserNotFound:
		return true, "not found", nil
	case err != nil:
		return false, "", err
	}
	return u.Status != idp.Active, u.StatusDetail, nil
}

// endable lists what of somebody's is to end if they have left: grants that nobody is ending yet, and undecided requests.
func endable(tx Tx, user idp.UserID) (held []Grant, asked []Request, err error) {
	all, err := grants(tx, indexSubject(Person{User: user}))
	if err != nil {
		return nil, nil, err
	}
	for _, g := range all {
		if g.Live() && g.Failure == "" {
			held = append(held, g)
		}
	}
	undone, err := requests(tx, indexUndone(Person{User: user}))
	for _, r := range undone {
		if r.State == RequestPending {
			asked = append(asked, r)
		}
	}
	return held, asked, err
}

// endAll ends all that somebody holds and closes all that they wait for. It returns how many grants it began to end.
func (s *Service) endAll(ctx context.Context, user idp.UserID) (int, error) {
	var held []Grant
	var asked []Request
	err := s.cfg.Store.View(ctx, func(tx Tx) (err error) {
		held, asked, err = endable(tx, user)
		return err
	})
	if err != nil {
		return 0, err
	}
	ended := 0
	var errs []error
	for _, g := range held {
		if _, err := s.apply(ctx, g.Request, offboard{}); err != nil {
			errs = append(errs, err)
			continue
		}
		ended++
	}
	for _, r := range asked {
		_, err := s.apply(ctx, r.ID, cancel{System: "The requester's account is not active any more, so the request is closed."})
		if CodeOf(err) != RequestOver { // It was closed with its access.
			errs = append(errs, err)
		}
	}
	return ended, errors.Join(errs...)
}

// offboard ends the grant of somebody who has left.
type offboard struct{}

func (offboard) apply(t *turn) error {
	g := t.s.Grant
	switch {
	case g.State == GrantProvisioning && g.Failure == "":
		return t.fail("The account of " + g.Subject.String() + " is not active any more.")
	case g.State == GrantActive:
		return t.revoke(EndOffboarded, Person{}, "")
	}
	return nil
}
