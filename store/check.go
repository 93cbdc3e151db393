package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.etcd.io/bbolt"

	"usher/access"
)

// enough is how many findings Check reports.
const enough = 20

// Check reads the whole file and verifies its pages, every index entry, the order of effects and timers, the numbers of
// events, and the counts. It returns nil or up to 20 findings in one error. It takes about a second per gigabyte
// and 40 µs for each sealed request; updates go on meanwhile. (bbolt's own check may not run beside updates; Verify has it,
// too.)
func (s *Store) Check(ctx context.Context) error {
	return s.read(ctx, func(b *bbolt.Tx) error {
		m, err := metaOf(b)
		if err != nil {
			return fmt.Errorf("check store: %w", err)
		}
		info, err := s.file.Stat()
		if err != nil {
			return fmt.Errorf("check store: %w", err)
		}
		if err := errors.Join(checkHeads(s.file, m), checkPages(ctx, s.file, info.Size(), m)); err != nil {
			return fmt.Errorf("check store: pages: %w", err)
		}
		_, err = checkContents(ctx, b)
		return err
	})
}

// checkContents verifies what the pages hold.
func checkContents(ctx context.Context, b *bbolt.Tx) (*checker, error) {
	c := &checker{tx: newTx(b, &press{}), ctx: ctx, counts: map[string]int{}}
	for _, f := range []func() error{c.records, c.events, c.sealed, c.listed, c.effects, c.timers, c.totals} {
		if err := f(); err != nil {
			return c, fmt.Errorf("check store: %w", err)
		}
	}
	if len(c.found) > 0 {
		return c, fmt.Errorf("check store: %w", errors.Join(c.found...))
	}
	return c, nil
}

// checker gathers findings; its methods return an error only if they cannot go on.
type checker struct {
	tx      *tx
	ctx     context.Context //nolint:containedctx // It lives for one call of Check.
	found   []error
	counts  map[string]int
	newest  time.Time // Of all events.
	entries int       // Of all records in the index.
}

func (c *checker) find(format string, args ...any) {
	if len(c.found) < enough {
		c.found = append(c.found, fmt.Errorf(format, args...))
	}
}

// each ranges over a whole bucket until the context ends.
func (c *checker) each(name string, f func(key, value []byte)) error {
	b, err := c.tx.reading(name)
	if err != nil {
		return err
	}
	n := 0
	for k, v := range scan(b, nil) {
		if n++; n%1000 == 0 && c.ctx.Err() != nil {
			return context.Cause(c.ctx)
		}
		f(k, v)
	}
	return nil
}

// pair verifies that two buckets say the same: main's entries have their place in list, and list has no others.
func (c *checker) pair(main, list string, place func(id string, raw []byte) ([]byte, error)) (int, error) {
	b, err := c.tx.reading(list)
	if err != nil {
		return 0, err
	}
	n := 0
	err = c.each(main, func(k, v []byte) {
		n++
		key, err := place(string(k), v)
		switch {
		case err != nil:
			c.find("%s %q: %w", main, k, err)
		case !bytes.Equal(b.Get(key), k):
			c.find("%s %q is not listed in %s", main, k, list)
		}
	})
	if err != nil {
		return 0, err
	}
	listed := 0
	err = c.each(list, func(_, _ []byte) { listed++ })
	if listed != n {
		c.find("%s lists %d of %d %s", list, listed, n, main)
	}
	return n, err
}

func (c *checker) records() error { return c.each(bucketRecords, c.record) }

// record verifies one record, wherever it is kept, and counts it.
func (c *checker) record(k, v []byte) {
	kind, id, _ := strings.Cut(string(k), sep)
	c.counts[countRecords+kind]++
	list, _, err := unwrap(v)
	if err != nil {
		c.find("record %q: %w", k, err)
		return
	}
	index, err := c.tx.reading(bucketIndex)
	if err != nil {
		c.find("record %q: %w", k, err)
		return
	}
	c.entries += len(list)
	for _, x := range list {
		if index.Get(slices.Concat([]byte(kind+sep+x+sep), []byte(id))) == nil {
			c.find("record %q is not listed under %q", k, x)
		}
	}
}

// listed verifies that the index has no other entries than those of the records.
func (c *checker) listed() error {
	listed := 0
	err := c.each(bucketIndex, func(_, _ []byte) { listed++ })
	if err == nil && listed != c.entries {
		c.find("the index has %d entries, the records have %d", listed, c.entries)
	}
	return err
}

func (c *checker) events() error {
	var before []byte
	return c.each(bucketEvents, func(k, v []byte) {
		c.counts[countEvents]++
		var e access.Event
		if err := decode(v, &e); err != nil {
			c.find("event %q: %w", k, err)
			return
		}
		if e.At.After(c.newest) {
			c.newest = e.At
		}
		key, err := eventKey(e.Request, e.Seq)
		if err != nil || !bytes.Equal(key, k) {
			c.find("event %q says that it is %d of %q", k, e.Seq, e.Request)
			return
		}
		previous, _ := eventKey(e.Request, e.Seq-1) // The same parts as above.
		if e.Seq != 1 && !bytes.Equal(previous, before) {
			c.find("event %d of request %s is missing", e.Seq-1, e.Request)
		}
		before = bytes.Clone(k)
	})
}

func (c *checker) effects() error {
	n, err := c.pair(bucketEffects, bucketOrder, func(id string, raw []byte) ([]byte, error) {
		var e access.Effect
		if err := decode(raw, &e); err != nil {
			return nil, err
		}
		e.ID = id
		return placeOf(e), nil
	})
	c.counts[countEffects] = n
	return err
}

func (c *checker) timers() error {
	n, err := c.pair(bucketTimers, bucketDue, func(id string, raw []byte) ([]byte, error) {
		var w access.Timer
		err := decode(raw, &w)
		return dueKey(w.At, id), err
	})
	c.counts[countTimers] = n
	return err
}

func (c *checker) totals() error {
	stated := map[string]int{}
	if err := counts(c.tx.b, func(name string, n int) { stated[name] = n }); err != nil {
		return err
	}
	for name, n := range c.counts {
		if stated[name] != n {
			c.find("count %s says %d, there are %d", name, stated[name], n)
		}
		delete(stated, name)
	}
	for name, n := range stated {
		if n != 0 {
			c.find("count %s says %d, there are none", name, n)
		}
	}
	return nil
}
