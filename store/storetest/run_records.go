package storetest

import (
	"errors"
	"testing"

	"usher/access"
)

type thing struct {
	Name string            `json:"name"`
	Note string            `json:"note,omitempty"`
	More map[string]string `json:"more,omitempty"`
}

func getPut(t *testing.T, s access.Store) {
	update(t, s, func(tx access.Tx) error {
		return tx.Put(access.Requests, "a", thing{Name: "first", Note: "n"}, "all")
	})
	view(t, s, func(tx access.Tx) error {
		got := thing{More: map[string]string{"left": "over"}}
		if err := tx.Get(access.Requests, "a", &got); err != nil {
			return err
		}
		if got.Name != "first" || got.Note != "n" || got.More != nil {
			t.Errorf("got %+v", got)
		}
		if err := tx.Get(access.Grants, "a", &got); !errors.Is(err, access.ErrNotFound) {
			t.Errorf("other kind: got %v, want ErrNotFound", err)
		}
		return nil
	})
}
