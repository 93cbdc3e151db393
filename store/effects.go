package store

import (
	"fmt"

	"usher/access"
)

// The order bucket lists effects in the order in which they are wanted; its values are the ids.

func placeOf(e access.Effect) []byte { return orderKey(int(e.Priority), e.Rank, e.Due, e.ID) }

// PutEffect implements access.Tx.
func (t *tx) PutEffect(e access.Effect) error {
	id, err := keyOf(e.ID)
	if err != nil {
		return err
	}
	e.Due, e.NotBefore = e.Due.UTC(), e.NotBefore.UTC()
	raw, err := encode(e)
	if err != nil {
		return err
	}
	if err := t.unplace(e.ID); err != nil {
		return err
	}
	effects, err := t.writing(bucketEffects)
	if err != nil {
		return err
	}
	order, err := t.writing(bucketOrder)
	if err != nil {
		return err
	}
	if _, err := t.set(order, placeOf(e), id); err != nil {
		return fmt.Errorf("order effect %s: %w", e.ID, err)
	}
	was, err := t.set(effects, id, raw)
	if err != nil {
		return fmt.Errorf("put effect %s: %w", e.ID, err)
	}
	if !was {
		t.deltas[countEffects]++
	}
	return nil
}

// unplace removes the effect's entry in the order, if it has one.
func (t *tx) unplace(id string) error {
	order, err := t.writing(bucketOrder)
	if err != nil {
		return err
	}
	effects, err := t.reading(bucketEffects)
	if err != nil {
		return err
	}
	raw := effects.Get([]byte(id))
	if raw == nil {
		return nil
	}
	var old access.Effect
	if err := decode(raw, &old); err != nil {
		return fmt.Errorf("effect %s: %w", id, err)
	}
	_, err = t.set(order, placeOf(old), nil)
	return err
}

// Effect implements access.Tx.
func (t *tx) Effect(id string) (access.Effect, error) {
	b, err := t.reading(bucketEffects)
	if err != nil {
		return access.Effect{}, err
	}
	raw := b.Get([]byte(id))
	if raw == nil {
		return access.Effect{}, access.ErrNotFound
	}
	var e access.Effect
	if err := decode(raw, &e); err != nil {
		return access.Effect{}, fmt.Errorf("effect %s: %w", id, err)
	}
	return e, nil
}

// DropEffect implements access.Tx. It is no error if there is none.
func (t *tx) DropEffect(id string) error {
	if err := t.unplace(id); err != nil {
		return err
	}
	b, err := t.writing(bucketEffects)
	if err != nil {
		return err
	}
	was, err := t.set(b, []byte(id), nil)
	if err != nil {
		return fmt.Errorf("drop effect %s: %w", id, err)
	}
	if was {
		t.deltas[countEffects]--
	}
	return nil
}

// Effects implements access.Tx. Effects that are equal in priority, rank and due time come by id.
func (t *tx) Effects() ([]access.Effect, error) {
	b, err := t.reading(bucketOrder)
	if err != nil {
		return nil, err
	}
	var list []access.Effect
	for _, id := range scan(b, nil) {
		e, err := t.Effect(string(id))
		if err != nil {
			return nil, fmt.Errorf("list effects: %s: %w", id, err)
		}
		list = append(list, e)
	}
	return list, nil
}
