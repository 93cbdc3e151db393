package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"go.etcd.io/bbolt"
)

// Restored says what Restore did.
type Restored struct {
	// Copy is what is in force now.
	Copy Copy
	// Aside is where the file that was there before is now; empty if there was none.
	Aside string
}

const restoreOp = "restore store"

// Restore puts a copy of the file from in the place of the store at to. It refuses if from is not whole, or if a process
// has the store open. The file that was there is kept beside it under another name. At every moment, even if the power
// fails, there is a whole file at to, the old one or the new one, provided that the file system knows hard links.
func Restore(ctx context.Context, from, to string) (Restored, error) {
	done, err := restore(ctx, from, to)
	if err != nil {
		return Restored{}, during(restoreOp, explain(to, err))
	}
	return done, nil
}

func restore(ctx context.Context, from, to string) (done Restored, err error) {
	if there, err := filepath.EvalSymlinks(to); err == nil {
		to = there // The file is replaced, not a link to it.
	}
	if same(from, to) {
		return done, &OpenError{Path: to, Case: ErrExists, Text: "This is the copy itself.", Fix: "Name the store's own path."}
	}
	if done.Copy, err = Verify(ctx, from); err != nil {
		return done, err
	}
	release, err := claim(to)
	if err != nil {
		return done, err
	}
	defer release()
	draft, err := draftOf(to, func(w io.Writer) error { return pour(ctx, from, w) })
	if err != nil {
		return done, err
	}
	defer func() { _ = os.Remove(draft) }()
	if done.Copy, err = verify(ctx, draft, false); err != nil {
		return done, fmt.Errorf("%s changed while it was read: %w", from, err)
	}
	if done.Aside, err = setAside(to); err != nil {
		return done, err
	}
	if err := os.Rename(draft, to); err != nil {
		return done, fmt.Errorf("name file: %w", err)
	}
	done.Copy.Path = to
	return done, syncFolder(filepath.Dir(to))
}

func same(a, b string) bool {
	x, err := os.Stat(a)
	if err != nil {
		return false
	}
	y, err := os.Stat(b)
	return err == nil && os.SameFile(x, y)
}

// claim makes sure that no process has the file open, and keeps others from opening it until release is called. A file
// that is too damaged to be opened needs no keeping.
func claim(path string) (release func(), err error) {
	nothing := func() {}
	info, err := os.Stat(path)
	switch {
	case err != nil, info.Size() == 0:
		return nothing, nil //nolint:nilerr // There is nothing that could be in use.
	case !info.Mode().IsRegular():
		return nothing, shape(path, info)
	}
	db, _, err := openDB(Config{LockTimeout: time.Second, OpenFile: os.OpenFile}, path, true)
	switch {
	case errors.Is(err, ErrNotStore), notBolt(err):
		return nothing, nil // Damaged files are what restoring is for.
	case err != nil:
		return nothing, err
	}
	return func() { _ = db.Close() }, nil
}

// pour writes what a file holds while it keeps others from writing to it.
func pour(ctx context.Context, path string, w io.Writer) error {
	db, _, err := openDB(Config{LockTimeout: time.Second, OpenFile: os.OpenFile}, path, true)
	if err != nil {
		return err
	}
	err = db.View(func(b *bbolt.Tx) error {
		_, err := b.WriteTo(until{ctx, w})
		return err
	})
	return errors.Join(err, db.Close())
}

// setAside gives the file a second name that is durable before the first one is taken over, and returns it.
func setAside(path string) (string, error) {
	if _, err := os.Lstat(path); errors.Is(err, os.ErrNotExist) {
		return "", nil
	}
	base := path + ".replaced-" + time.Now().UTC().Format("20060102T150405Z")
	for i := 1; ; i++ {
		aside := base
		if i > 1 {
			aside = fmt.Sprintf("%s-%d", base, i)
		}
		err := os.Link(path, aside)
		if errors.Is(err, os.ErrExist) {
			continue
		}
		if err != nil { // Some file systems have no links.
			if _, there := os.Lstat(aside); there == nil {
				continue
			}
			err = os.Rename(path, aside)
		}
		if err != nil {
			return "", fmt.Errorf("set the present file aside: %w", err)
		}
		return aside, syncFolder(filepath.Dir(path))
	}
}
