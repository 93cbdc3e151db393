package store_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"sync/atomic"
	"testing"

	"usher/access"
	"usher/store"
	"usher/store/storetest"
)

func TestStoreFollowsTheModel(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	var histories atomic.Int32
	storetest.RunModel(t, func() (storetest.Reopenable, error) {
		// Without fsync: this test closes files, it does not cut the power.
		cfg := store.Config{Path: filepath.Join(folder, fmt.Sprintf("%d.db", histories.Add(1))), Logger: quiet(), NoSync: true}
		s, err := store.Open(cfg)
		if err != nil {
			return storetest.Reopenable{}, err
		}
		return storetest.Reopenable{
			Store: s,
			Reopen: func() (access.Store, error) {
				if err := errors.Join(s.Check(t.Context()), s.Close()); err != nil {
					return nil, err
				}
				s, err = store.Open(cfg)
				return s, err
			},
			Close: func() error { return errors.Join(s.Check(t.Context()), s.Close()) },
		}, nil
	})
}
