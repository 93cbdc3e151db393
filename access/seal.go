package access

import (
	"context"
	"errors"
	"fmt"
	"strconv"
)

// What is over is sealed: kept in a tenth of the room, readable as before. Nothing depends on it. It happens in the
// transaction that settles the last effect of a request; if that is missed (a file of an older version, a version of Usher
// that was wrong), at the next outcome of the same request or by Service.Seal, whichever comes first.

// sealOver seals the request of a command, and the one whose grant it extends, if they are over.
func sealOver(tx Tx, st state) error {
	if st.Origin != nil {
		origin := state{Request: *st.Origin, Grant: st.Grant}
		if err := sealOne(tx, origin); err != nil {
			return err
		}
	}
	return sealOne(tx, st)
}

func sealOne(tx Tx, st state) error {
	if !st.over() {
		return nil
	}
	for _, id := range st.effects() {
		_, err := tx.Effect(id)
		if err == nil {
			return nil // It may change the request once more.
		}
		if !errors.Is(err, ErrNotFound) {
			return fmt.Errorf("read effect: %w", err)
		}
	}
	if err := tx.Seal(st.Request.ID); err != nil {
		return fmt.Errorf("seal request %s: %w", st.Request.ID, err)
	}
	return nil
}

// over reports whether the request is decided, its access is over or was never given, and its issue shows all of that.
func (s state) over() bool {
	r := s.Request
	switch {
	case !r.State.Final() || r.Unmirrored > r.Mirrored:
		return false
	case r.State != RequestApproved:
		return true
	case r.Kind == KindExtension:
		return r.Extended || r.Failure != ""
	}
	return s.Grant != nil && s.Grant.State.Final()
}

// effects lists the ids of all effects that the request can have. One that is missing here does no harm: the request is
// sealed while that effect is pending, and again when it is settled.
func (s state) effects() []string {
	r := s.Request
	id := string(r.ID)
	ids := []string{"open/" + id, mirrorEffect(&r).ID, "status/" + id}
	for _, a := range r.Asks {
		ids = append(ids, "ask/"+id+"/"+string(a.Approver.User))
	}
	for step := range r.Policy.Steps {
		ids = append(ids, "route/"+id+"/"+strconv.Itoa(step))
	}
	if s.Grant == nil || s.Grant.Request != r.ID {
		return ids
	}
	ids = append(ids, "notice/"+string(s.Grant.ID))
	t := &turn{s: s}
	for _, g := range s.Grant.Groups {
		for _, kind := range []EffectKind{EffectInspect, EffectAdd, EffectRemove} {
			ids = append(ids, t.memberEffect(kind, g.Group).ID)
		}
	}
	return ids
}

// sealPage is how many requests one step of Seal looks at, so that it holds up no decision for long.
const sealPage = 32

// Seal seals everything that is over and not sealed yet, page by page, until done or ctx ends. It costs what is not sealed:
// much once, after the upgrade of a file of an older version, and from then on what is open. It runs beside all other work.
func (s *Service) Seal(ctx context.Context) error {
	for last := RequestID(""); ctx.Err() == nil; {
		ids, err := s.sealPage(ctx, last)
		if err != nil {
			return fmt.Errorf("seal what is over: %w", err)
		}
		if len(ids) == 0 {
			break
		}
		last = ids[len(ids)-1]
	}
	return nil
}

func (s *Service) sealPage(ctx context.Context, last RequestID) (ids []RequestID, err error) {
	err = s.cfg.Store.Update(ctx, func(tx Tx) (err error) {
		if ids, err = tx.Unsealed(last, sealPage); err != nil {
			return err
		}
		for _, id := range ids {
			st, err := load(tx, id)
			if err != nil {
				return err
			}
			if err := sealOne(tx, st); err != nil {
				return err
			}
		}
		return nil
	})
	return ids, err
}
