package access

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"usher/catalog"
	"usher/idp"
)

// unprovenError says that the directory does not know the user or the group any more, and that the other one must not be read:
// it may as well hide both, so it is for a person to look.
type unprovenError struct {
	missing idp.Kind
	long    bool // It has been like that for long.
	err     error
}

// Error says what was refused, for admins.
func (e *unprovenError) Error() string {
	return "prove the removal: " + string(e.missing) + ", and " + e.err.Error()
}

// Unwrap returns the refusal.
func (e *unprovenError) Unwrap() error { return e.err }

// text tells people what to do.
func (e *unprovenError) text() string {
	gone, hidden := "person", "group behind this role"
	if e.missing == idp.GroupNotFound {
		gone, hidden = hidden, "person"
	}
	return "The directory does not know the " + gone + " any more and does not let Usher read the " + hidden +
		", so the end of the access is not proven. An admin has to look and to allow Usher that; it goes on by itself then."
}

// strangeError says that the directory knows nothing that it should know: it is more likely a wrong address, a proxy or another
// company's directory than one in which everything has gone.
type strangeError struct {
	effect Effect
	asked  []catalog.Group
}

// Error names what was asked for, for admins.
func (e *strangeError) Error() string {
	return fmt.Sprintf("the directory knows neither %s nor %s, nor any of %v", e.effect.User, e.effect.Group, e.asked)
}

// text tells people what to do.
func (e *strangeError) text() string {
	return "The directory knows neither the person nor the group behind this role, and none of the other groups of the catalog that Usher" +
		" asked it for. It may be the wrong one, so the end of the access is not proven. An admin has to check its address and" +
		" credentials in Usher's settings; Usher keeps trying."
}

// othersAsked is how many other groups a directory is asked for that knows neither the user nor the group.
const othersAsked = 3

// knowsAnother returns nil if the directory knows another group that the catalog names, or the catalog names none. Each try
// asks for the next few, for some of them may have gone.
func (s *Service) knowsAnother(ctx context.Context, p idp.Provider, e Effect) error {
	var others []catalog.Group
	for g := range s.Catalog().Groups() {
		if g.Provider == e.Group.Provider && g != e.Group {
			others = append(others, g)
		}
	}
	if len(others) == 0 {
		return nil
	}
	slices.SortFunc(others, func(a, b catalog.Group) int { return cmp.Compare(a.ID, b.ID) })
	strange := &strangeError{effect: e}
	for i := range min(othersAsked, len(others)) {
		g := others[(e.Attempts*othersAsked+i)%len(others)]
		_, err := p.Group(ctx, idp.GroupID(g.ID))
		if err == nil {
			return nil
		}
		if k := idp.KindOf(err); k != idp.GroupNotFound && k != idp.UserNotFound && k != idp.Forbidden {
			return err
		}
		strange.asked = append(strange.asked, g)
	}
	return strange
}
