package store

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"usher/access"
)

// told is a request with its grant and a chain of events.
func told(t testing.TB, id access.RequestID, n int) (write func(access.Tx) error, events []access.Event) {
	t.Helper()
	prev := ""
	for i := range n {
		e := access.Event{
			Request: id, Seq: i + 1, At: time.Date(2027, 1, 5, 12, i, 0, 123456789, time.UTC), Kind: access.EventInspected,
			Text: "Read okta:00g1 before the change.", Facts: map[string]string{"group": "okta:00g1", "member": "false"}, Prev: prev,
		}
		sum, err := e.Sum()
		if err != nil {
			t.Fatal(err)
		}
		e.Hash, prev = sum, sum
		events = append(events, e)
	}
	return func(tx access.Tx) error {
		errs := []error{
			tx.Put(access.Requests, string(id), access.Request{ID: id, State: access.RequestApproved, Head: prev}, "all", "requester/00u1"),
			tx.Put(access.Grants, string(id), access.Grant{ID: access.GrantID(id), Request: id, State: access.GrantEnded}, "all"),
		}
		for _, e := range events {
			errs = append(errs, tx.Append(e))
		}
		return errors.Join(errs...)
	}, events
}

// The dictionary may never change, for every parcel of its format needs it.
func TestDictionaryIsTheOneThatParcelsWereMadeWith(t *testing.T) {
	t.Parallel()
	sum := sha256.Sum256([]byte(dictionary))
	if got := hex.EncodeToString(sum[:]); got != "87d5c6e8cdd07a6367e55eaa9b9f7942bf51a82208ede105d0e46d97bc38ba80" {
		t.Errorf("the dictionary has changed (%s): make a new format and keep the old one", got)
	}
}

// The file was written by the version that introduced the format.
func TestParcelsOfTheFirstFormatStayReadable(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("testdata", "parcel1.hex"))
	if err != nil {
		t.Fatal(err)
	}
	raw, err := hex.DecodeString(strings.Join(strings.Fields(string(text)), ""))
	if err != nil {
		t.Fatal(err)
	}
	s, err := Open(config(filepath.Join(t.TempDir(), "usher.db")))
	if err != nil {
		t.Fatal(err)
	}
	write, want := told(t, "06h1ft7aqpa8vrvwwz84njjjjm", 4)
	err = s.Update(t.Context(), func(tx access.Tx) error { return errors.Join(write(tx), tx.Seal(want[0].Request)) })
	if err := errors.Join(err, s.Close()); err != nil {
		t.Fatal(err)
	}
	tamper(t, s.path, func(b *bbolt.Tx) error {
		sealed := b.Bucket([]byte(bucketSealed))
		return sealed.Put([]byte(want[0].Request), raw)
	})
	if s, err = Open(config(s.path)); err != nil {
		t.Fatal(err)
	}
	err = s.View(t.Context(), func(tx access.Tx) error {
		var r access.Request
		var g access.Grant
		list, err := tx.Events(want[0].Request, 0)
		if !reflect.DeepEqual(list, want) {
			t.Errorf("got %+v", list)
		}
		return errors.Join(err, access.VerifyChain(list), tx.Get(access.Requests, string(want[0].Request), &r), tx.Get(access.Grants, string(want[0].Request), &g))
	})
	if err := errors.Join(err, s.Check(t.Context()), s.Close()); err != nil {
		t.Error(err)
	}
}

// What an older version left is opened, read as before, and sealed when the core asks for it.
func TestFileOfTheFirstLayoutIsSealedBitByBit(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "usher.db")
	s, err := open(config(path), steps()[:1])
	if err != nil {
		t.Fatal(err)
	}
	// That version knew nothing of sealing: what it wrote is written past what this one looks for.
	chains := map[access.RequestID][]access.Event{}
	b, err := s.db.Begin(true)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.CreateBucket([]byte(bucketSealed)); err != nil {
		t.Fatal(err)
	}
	tx := newTx(b, &press{})
	for i := range 20 {
		id := access.RequestID(fmt.Sprintf("r%02d", i))
		write, events := told(t, id, i)
		chains[id] = events
		if err := write(tx); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(saveCounts(b, tx.deltas), b.DeleteBucket([]byte(bucketSealed)), b.Commit(), s.Close()); err != nil {
		t.Fatal(err)
	}
	if s, err = Open(config(path)); err != nil {
		t.Fatal(err)
	}
	compare := func(sealed int) {
		t.Helper()
		err := s.View(t.Context(), func(tx access.Tx) error {
			for id, want := range chains {
				got, err := tx.Events(id, 0)
				if err != nil || !reflect.DeepEqual(got, want) {
					t.Errorf("%s: got %+v, %v", id, got, err)
				}
			}
			list, err := tx.Unsealed("", 0)
			if len(list) != len(chains)-sealed {
				t.Errorf("not sealed are %q", list)
			}
			return err
		})
		st, failed := s.Stats(t.Context())
		if err := errors.Join(err, failed, s.Check(t.Context())); err != nil || st.Sealed != sealed || st.Records[access.Requests] != 20 || st.Events != 190 {
			t.Errorf("%+v, %v", st, err)
		}
	}
	compare(0)
	for i, id := range slices.Sorted(func(yield func(access.RequestID) bool) {
		for id := range chains {
			if !yield(id) {
				return
			}
		}
	}) {
		if err := s.Update(t.Context(), func(tx access.Tx) error { return tx.Seal(id) }); err != nil {
			t.Fatal(err)
		}
		if i%7 == 0 {
			compare(i + 1)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	c, err := Verify(t.Context(), path)
	if newest := time.Date(2027, 1, 5, 12, 18, 0, 123456789, time.UTC); err != nil || c.Events != 190 || !c.Newest.Equal(newest) {
		t.Errorf("%+v, %v", c, err)
	}
}

// A chain with a hole, or an event that is no JSON, is evidence of damage: it is not moved.
func TestDamagedChainIsNotSealed(t *testing.T) {
	t.Parallel()
	second, err := eventKey("r", 2)
	if err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*bbolt.Bucket) error{
		"hole":    func(b *bbolt.Bucket) error { return b.Delete(second) },
		"no JSON": func(b *bbolt.Bucket) error { return b.Put(second, []byte("\xff\xfe")) },
		"torn":    func(b *bbolt.Bucket) error { return b.Put(second, []byte("{\n")) },
		"empty":   func(b *bbolt.Bucket) error { return b.Put(second, nil) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "usher.db")
			s, err := Open(config(path))
			if err != nil {
				t.Fatal(err)
			}
			write, _ := told(t, "r", 3)
			if err := errors.Join(s.Update(t.Context(), write), s.Close()); err != nil {
				t.Fatal(err)
			}
			tamper(t, path, func(b *bbolt.Tx) error { return spoil(b.Bucket([]byte(bucketEvents))) })
			if s, err = Open(config(path)); err != nil {
				t.Fatal(err)
			}
			err = s.Update(t.Context(), func(tx access.Tx) error {
				err := tx.Seal("r")
				if list, _ := tx.Unsealed("", 0); len(list) != 1 {
					t.Errorf("not sealed are %q", list)
				}
				return err
			})
			if err := errors.Join(err, s.Close()); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestAlteredParcelIsNoticed(t *testing.T) {
	t.Parallel()
	write, _ := told(t, "r", 10)
	path := filepath.Join(t.TempDir(), "usher.db")
	s, err := Open(config(path))
	if err != nil {
		t.Fatal(err)
	}
	err = s.Update(t.Context(), func(tx access.Tx) error { return errors.Join(write(tx), tx.Seal("r")) })
	if err := errors.Join(err, s.Close()); err != nil {
		t.Fatal(err)
	}
	var raw []byte
	tamper(t, path, func(b *bbolt.Tx) error {
		raw = bytes.Clone(b.Bucket([]byte(bucketSealed)).Get([]byte("r")))
		return nil
	})
	p := &press{}
	whole, err := p.unpack("r", raw)
	if err != nil || len(whole.events) != 10 {
		t.Fatalf("%d events, %v", len(whole.events), err)
	}
	for i := range raw {
		for bit := range 8 {
			bad := bytes.Clone(raw)
			bad[i] ^= 1 << bit
			if c, err := p.unpack("r", bad); err == nil && !reflect.DeepEqual(c, whole) {
				t.Errorf("byte %d, bit %d: it reads otherwise", i, bit)
			}
		}
		if _, err := p.unpack("r", raw[:i]); err == nil && i < len(raw)-5 {
			t.Errorf("cut off at %d: no error", i)
		}
	}
}

// BenchmarkSealed measures what sealing costs and what reading what is sealed costs.
func BenchmarkSealed(b *testing.B) {
	s, err := Open(Config{Path: filepath.Join(b.TempDir(), "usher.db"), Logger: config("").Logger, NoSync: true})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	write, _ := told(b, "r", 10)
	if err := s.Update(b.Context(), write); err != nil {
		b.Fatal(err)
	}
	var p parcel
	_ = s.View(b.Context(), func(v access.Tx) error {
		t := v.(*tx)
		records, events := t.b.Bucket([]byte(bucketRecords)), t.b.Bucket([]byte(bucketEvents))
		p.records[0] = bytes.Clone(records.Get([]byte("request\x00r")))
		from, _ := eventKey("r", 1)
		for _, raw := range chain(events, from) {
			p.events = append(p.events, bytes.Clone(raw))
		}
		return nil
	})
	read := func(b *testing.B) {
		for b.Loop() {
			if err := s.View(b.Context(), func(tx access.Tx) error {
				var r access.Request
				return tx.Get(access.Requests, "r", &r)
			}); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.Run("get/loose", read)
	b.Run("pack", func(b *testing.B) {
		for b.Loop() {
			if _, err := s.press.pack("r", p); err != nil {
				b.Fatal(err)
			}
		}
	})
	if err := s.Update(b.Context(), func(tx access.Tx) error { return tx.Seal("r") }); err != nil {
		b.Fatal(err)
	}
	b.Run("get/sealed", read)
}
