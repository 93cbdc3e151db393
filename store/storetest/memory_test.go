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
