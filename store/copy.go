package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// There are two ways to a backup while Usher runs, since no other process can open its file. The running process writes
// one to its own disk with BackupFile. Or it streams Backup to whoever may ask, who keeps what comes with Receive; so the
// running process never writes where a stranger tells it to, and the copy can be on another machine. A stream that breaks
// off is noticed: what came is verified before it gets its name.

const backupOp = "back up store to"

// BackupFile writes a copy of the store as it is at this moment to a new file, as Receive does.
func (s *Store) BackupFile(ctx context.Context, path string) (Copy, error) {
	return save(ctx, path, func(w io.Writer) error {
		_, err := s.Backup(ctx, w)
		return err
	})
}

// Receive keeps what a running store's Backup sends. The file appears under its name only when it is whole, verified and
// safe on the disk; until then, and if anything fails, there is nothing. It is readable by its owner alone. A file of
// that name is never overwritten: the error is of case ErrExists.
func Receive(ctx context.Context, r io.Reader, path string) (Copy, error) {
	return save(ctx, path, func(w io.Writer) error {
		_, err := io.Copy(until{ctx, w}, r)
		return err
	})
}

func save(ctx context.Context, path string, write func(io.Writer) error) (Copy, error) {
	if _, err := os.Lstat(path); err == nil {
		return Copy{}, exists(path)
	}
	draft, err := draftOf(path, write)
	if err != nil {
		return Copy{}, during(backupOp, explain(path, err))
	}
	defer func() { _ = os.Remove(draft) }()
	c, err := verify(ctx, draft, false)
	if err != nil {
		return Copy{}, fmt.Errorf("%s %s: what came is not whole: %w", backupOp, path, err)
	}
	if err := name(draft, path); err != nil {
		return Copy{}, during(backupOp, explain(path, err))
	}
	c.Path = path
	return c, syncFolder(filepath.Dir(path))
}

func exists(path string) error {
	return &OpenError{
		Op: backupOp, Path: path, Case: ErrExists, Text: "There is a file of this name already.",
		Fix: "Name another one, or move this one away.",
	}
}

// draftOf writes a file under a temporary name beside path, brings it to the disk and returns its name. Whoever gets it
// removes it.
func draftOf(path string, write func(io.Writer) error) (draft string, err error) {
	folder := filepath.Dir(path)
	if _, err := os.Stat(folder); errors.Is(err, fs.ErrNotExist) {
		return "", noFolder(path)
	}
	sweepCopies(path)
	f, err := os.CreateTemp(folder, copyPattern(path))
	if err != nil {
		return "", fmt.Errorf("create file: %w", err)
	}
	err = write(&gentle{file: f})
	if err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return "", errors.Join(err, os.Remove(f.Name()))
	}
	return f.Name(), nil
}

// gentle brings a large file to the disk bit by bit. All at once would hold up the commits of the running store, whose
// syncs wait for it.
type gentle struct {
	file     *os.File
	unsynced int
}

const gentleBit = 8 << 20

func (g *gentle) Write(p []byte) (int, error) {
	n, err := g.file.Write(p)
	if g.unsynced += n; err == nil && g.unsynced >= gentleBit {
		g.unsynced, err = 0, g.file.Sync()
	}
	return n, err //nolint:wrapcheck // A writer passes on what it is told.
}

// name gives the draft its name, unless there is a file of that name.
func name(draft, path string) error {
	err := os.Link(draft, path)
	if err == nil {
		return nil
	}
	if _, there := os.Lstat(path); there == nil {
		return exists(path)
	}
	// Some file systems have no links.
	if err := os.Rename(draft, path); err != nil {
		return fmt.Errorf("name file: %w", err)
	}
	return nil
}

func copyPattern(path string) string { return "." + filepath.Base(path) + ".part-*" }

// stale is how long nobody has written to a draft that is taken for one that a killed process left.
const stale = time.Hour

// sweepCopies removes the drafts of copies that killed processes left. Others may be at work on drafts of the same name.
func sweepCopies(path string) {
	left, err := filepath.Glob(filepath.Join(filepath.Dir(path), copyPattern(path)))
	if err != nil {
		return
	}
	for _, name := range left {
		if info, err := os.Lstat(name); err == nil && time.Since(info.ModTime()) > stale {
			_ = os.Remove(name)
		}
	}
}
