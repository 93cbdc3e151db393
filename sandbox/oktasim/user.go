package oktasim

import (
	"maps"
	"strings"
	"time"
)

// userRec is a user with the states that the search index may still show.
type userRec struct {
	userState
	seq  int
	past []userAt
}

type userState struct {
	User
	activated     time.Time
	statusChanged time.Time
	lastUpdated   time.Time
	password      time.Time // zero: none set
	deleted       time.Time // zero: exists
}

type userAt struct {
	at    time.Time
	state userState
}

func (s *Server) seedUser(u User, start time.Time) {
	if u.Email == "" {
		u.Email = u.Login
	}
	if u.Status == "" {
		u.Status = StatusActive
	}
	if u.Created.IsZero() {
		u.Created = start.AddDate(-1, 0, 0)
	}
	u.Custom = maps.Clone(u.Custom)
	rec := &userRec{userState: userState{
		User: u, statusChanged: u.Created, lastUpdated: u.Created,
	}}
	if u.Status != StatusStaged {
		rec.activated = u.Created
		rec.password = u.Created
	}
	rec.past = []userAt{{state: rec.userState}}
	s.addUser(rec)
}

// touchUser notes a change of the user for lastUpdated and for the search index.
func (s *Server) touchUser(u *userRec) {
	now := s.clock()
	u.lastUpdated = now
	u.past = append(u.past, userAt{now, u.userState})
	s.bump()
}

func (s *Server) setStatus(u *userRec, status string) {
	now := s.clock()
	u.Status = status
	u.statusChanged = now
	if status == StatusActive || status == StatusProvisioned {
		u.activated = now
	}
	s.touchUser(u)
}

// indexed is the user as the search index knows it at time t; false when it does not.
func (u *userRec) indexed(t time.Time) (userState, bool) {
	for i := len(u.past) - 1; i >= 0; i-- {
		if p := u.past[i]; !p.at.After(t) {
			return p.state, p.state.deleted.IsZero()
		}
	}
	return userState{}, false
}

func (s *Server) userByID(id string) *userRec {
	if u := s.userIDs[id]; u != nil && u.deleted.IsZero() {
		return u
	}
	return nil
}

func (s *Server) addUser(u *userRec) {
	u.seq = len(s.users) + 1
	s.users = append(s.users, u)
	s.userIDs[u.ID] = u
}

func (s *Server) userByLogin(login string) *userRec {
	for _, u := range s.users {
		if u.deleted.IsZero() && strings.EqualFold(u.Login, login) {
			return u
		}
	}
	return nil
}

// findUser accepts what the API accepts in a user's place: an id, a login, the part of a login before the at sign when that is unique, or me.
func (s *Server) findUser(q *request, text string) *userRec {
	if text == "me" {
		if q.who == nil || q.who.owner == "" {
			return nil
		}
		return s.userByID(q.who.owner)
	}
	if u := s.userByID(text); u != nil {
		return u
	}
	if u := s.userByLogin(text); u != nil {
		return u
	}
	var short *userRec
	for _, u := range s.users {
		name, _, _ := strings.Cut(u.Login, "@")
		if u.deleted.IsZero() && strings.EqualFold(name, text) {
			if short != nil {
				return nil
			}
			short = u
		}
	}
	return short
}

func (u *userState) fullName() string {
	return strings.TrimSpace(u.First + " " + u.Last)
}
