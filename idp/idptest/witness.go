package idptest

import (
	"context"
	"errors"
	"sync"

	"usher/idp"
)

// witness forwards to a provider and keeps every error that comes back, so that all their texts can be judged.
type witness struct {
	idp.Provider
	mu   sync.Mutex
	errs []error
}

func (w *witness) keep(err error) {
	if err == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.errs = append(w.errs, err)
}

func (w *witness) all() []error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]error(nil), w.errs...)
}

func (w *witness) User(ctx context.Context, id idp.UserID) (idp.User, error) {
	u, err := w.Provider.User(ctx, id)
	w.keep(err)
	return u, err
}

func (w *witness) FindUser(ctx context.Context, email string) (idp.User, error) {
	u, err := w.Provider.FindUser(ctx, email)
	w.keep(err)
	return u, err
}

func (w *witness) Group(ctx context.Context, id idp.GroupID) (idp.Group, error) {
	g, err := w.Provider.Group(ctx, id)
	w.keep(err)
	return g, err
}

func (w *witness) UserGroups(ctx context.Context, user idp.UserID) ([]idp.Group, error) {
	all, err := w.Provider.UserGroups(ctx, user)
	w.keep(err)
	return all, err
}

func (w *witness) AddMember(ctx context.Context, group idp.GroupID, user idp.UserID) error {
	err := w.Provider.AddMember(ctx, group, user)
	w.keep(err)
	return err
}

func (w *witness) RemoveMember(ctx context.Context, group idp.GroupID, user idp.UserID) error {
	err := w.Provider.RemoveMember(ctx, group, user)
	w.keep(err)
	return err
}

func (w *witness) IsMember(ctx context.Context, group idp.GroupID, user idp.UserID) (bool, error) {
	is, err := w.Provider.IsMember(ctx, group, user)
	w.keep(err)
	return is, err
}

// isKind reports whether err carries a kind that the seam knows.
func isKind(err error) bool {
	var e *idp.Error
	if !errors.As(err, &e) || e.Op == "" {
		return false
	}
	switch e.Kind {
	case idp.UserNotFound, idp.GroupNotFound, idp.NotGovernable, idp.UserNotAllowed, idp.Ambiguous, idp.Forbidden,
		idp.Unauthorized, idp.Throttled, idp.Unavailable, idp.Invalid:
		return true
	default:
		return false
	}
}
