package access

import (
	"fmt"
	"slices"
)

// requestMoves and grantMoves are the whole life cycle; docs/architecture.md draws the same tables and a test compares.
// Nothing else changes a state.
func requestMoves() map[RequestState][]RequestState {
	return map[RequestState][]RequestState{
		RequestPending: {RequestApproved, RequestDenied, RequestCanceled, RequestExpired},
	}
}

func grantMoves() map[GrantState][]GrantState {
	return map[GrantState][]GrantState{
		GrantProvisioning: {GrantActive, GrantFailed},
		GrantActive:       {GrantRevoking},
		GrantRevoking:     {GrantEnded},
	}
}

func (r *Request) move(to RequestState) error {
	if !slices.Contains(requestMoves()[r.State], to) {
		return fmt.Errorf("request %s cannot go from %s to %s", r.ID, r.State, to)
	}
	r.State = to
	return nil
}

func (g *Grant) move(to GrantState) error {
	if !slices.Contains(grantMoves()[g.State], to) {
		return fmt.Errorf("grant %s cannot go from %s to %s", g.ID, g.State, to)
	}
	g.State = to
	return nil
}

// Final reports whether nothing moves the request any more.
func (s RequestState) Final() bool { return len(requestMoves()[s]) == 0 }

// Final reports whether nothing moves the grant any more.
func (s GrantState) Final() bool { return len(grantMoves()[s]) == 0 }
