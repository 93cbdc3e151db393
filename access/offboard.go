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
	u, err := s.directory.User(ctx, user)
	switch {
	case idp.KindOf(err) == idp.UserNotFound:
	case err != nil:
		return 0, err
	case u.Status == idp.Active:
		return 0, &Refusal{Code: NotAllowed, Text: "The account is active in the directory, so nothing was ended."}
	}
	var held []Grant
	var asked []Request
	err = s.cfg.Store.View(ctx, func(tx Tx) (err error) {
		if held, err = grants(tx, indexSubject(Person{User: user})); err != nil {
			return err
		}
		asked, err = requests(tx, indexUndone(Person{User: user}))
		return err
	})
	if err != nil {
		return 0, err
	}
	ended := 0
	var errs []error
	for _, g := range held {
		if !g.Live() || g.Failure != "" {
			continue
		}
		if _, err := s.apply(ctx, g.Request, offboard{}); err != nil {
			errs = append(errs, err)
			continue
		}
		ended++
	}
	for _, r := range asked {
		if r.State == RequestPending {
			_, err := s.apply(ctx, r.ID, cancel{System: "The requester's account is not active any more, so the request is closed."})
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
