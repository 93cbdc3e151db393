package store

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"usher/access"
)

func TestCheckFindsWhatDoesNotFit(t *testing.T) {
	t.Parallel()
	at := time.Date(2027, 1, 5, 12, 0, 0, 0, time.UTC)
	drop := func(bucket string, key []byte) func(*bbolt.Tx) error {
		return func(b *bbolt.Tx) error { return b.Bucket([]byte(bucket)).Delete(key) }
	}
	write := func(bucket string, key []byte, value string) func(*bbolt.Tx) error {
		return func(b *bbolt.Tx) error { return b.Bucket([]byte(bucket)).Put(key, []byte(value)) }
	}
	second, err := eventKey("r", 2)
	if err != nil {
		t.Fatal(err)
	}
	first, err := eventKey("s", 1)
	if err != nil {
		t.Fatal(err)
	}
	misplace := func(b *bbolt.Tx) error {
		sealed := b.Bucket([]byte(bucketSealed))
		return errors.Join(sealed.Put([]byte("x"), bytes.Clone(sealed.Get([]byte("s")))), sealed.Delete([]byte("s")))
	}
	for name, c := range map[string]struct {
		spoil func(*bbolt.Tx) error
		says  string
	}{
		"nothing":                 {func(*bbolt.Tx) error { return nil }, ""},
		"index entry lost":        {drop(bucketIndex, []byte("request\x00all\x00a")), `"request\x00a" is not listed under "all"`},
		"index entry too many":    {write(bucketIndex, []byte("request\x00all\x00z"), "\x01"), "the index has 3 entries, the records have 2"},
		"record without envelope": {write(bucketRecords, []byte("request\x00a"), "\xff"), "damaged envelope"},
		"record lost":             {drop(bucketRecords, []byte("request\x00a")), "count records/request says 3, there are 2"},
		"event lost":              {drop(bucketEvents, second), "event 2 of request r is missing"},
		"event misplaced":         {write(bucketEvents, second, `{"request":"r","seq":7}`), `says that it is 7 of "r"`},
		"event damaged":           {write(bucketEvents, second, "{"), "decode"},
		"effect out of order":     {drop(bucketOrder, orderKey(1, 2, at, "e")), `effects "e" is not listed in order`},
		"effect listed twice":     {write(bucketOrder, orderKey(3, 2, at, "e"), "e"), "order lists 2 of 1 effects"},
		"effect damaged":          {write(bucketEffects, []byte("e"), "{"), "decode"},
		"timer not listed":        {drop(bucketDue, dueKey(at, "t")), `timers "t" is not listed in due`},
		"timer lost":              {drop(bucketTimers, []byte("t")), "due lists 1 of 0 timers"},
		"count wrong":             {write(bucketCounts, []byte(countEvents), "7"), "count events says 7, there are 5"},
		"count damaged":           {write(bucketCounts, []byte(countEvents), "many"), "count events"},
		"parcel damaged":          {write(bucketSealed, []byte("s"), "\x01\x00\x00\x00\x00"), `sealed "s": damaged parcel`},
		"parcel of the future":    {write(bucketSealed, []byte("s"), "\x63\x00\x00\x00\x00"), `unknown format 99`},
		"parcel misplaced":        {misplace, `sealed event 1 of request "x"`},
		"parcel lost":             {drop(bucketSealed, []byte("s")), "count sealed says 1, there are none"},
		"sealed entry lost":       {drop(bucketIndex, []byte("request\x00all\x00s")), `"request\x00s" is not listed under "all"`},
		"sealed and loose":        {write(bucketRecords, []byte("grant\x00s"), "\x001"), `record "grant\x00s" is both sealed and loose`},
		"sealed events loose":     {write(bucketEvents, first, `{"request":"s","seq":1}`), `events of request "s" are both sealed and loose`},
		"bucket lost":             {func(b *bbolt.Tx) error { return b.DeleteBucket([]byte(bucketDue)) }, "bucket due is missing"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := older(t, append(steps(), nil))
			s, err := Open(config(path))
			if err != nil {
				t.Fatal(err)
			}
			err = s.Update(t.Context(), func(tx access.Tx) error {
				return errors.Join(
					tx.Put(access.Requests, "old", 1), tx.Put(access.Requests, "a", 1, "all"),
					tx.Append(access.Event{Request: "r", Seq: 1}), tx.Append(access.Event{Request: "r", Seq: 2}),
					tx.Append(access.Event{Request: "r", Seq: 3}),
					tx.Put(access.Requests, "s", 1, "all"), tx.Put(access.Grants, "s", 1),
					tx.Append(access.Event{Request: "s", Seq: 1}), tx.Append(access.Event{Request: "s", Seq: 2}), tx.Seal("s"),
					tx.PutEffect(access.Effect{ID: "e", Priority: 1, Rank: 2, Due: at}),
					tx.SetTimer(access.Timer{ID: "t", At: at}),
				)
			})
			if err := errors.Join(err, s.Close()); err != nil {
				t.Fatal(err)
			}
			tamper(t, path, c.spoil)
			if s, err = Open(config(path)); err != nil {
				t.Fatal(err)
			}
			err = s.Check(t.Context())
			if c.says == "" && err != nil || c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)) {
				t.Errorf("got %v, want %q", err, c.says)
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestTimerListedAtNoTimeIsAnError(t *testing.T) {
	t.Parallel()
	path := older(t, append(steps(), nil))
	tamper(t, path, func(b *bbolt.Tx) error { return b.Bucket([]byte(bucketDue)).Put([]byte("short"), []byte("t")) })
	s, err := Open(config(path))
	if err != nil {
		t.Fatal(err)
	}
	err = s.View(t.Context(), func(tx access.Tx) error {
		_, err := tx.Due(time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), 0)
		return err
	})
	if err == nil || !strings.Contains(err.Error(), "at no time") {
		t.Errorf("got %v", err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}
