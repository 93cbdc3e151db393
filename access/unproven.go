package access

import "usher/idp"

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
