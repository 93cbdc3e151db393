package store_test

import (
	"context"
	"testing"

	"usher/access"
	"usher/store"
	"usher/store/storetest"
)

func durable(noSync bool) storetest.Durable {
	return storetest.Durable{
		Open: func(path string) (access.Store, func() error, error) {
			s, err := store.Open(store.Config{Path: path, Logger: quiet(), NoSync: noSync})
			if err != nil {
				return nil, nil, err
			}
			return s, s.Close, nil
		},
		Check: func(s access.Store) error { return s.(*store.Store).Check(context.Background()) },
	}
}

func TestKilledProcessLosesNothing(t *testing.T) { //nolint:paralleltest // It is run again as the process to be killed.
	storetest.RunCrash(t, 20, durable(false))
}
