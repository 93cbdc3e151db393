package storetest_test

import (
	"testing"

	"usher/access"
	"usher/store/storetest"
)

func TestMemory(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(*testing.T) access.Store { return storetest.Memory() })
}
