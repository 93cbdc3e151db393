package store

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"usher/access"
)

// smallStore returns the bytes of a file with something of every family, large enough for branches, and free pages.
func smallStore(t testing.TB) []byte {
	t.Helper()
	s, err := Open(Config{Path: filepath.Join(t.TempDir(), "usher.db"), Logger: config("").Logger, NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2027, 1, 5, 12, 0, 0, 0, time.UTC)
	for n := range 120 {
		id := strconv.Itoa(n % 60)
		err := s.Update(t.Context(), func(tx access.Tx) error {
			err := errors.Join(
				tx.Put(access.Requests, id, string(make([]byte, n)), "all", "parity/"+strconv.Itoa(n%2)),
				tx.Append(access.Event{Request: access.RequestID(id), Seq: 1 + n/60, At: at}),
				tx.PutEffect(access.Effect{ID: id, Rev: n, Due: at}),
				tx.SetTimer(access.Timer{ID: id, At: at.Add(time.Duration(n) * time.Second)}),
			)
			if n >= 60 && n%3 == 0 {
				err = errors.Join(err, tx.Seal(access.RequestID(id)))
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	var whole bytes.Buffer
	if _, err := s.Backup(t.Context(), &whole); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return whole.Bytes()
}

// damage is what became of a file: bytes turned over at a place, cut off at a length, and, because damage to the first
// pages would otherwise never get past their sums, whether those are right again.
type damage struct {
	at   uint32
	with []byte
	cut  uint32
	sums bool
}

func (d damage) apply(whole []byte) []byte {
	b := bytes.Clone(whole)
	for i, x := range d.with {
		b[(int(d.at)+i)%len(b)] ^= x
	}
	for n := range 2 {
		if page := b[n*4096+pageHead:]; d.sums {
			sum := fnv.New64a()
			_, _ = sum.Write(page[:metaSummed])
			binary.NativeEndian.PutUint64(page[metaSummed:], sum.Sum64())
		}
	}
	if d.cut > 0 {
		b = b[:int(d.cut)%len(b)]
	}
	return b
}

// survives opens what is left and does everything with it. It may end in errors at any point, but not in a panic, and not
// never.
func (d damage) survives(t testing.TB, whole []byte) (opened bool) {
	t.Helper()
	watch := time.AfterFunc(time.Minute, func() { panic(fmt.Sprintf("it hangs: %+v", d)) })
	defer watch.Stop()
	path := filepath.Join(t.TempDir(), "usher.db")
	if err := os.WriteFile(path, d.apply(whole), 0o600); err != nil {
		t.Fatal(err)
	}
	_, verdict := Verify(t.Context(), path)
	_ = Peek(t.Context(), path, readAll)
	s, err := Open(Config{Path: path, Logger: config("").Logger, NoSync: true})
	if err != nil {
		var e *OpenError
		if !errors.As(err, &e) || e.Fix == "" {
			t.Errorf("%+v: %v explains nothing", d, err)
		}
		if verdict == nil {
			t.Errorf("%+v: it was verified, but cannot be opened: %v", d, err)
		}
		return false
	}
	checked := s.Check(t.Context())
	if (checked == nil) != (verdict == nil) {
		t.Errorf("%+v: Check says %v, Verify %v", d, checked, verdict)
	}
	_ = s.View(t.Context(), readAll)
	_, _ = s.Stats(t.Context())
	err = s.Update(t.Context(), func(tx access.Tx) error {
		return errors.Join(
			tx.Put(access.Requests, "1", "new", "all"), tx.Append(access.Event{Request: "1", Seq: 3}), tx.Seal("1"),
			tx.Put(access.Requests, "3", "new", "all"), tx.Append(access.Event{Request: "6", Seq: 3}),
			tx.DropEffect("1"), tx.PutEffect(access.Effect{ID: "new"}), tx.ClearTimer("1"), tx.SetTimer(access.Timer{ID: "2"}),
		)
	})
	if checked == nil && err != nil {
		t.Errorf("%+v: sound, but not usable: %v", d, err)
	}
	if err := s.Close(); err != nil {
		t.Errorf("%+v: close: %v", d, err)
	}
	return true
}

func readAll(tx access.Tx) error {
	ids, err := tx.IDs(access.Requests, "all", "", 0)
	errs := []error{err}
	for _, id := range ids {
		var v any
		_, err := tx.Events(access.RequestID(id), 0)
		errs = append(errs, tx.Get(access.Requests, id, &v), err)
	}
	_, effects := tx.Effects()
	_, due := tx.Due(time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), 0)
	_, _, next := tx.NextDue()
	_, unsealed := tx.Unsealed("", 0)
	return errors.Join(append(errs, effects, due, next, unsealed)...)
}

func FuzzOpenDamaged(f *testing.F) {
	whole := smallStore(f)
	f.Add(uint32(0), []byte{}, uint32(0), false)
	f.Add(uint32(4096+pageHead+16), []byte{0xff}, uint32(0), true) // The root.
	f.Add(uint32(pageHead+32), []byte{7}, uint32(0), true)         // The list of free pages.
	f.Add(uint32(pageHead+40), []byte{0xff, 0xff}, uint32(0), true)
	f.Add(uint32(2*4096+8), []byte{1}, uint32(0), false)
	f.Add(uint32(3*4096+10), []byte{0xff, 0xff}, uint32(0), false)
	f.Add(uint32(0), []byte{}, uint32(20_000), false)
	f.Fuzz(func(t *testing.T, at uint32, with []byte, cut uint32, sums bool) {
		damage{at, with, cut, sums}.survives(t, whole)
	})
}

func TestDamagedFilesEndInErrorsOnly(t *testing.T) {
	t.Parallel()
	seed := uint64(time.Now().UnixNano())
	if text := os.Getenv("USHER_SEED"); text != "" {
		seed, _ = strconv.ParseUint(text, 10, 64)
	}
	r := rand.New(rand.NewPCG(seed, 0)) //nolint:gosec // No secret.
	whole, tries, opened := smallStore(t), 300, 0
	if os.Getenv("USHER_BATTERY") == "nightly" {
		tries = 5_000
	}
	for range tries {
		d := damage{at: r.Uint32() % uint32(len(whole)), with: make([]byte, 1+r.IntN(3)), sums: r.IntN(2) == 0} //nolint:gosec // Small.
		if r.IntN(3) > 0 {                                                                                      // Most of what can go wrong is in the heads of pages and of entries.
			d.at = d.at/4096*4096 + r.Uint32()%80
		}
		for i := range d.with {
			d.with[i] = byte(1 << r.IntN(8))
		}
		if d.survives(t, whole) {
			opened++
		}
		if t.Failed() {
			t.Fatalf("USHER_SEED=%d", seed)
		}
	}
	t.Logf("%d of %d damaged files could be opened", opened, tries)
	if opened == 0 || opened == tries {
		t.Error("the damage is always or never seen: the test proves nothing")
	}
}
