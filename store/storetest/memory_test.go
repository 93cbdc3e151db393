package storetest_test

import (
	"testing"

	"usher/access"
	"usher/store/storetest"
)

func memory(*testing.T) access.Store { return storetest.Memory() }

func TestMemoryKeepsTheContract(t *testing.T) {
	t.Parallel()
	storetest.Run(t, memory)
	storetest.RunTransactions(t, memory)
	storetest.RunParallel(t, memory)
}

func TestMemoryFollowsTheModel(t *testing.T) {
	t.Parallel()
	storetest.RunModel(t, func() (storetest.Reopenable, error) {
		return storetest.Reopenable{Store: storetest.Memory()}, nil
	})
}
