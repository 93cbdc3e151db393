package storetest

import (
	"context"
	"testing"
	"time"

	"usher/access"
)

// Fresh returns an empty store for one test. Closing it is its own business (t.Cleanup).
type Fresh func(t *testing.T) access.Store

// Run judges the behavior of a store, one operation at a time.
func Run(t *testing.T, fresh Fresh) {
	t.Helper()
	each(t, fresh, map[string]func(*testing.T, access.Store){
		"a record is read back":                              recordReadBack,
		"a record that is not there is not found":            recordAbsent,
		"a record is kept apart from the value it came from": recordCopied,
		"a record of another kind is another record":         recordKinds,
		"a refused write leaves what was":                    writeRefused,
		"an index lists ids in order and in pages":           indexPages,
		"an index entry is matched whole":                    indexWhole,
		"an overwritten record loses its old index entries":  indexReplaced,
		"events come back in order with their chain intact":  eventsChain,
		"an event out of turn is refused":                    eventsOutOfTurn,
		"events of other requests stay out":                  eventsApart,
		"sealing changes nothing that can be read":           sealReadBack,
		"a sealed chain goes on":                             sealAppend,
		"a sealed record is written like any other":          sealPut,
		"what is not sealed is listed in pages":              sealListed,
		"a refused write leaves what is sealed":              sealRefused,
		"an effect keeps all its fields":                     effectFields,
		"effects come by priority, rank, due time":           effectOrder,
		"a repeated effect replaces the one before":          effectReplaced,
		"a dropped effect is gone":                           effectDropped,
		"timers come by time":                                timerOrder,
		"a timer set again moves":                            timerMoved,
		"a cleared timer is gone":                            timerCleared,
		"timers keep nanoseconds and far times":              timerRange,
	})
}

func each(t *testing.T, fresh Fresh, cases map[string]func(*testing.T, access.Store)) {
	t.Helper()
	for name, f := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f(t, fresh(t))
		})
	}
}

// update runs f in an update that must succeed.
func update(t testing.TB, s access.Store, f func(access.Tx) error) {
	t.Helper()
	if err := s.Update(context.Background(), f); err != nil {
		t.Fatalf("update: %v", err)
	}
}

// view runs f in a view that must succeed.
func view(t testing.TB, s access.Store, f func(access.Tx) error) {
	t.Helper()
	if err := s.View(context.Background(), f); err != nil {
		t.Fatalf("view: %v", err)
	}
}

// look returns what f reads in a view that must succeed.
func look[T any](t testing.TB, s access.Store, f func(access.Tx) (T, error)) T {
	t.Helper()
	var v T
	view(t, s, func(tx access.Tx) (err error) {
		v, err = f(tx)
		return err
	})
	return v
}

// noon is a time with nanoseconds.
func noon() time.Time { return time.Date(2027, 1, 5, 12, 0, 0, 123456789, time.UTC) }
