package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"time"

	"go.etcd.io/bbolt"

	"usher/access"
)

// Copy says what a whole file holds.
type Copy struct {
	Path  string
	Bytes int64
	// Schema is the version of its layout.
	Schema int
	// Records by kind.
	Records                 map[access.Kind]int
	Events, Effects, Timers int
	// Newest is the time of the newest event: how far the file reaches. Zero if there is none.
	Newest time.Time
}

// Verify says whether a file that nobody has open is a whole store: bbolt's own check, its pages, its layout, and
// everything that Check looks at. It changes nothing. An error means that it is not whole, or cannot be looked at; one
// that a newer Usher wrote cannot be judged. It takes about three seconds per gigabyte and 40 µs for each
// sealed request.
func Verify(ctx context.Context, path string) (Copy, error) {
	c, err := verify(ctx, path, true)
	return c, during("verify store", err)
}

// verify leaves out bbolt's own check, which needs much memory and finds nothing more, unless it is wanted.
func verify(ctx context.Context, path string, bolt bool) (Copy, error) {
	cfg := Config{Path: path, LockTimeout: time.Second, Logger: slog.New(slog.DiscardHandler), OpenFile: os.OpenFile}
	if err := regular(path); err != nil {
		return Copy{}, explain(path, err)
	}
	db, file, err := openDB(cfg, path, true)
	if err != nil {
		return Copy{}, explain(path, err)
	}
	c := Copy{Path: path, Records: map[access.Kind]int{}}
	if info, err := os.Stat(path); err == nil { // A file at rest may be longer than what bbolt uses of it.
		c.Bytes = info.Size()
	}
	if err = trust(ctx, file, wholeAlways); err == nil {
		m, _ := readMeta(file) // It was there a moment ago.
		if heads := checkHeads(file, m); heads != nil {
			err = damaged(path, heads)
		}
	}
	if err == nil {
		err = db.View(func(b *bbolt.Tx) error { return c.judge(ctx, b, bolt) })
	}
	if err = errors.Join(err, db.Close()); err != nil {
		return Copy{}, explain(path, err)
	}
	return c, nil
}

// judge looks at a file whose pages are sound.
func (c *Copy) judge(ctx context.Context, b *bbolt.Tx, bolt bool) (err error) {
	if c.Schema, err = version(b, c.Path); err != nil {
		return err
	}
	switch newest := len(steps()); {
	case c.Schema == 0:
		return damaged(c.Path, errors.New("it is empty"))
	case c.Schema > newest:
		return newer(c.Path, c.Schema, newest)
	case c.Schema < newest:
		return nil // Open brings it up to date; what it holds can be judged then.
	}
	if bolt {
		if err := boltCheck(b); err != nil {
			return damaged(c.Path, err)
		}
	}
	checked, err := checkContents(ctx, b)
	if err != nil {
		if ctx.Err() != nil {
			return err
		}
		return damaged(c.Path, err)
	}
	c.Newest = checked.newest
	var st Stats
	if err := st.count(b); err != nil {
		return err
	}
	c.Records, c.Events, c.Effects, c.Timers = st.Records, st.Events, st.Effects, st.Timers
	return nil
}

// boltCheck is bbolt's own check. Nobody may write meanwhile.
func boltCheck(b *bbolt.Tx) error {
	var found []error
	for err := range b.Check() { // To the end: leaving early would leak its goroutine.
		if len(found) < enough {
			found = append(found, fmt.Errorf("page: %w", err))
		}
	}
	return errors.Join(found...)
}

// regular looks whether there is a file that bbolt may open without making something of it.
func regular(path string) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return &OpenError{Path: path, Case: ErrMissing, Text: "There is no such file.", Fix: "Check the path."}
	case err != nil:
		return fmt.Errorf("look at file: %w", err)
	}
	return shape(path, info)
}
