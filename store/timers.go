package store

import (
	"bytes"
	"fmt"
	"time"

	"usher/access"
)

// The due bucket lists timers by time; its values are the ids.

// SetTimer implements access.Tx.
func (t *tx) SetTimer(w access.Timer) error {
	id, err := keyOf(w.ID)
	if err != nil {
		return err
	}
	w.At = w.At.UTC()
	raw, err := encode(w)
	if err != nil {
		return err
	}
	timers, err := t.writing(bucketTimers)
	if err != nil {
		return err
	}
	if bytes.Equal(timers.Get(id), raw) {
		return nil // Nothing to write: a repair of what is in order costs no commit.
	}
	if err := t.ClearTimer(w.ID); err != nil {
		return err
	}
	due, err := t.writing(bucketDue)
	if err != nil {
		return err
	}
	if _, err := t.set(timers, id, raw); err != nil {
		return fmt.Errorf("set timer %s: %w", w.ID, err)
	}
	if _, err := t.set(due, dueKey(w.At, w.ID), id); err != nil {
		return fmt.Errorf("set timer %s: %w", w.ID, err)
	}
	t.deltas[countTimers]++
	return nil
}

// ClearTimer implements access.Tx.
func (t *tx) ClearTimer(id string) error {
	timers, err := t.writing(bucketTimers)
	if err != nil {
		return err
	}
	due, err := t.writing(bucketDue)
	if err != nil {
		return err
	}
	raw := timers.Get([]byte(id))
	if raw == nil {
		return nil
	}
	var old access.Timer
	if err := decode(raw, &old); err != nil {
		return fmt.Errorf("timer %s: %w", id, err)
	}
	if _, err := t.set(due, dueKey(old.At, id), nil); err != nil {
		return fmt.Errorf("clear timer %s: %w", id, err)
	}
	if _, err := t.set(timers, []byte(id), nil); err != nil {
		return fmt.Errorf("clear timer %s: %w", id, err)
	}
	t.deltas[countTimers]--
	return nil
}

// Due implements access.Tx. Timers of the same time come by id.
func (t *tx) Due(now time.Time, limit int) ([]access.Timer, error) {
	due, err := t.reading(bucketDue)
	if err != nil {
		return nil, err
	}
	end := instant(now)
	var list []access.Timer
	for key, id := range scan(due, nil) {
		if len(key) <= instantSize {
			return nil, fmt.Errorf("timer %q is listed at no time", id)
		}
		if bytes.Compare(key[:instantSize], end) > 0 || limit > 0 && len(list) == limit {
			break
		}
		w, err := t.timer(id)
		if err != nil {
			return nil, err
		}
		list = append(list, w)
	}
	return list, nil
}

// NextDue implements access.Tx.
func (t *tx) NextDue() (time.Time, bool, error) {
	due, err := t.reading(bucketDue)
	if err != nil {
		return time.Time{}, false, err
	}
	for _, id := range scan(due, nil) {
		w, err := t.timer(id)
		return w.At, err == nil, err
	}
	return time.Time{}, false, nil
}

func (t *tx) timer(id []byte) (access.Timer, error) {
	timers, err := t.reading(bucketTimers)
	if err != nil {
		return access.Timer{}, err
	}
	raw := timers.Get(id)
	if raw == nil {
		return access.Timer{}, fmt.Errorf("timer %s is listed but missing", id)
	}
	var w access.Timer
	if err := decode(raw, &w); err != nil {
		return access.Timer{}, fmt.Errorf("timer %s: %w", id, err)
	}
	return w, nil
}
