package storetest

import (
	"errors"
	"slices"
	"testing"
	"time"

	"usher/access"
	"usher/catalog"
)

func effects(t testing.TB, s access.Store) []access.Effect {
	t.Helper()
	return look(t, s, func(tx access.Tx) ([]access.Effect, error) { return tx.Effects() })
}

func fullEffect() access.Effect {
	return access.Effect{
		ID: "add/r1/okta:g1", Kind: access.EffectAdd, Target: "okta", Lane: "okta/u1/g1", Priority: access.PriorityProvision,
		Rank: 3, Due: noon(), Request: "r1", Grant: "r1", Group: catalog.Group{Provider: "okta", ID: "g1"}, User: "u1",
		Rev: 7, Attempts: 4, NotBefore: noon().Add(time.Minute), LastError: "add member: 429",
	}
}

func effectFields(t *testing.T, s access.Store) {
	want := fullEffect()
	update(t, s, func(tx access.Tx) error {
		e := want
		e.Due = e.Due.In(time.FixedZone("", -3600))
		return tx.PutEffect(e)
	})
	got := look(t, s, func(tx access.Tx) (access.Effect, error) { return tx.Effect(want.ID) })
	if got != want {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if list := effects(t, s); len(list) != 1 || list[0] != want {
		t.Errorf("list is %+v", list)
	}
	view(t, s, func(tx access.Tx) error {
		if _, err := tx.Effect("add/r1"); !errors.Is(err, access.ErrNotFound) {
			t.Errorf("got %v, want ErrNotFound", err)
		}
		return nil
	})
}

func effectOrder(t *testing.T, s access.Store) {
	want := []access.Effect{
		{ID: "below zero", Priority: -1},
		{ID: "risky", Priority: access.PriorityRemoval, Rank: 300, Due: noon().Add(time.Hour)},
		{ID: "no due time", Priority: access.PriorityRemoval, Rank: 2},
		{ID: "old", Priority: access.PriorityRemoval, Rank: 2, Due: time.Date(1969, 7, 20, 0, 0, 0, 0, time.UTC)},
		{ID: "earlier by a nanosecond", Priority: access.PriorityRemoval, Rank: 2, Due: noon().Add(-1)},
		{ID: "same 1", Priority: access.PriorityRemoval, Rank: 2, Due: noon()},
		{ID: "same 2", Priority: access.PriorityRemoval, Rank: 2, Due: noon()},
		{ID: "harmless", Priority: access.PriorityRemoval, Rank: 0, Due: noon().Add(-time.Hour)},
		{ID: "rank below zero", Priority: access.PriorityRemoval, Rank: -1, Due: noon().Add(-time.Hour)},
		{ID: "provision", Priority: access.PriorityProvision, Rank: 1000, Due: noon().Add(-time.Hour)},
		{ID: "message", Priority: access.PriorityMessage, Rank: 1},
		{ID: "last", Priority: 1000, Rank: 1},
	}
	mixed := slices.Clone(want)
	slices.SortFunc(mixed, func(a, b access.Effect) int { return len(a.ID)*31%7 - len(b.ID)*31%7 })
	update(t, s, func(tx access.Tx) error {
		for _, e := range mixed {
			if err := tx.PutEffect(e); err != nil {
				return err
			}
		}
		list, err := tx.Effects()
		if !slices.Equal(list, want) {
			t.Errorf("before the commit the order is %q", effectIDs(list))
		}
		return err
	})
	if got := effects(t, s); !slices.Equal(got, want) {
		t.Errorf("got %q", effectIDs(got))
	}
}

func effectIDs(list []access.Effect) []string {
	var ids []string
	for _, e := range list {
		ids = append(ids, e.ID)
	}
	return ids
}

func effectReplaced(t *testing.T, s access.Store) {
	first := fullEffect()
	update(t, s, func(tx access.Tx) error {
		return errors.Join(tx.PutEffect(first), tx.PutEffect(access.Effect{ID: "other", Priority: access.PriorityTracker}))
	})
	again := first
	again.Priority, again.Rank, again.Due = access.PriorityMessage, 0, noon().Add(time.Hour)
	again.Rev, again.Attempts, again.LastError, again.NotBefore = 8, 5, "", time.Time{}
	update(t, s, func(tx access.Tx) error { return tx.PutEffect(again) })
	got := effects(t, s)
	if len(got) != 2 || got[0].ID != "other" || got[1] != again {
		t.Errorf("got %+v", got)
	}
}

func effectDropped(t *testing.T, s access.Store) {
	update(t, s, func(tx access.Tx) error {
		return errors.Join(tx.PutEffect(fullEffect()), tx.PutEffect(access.Effect{ID: "other"}))
	})
	update(t, s, func(tx access.Tx) error {
		return errors.Join(tx.DropEffect(fullEffect().ID), tx.DropEffect("never there"))
	})
	if got := effectIDs(effects(t, s)); !slices.Equal(got, []string{"other"}) {
		t.Errorf("got %q", got)
	}
	view(t, s, func(tx access.Tx) error {
		if _, err := tx.Effect(fullEffect().ID); !errors.Is(err, access.ErrNotFound) {
			t.Errorf("got %v, want ErrNotFound", err)
		}
		return nil
	})
	update(t, s, func(tx access.Tx) error { return tx.PutEffect(fullEffect()) })
	if got := effects(t, s); len(got) != 2 {
		t.Errorf("put after drop: got %+v", got)
	}
}
