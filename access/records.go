package access

import (
	"errors"
	"fmt"
)

// The index entries under which requests and grants are found.
const (
	indexOpen     = "open"     // Requests not yet decided; grants not yet over.
	indexRevoking = "revoking" // Grants being taken away.
)

func indexRequester(p Person) string { return "requester/" + string(p.User) }
func indexUndone(p Person) string    { return "undone/" + string(p.User) }
func indexSubject(p Person) string   { return "subject/" + string(p.User) }

// load reads the state that a command on the request is decided on, without a cache.
func load(tx Tx, id RequestID) (state, error) { return (*cache)(nil).load(tx, id) }

// load reads the state that a command on the request is decided on.
func (c *cache) load(tx Tx, id RequestID) (state, error) {
	var st state
	if err := getRecord(c, tx, Requests, string(id), &st.Request); err != nil {
		return state{}, fmt.Errorf("read request %s: %w", id, err)
	}
	if st.Request.Grant == "" {
		return c.loadMembers(tx, st)
	}
	st.Grant = &Grant{}
	if err := getRecord(c, tx, Grants, string(st.Request.Grant), st.Grant); err != nil {
		return state{}, fmt.Errorf("read grant %s: %w", st.Request.Grant, err)
	}
	if st.Grant.Request != id {
		st.Origin = &Request{}
		if err := getRecord(c, tx, Requests, string(st.Grant.Request), st.Origin); err != nil {
			return state{}, fmt.Errorf("read request %s: %w", st.Grant.Request, err)
		}
	}
	return c.loadMembers(tx, st)
}

// loadForSubmit reads the grant that a new extension is about; everything else about a new request is new.
func (c *cache) loadForSubmit(tx Tx, s submit) (state, error) {
	st := state{Request: s.Request}
	if s.Request.Kind != KindExtension {
		return st, nil
	}
	st.Grant, st.Origin = &Grant{}, &Request{}
	if err := getRecord(c, tx, Grants, string(s.Request.Grant), st.Grant); err != nil {
		return state{}, fmt.Errorf("read grant %s: %w", s.Request.Grant, err)
	}
	if err := getRecord(c, tx, Requests, string(st.Grant.Request), st.Origin); err != nil {
		return state{}, fmt.Errorf("read request %s: %w", st.Grant.Request, err)
	}
	return c.loadMembers(tx, st)
}

func (c *cache) loadMembers(tx Tx, st state) (state, error) {
	st.Members = map[string]Membership{}
	subject, groups := st.Request.Subject.User, st.Request.Role.Groups
	if st.Grant != nil { // The catalog may have changed between the grant and its extension.
		subject, groups = st.Grant.Subject.User, st.Grant.Role.Groups
	}
	for _, g := range groups {
		m := Membership{Group: g, User: subject}
		err := getRecord(c, tx, Memberships, m.Key(), &m)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return state{}, fmt.Errorf("read membership %s: %w", m.Key(), err)
		}
		st.Members[m.Key()] = m
	}
	return st, nil
}

// save writes an outcome.
func (c *cache) save(tx Tx, out *outcome) error {
	for _, e := range out.Events {
		if err := tx.Append(e); err != nil {
			return fmt.Errorf("append event: %w", err)
		}
	}
	if err := c.saveState(tx, out.State); err != nil {
		return err
	}
	for _, e := range out.Drop {
		if err := tx.DropEffect(e.ID); err != nil {
			return fmt.Errorf("drop effect: %w", err)
		}
	}
	for i := range out.Effects {
		if err := putEffect(tx, &out.Effects[i]); err != nil {
			return err
		}
	}
	for _, id := range out.Clear {
		if err := tx.ClearTimer(id); err != nil {
			return fmt.Errorf("clear timer: %w", err)
		}
	}
	for _, t := range out.Timers {
		if err := tx.SetTimer(t); err != nil {
			return fmt.Errorf("set timer: %w", err)
		}
	}
	return nil
}

// putEffect keeps the tries already made when something pending is wished for again: an earlier try may have arrived. The
// runner gets them with the effect, for it may not have been told of them yet.
func putEffect(tx Tx, e *Effect) error {
	old, err := tx.Effect(e.ID)
	if err == nil {
		e.Attempts, e.Refused, e.NotBefore, e.LastError = old.Attempts, old.Refused, old.NotBefore, old.LastError
	} else if !errors.Is(err, ErrNotFound) {
		return fmt.Errorf("read effect: %w", err)
	}
	if err := tx.PutEffect(*e); err != nil {
		return fmt.Errorf("write effect: %w", err)
	}
	return nil
}

func (c *cache) saveState(tx Tx, st state) error {
	if st.Origin != nil {
		if err := c.putRequest(tx, *st.Origin); err != nil {
			return err
		}
	}
	if err := c.putRequest(tx, st.Request); err != nil {
		return err
	}
	if st.Grant == nil {
		return nil
	}
	if err := c.putGrant(tx, *st.Grant); err != nil {
		return err
	}
	for key, m := range st.Members {
		if err := putRecord(c, tx, Memberships, key, m); err != nil {
			return fmt.Errorf("write membership: %w", err)
		}
	}
	return nil
}

func (c *cache) putRequest(tx Tx, r Request) error {
	index := []string{indexRequester(r.Requester)}
	if !r.State.Final() || r.State == RequestApproved && r.Grant == "" {
		index = append(index, indexUndone(r.Requester))
	}
	if !r.State.Final() {
		index = append(index, indexOpen)
		for _, a := range r.Asks {
			if a.Step == r.Step {
				index = append(index, "approver/"+string(a.Approver.User))
			}
		}
	}
	if err := putRecord(c, tx, Requests, string(r.ID), r, index...); err != nil {
		return fmt.Errorf("write request: %w", err)
	}
	return nil
}

func (c *cache) putGrant(tx Tx, g Grant) error {
	index := []string{"all"}
	if !g.State.Final() {
		index = append(index, indexOpen, indexSubject(g.Subject))
	}
	if g.State == GrantRevoking || g.Failure != "" && !g.State.Final() {
		index = append(index, indexRevoking)
	}
	if err := putRecord(c, tx, Grants, string(g.ID), g, index...); err != nil {
		return fmt.Errorf("write grant: %w", err)
	}
	return nil
}

// requests reads the requests under an index entry.
func requests(tx Tx, index string) ([]Request, error) {
	ids, err := tx.IDs(Requests, index, "", 0)
	if err != nil {
		return nil, fmt.Errorf("list requests: %w", err)
	}
	list := make([]Request, len(ids))
	for i, id := range ids {
		if err := tx.Get(Requests, id, &list[i]); err != nil {
			return nil, fmt.Errorf("read request %s: %w", id, err)
		}
	}
	return list, nil
}

// grants reads the grants under an index entry.
func grants(tx Tx, index string) ([]Grant, error) {
	ids, err := tx.IDs(Grants, index, "", 0)
	if err != nil {
		return nil, fmt.Errorf("list grants: %w", err)
	}
	list := make([]Grant, len(ids))
	for i, id := range ids {
		if err := tx.Get(Grants, id, &list[i]); err != nil {
			return nil, fmt.Errorf("read grant %s: %w", id, err)
		}
	}
	return list, nil
}
