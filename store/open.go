package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"
	"syscall"
	"time"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"
)

const (
	fileMode = 0o600
	// whole is up to which size Open reads the whole file before it trusts it; that takes about 30 ms. Damage in a larger
	// file is found by Check, by Verify, or when it is met.
	whole       = 64 << 20
	wholeAlways = 1 << 62
	// smallest is the size of a new file with the smallest pages: two for the head, two more.
	smallest = 4 * 4096
	// growth is by how much the file grows at a time.
	growth = 4 << 20
	// mapped is how much address space is reserved for the file. Below it, a long view (a backup, say) never blocks an
	// update that makes the file grow. It costs no memory.
	mapped = 1 << 30
)

// Open opens the file, makes it if it does not exist, and brings its layout up to date. Errors are *OpenError where the
// reader can do something about them.
func Open(cfg Config) (*Store, error) { return open(cfg, steps()) }

func open(cfg Config, history []step) (*Store, error) {
	if cfg.Path == "" {
		return nil, errors.New("open store: no path is configured")
	}
	if cfg.LockTimeout <= 0 {
		cfg.LockTimeout = time.Second
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.Default()
	}
	if cfg.OpenFile == nil {
		cfg.OpenFile = os.OpenFile
	}
	err := inspect(cfg)
	if errors.Is(err, fs.ErrNotExist) {
		// Another process may do the same at the same time: who is slower opens the file of who is faster.
		if err = create(cfg, history); err != nil && inspect(cfg) == nil {
			err = nil
		}
	}
	if err != nil {
		return nil, explain(cfg.Path, err)
	}
	if err := probe(cfg); err != nil {
		return nil, explain(cfg.Path, err)
	}
	db, file, err := openDB(cfg, cfg.Path, false)
	if err == nil && !isAt(file, cfg.Path) { // It was restored while this process waited for the lock.
		_ = db.Close()
		db, file, err = openDB(cfg, cfg.Path, false)
	}
	if err != nil {
		return nil, explain(cfg.Path, err)
	}
	found, err := migrate(db, history)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	if found < len(history) {
		cfg.Logger.Info("store migrated", "path", cfg.Path, "from", found, "to", len(history))
	}
	sweep(cfg.Path)
	return start(db, file, cfg)
}

// inspect looks at an existing file before bbolt touches it. It returns fs.ErrNotExist if there is none.
func inspect(cfg Config) error {
	info, err := os.Stat(cfg.Path)
	if err != nil {
		return fmt.Errorf("look at file: %w", err)
	}
	if err := shape(cfg.Path, info); err != nil {
		return err
	}
	return protect(cfg, info.Mode().Perm())
}

// shape refuses what cannot be a store by its kind and its size.
func shape(path string, info fs.FileInfo) error {
	e := &OpenError{Path: path, Case: ErrNotStore, Fix: restoreFix}
	switch {
	case info.IsDir():
		e.Text, e.Fix = "This is a folder.", "Name a file in it."
		return e
	case !info.Mode().IsRegular():
		e.Text = "This is not a regular file."
		return e
	case info.Size() > 0 && info.Size() < smallest:
		e.Text = fmt.Sprintf("A store has at least %d bytes, this file has %d: it is cut off or something else.", smallest, info.Size())
		return e
	case info.Size() == 0:
		e.Text = "The file is empty. A store never is, so it has lost what was in it or was made by hand."
		e.Fix = "Restore the last backup; if there never was a store here, delete the empty file and start again."
		return e
	}
	return nil
}

// protect takes the rights of others away from the file: it holds names and reasons.
func protect(cfg Config, perm fs.FileMode) error {
	if perm&0o077 == 0 {
		return nil
	}
	err := os.Chmod(cfg.Path, fileMode)
	if err == nil {
		cfg.Logger.Warn("store was accessible to others, mode corrected", "path", cfg.Path, "was", perm.String())
		return nil
	}
	return &OpenError{
		Path: cfg.Path, Case: ErrExposed, Text: "Other users may read this file (mode " + perm.String() + ").",
		Fix: "Run: chmod 600 " + cfg.Path, Err: err,
	}
}

// openDB opens a file that exists, or is new and empty, with bbolt.
func openDB(cfg Config, path string, readOnly bool) (db *bbolt.DB, file *os.File, err error) {
	options := &bbolt.Options{
		Timeout: cfg.LockTimeout, NoSync: cfg.NoSync, FreelistType: bbolt.FreelistMapType, ReadOnly: readOnly,
		OpenFile: func(name string, flag int, perm os.FileMode) (*os.File, error) {
			f, err := cfg.OpenFile(name, flag&^os.O_CREATE, perm)
			file = f
			return f, err
		},
	}
	if !readOnly {
		options.InitialMmapSize = mapped
	}
	// Reading a mapped page behind the end of a file that was cut off is a fault; here it becomes an error.
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			if file != nil {
				_ = file.Close()
			}
			db, err = nil, damaged(path, fmt.Errorf("%v", p))
		}
	}()
	db, err = bbolt.Open(path, fileMode, options)
	var errno syscall.Errno
	switch {
	case errors.As(err, &errno), errors.Is(err, berrors.ErrTimeout), notBolt(err):
		return nil, nil, fmt.Errorf("open file: %w", err)
	case err != nil:
		return nil, nil, damaged(path, err)
	}
	db.AllocSize = growth
	return db, file, nil
}

// probe reads what bbolt is going to trust: a damaged page can make it panic, loop, or ask for more memory than there
// is. It holds the file as a reader, so that no other process writes meanwhile. No child is born meanwhile: it would hold the
// file for the moment between fork and exec, and bbolt lets go of a reader's lock by closing alone.
func probe(cfg Config) error {
	if err := readable(cfg); err != nil {
		return err
	}
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	db, file, err := openDB(cfg, cfg.Path, true)
	if err != nil {
		return err
	}
	err = trust(context.Background(), file, whole)
	return errors.Join(err, db.Close())
}

// readable reads the first page, for bbolt takes a disk that does not answer for a file of another kind.
func readable(cfg Config) error {
	f, err := cfg.OpenFile(cfg.Path, os.O_RDONLY, 0)
	if err != nil {
		return fmt.Errorf("open file: %w", err)
	}
	_, err = f.Read(make([]byte, 4096))
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("read file: %w", err)
	}
	return nil
}

// trust verifies the first pages and the list of free pages of a file, and all pages unless it is larger than limit.
func trust(ctx context.Context, file *os.File, limit int64) error {
	info, err := file.Stat()
	if err != nil {
		return fmt.Errorf("look at file: %w", err)
	}
	m, err := readMeta(file)
	if err == nil && info.Size() <= limit {
		err = checkPages(ctx, file, info.Size(), m)
	} else if err == nil {
		err = checkFreelist(ctx, file, info.Size(), m)
	}
	if err != nil && ctx.Err() == nil && !errors.Is(err, syscall.EIO) {
		return damaged(file.Name(), err)
	}
	return err
}

func damaged(path string, cause error) error {
	return &OpenError{
		Path: path, Case: ErrNotStore, Text: "The file is cut off or damaged.", Fix: "Restore the last backup.", Err: cause,
	}
}

// create makes the file under another name and gives it its own name when it is whole and on the disk: a power failure
// while bbolt writes its first pages would leave a file that can never be opened.
func create(cfg Config, history []step) error {
	folder := filepath.Dir(cfg.Path)
	if _, err := os.Stat(folder); errors.Is(err, fs.ErrNotExist) {
		return noFolder(cfg.Path)
	}
	f, err := os.CreateTemp(folder, draftPattern(cfg.Path))
	if err != nil {
		return fmt.Errorf("create file: %w", err)
	}
	draft := f.Name()
	defer func() { _ = os.Remove(draft) }()
	if err := f.Close(); err != nil {
		return fmt.Errorf("create file: %w", err)
	}
	if err := fill(cfg, draft, history); err != nil {
		return err
	}
	if err := publish(draft, cfg.Path); err != nil {
		return err
	}
	cfg.Logger.Info("store created", "path", cfg.Path)
	return syncFolder(folder)
}

func fill(cfg Config, draft string, history []step) error {
	db, _, err := openDB(cfg, draft, false)
	if err != nil {
		return err
	}
	_, err = migrate(db, history)
	if err == nil {
		err = db.Sync()
	}
	return errors.Join(err, db.Close())
}

// publish gives the draft its name unless another process was faster, whose file is as good.
func publish(draft, path string) error {
	err := os.Link(draft, path)
	if err == nil {
		return nil
	}
	if _, there := os.Stat(path); there == nil {
		return nil
	}
	// Some file systems have no links.
	if err := os.Rename(draft, path); err != nil {
		return fmt.Errorf("name file: %w", err)
	}
	return nil
}

func syncFolder(folder string) error {
	d, err := os.Open(folder)
	if err != nil {
		return fmt.Errorf("sync folder: %w", err)
	}
	if err := errors.Join(d.Sync(), d.Close()); err != nil {
		return fmt.Errorf("sync folder: %w", err)
	}
	return nil
}

func draftPattern(path string) string { return "." + filepath.Base(path) + ".new-*" }

// sweep removes drafts that a crash left behind. The caller holds the lock on the file itself, so that no draft can
// become it any more.
func sweep(path string) {
	left, err := filepath.Glob(filepath.Join(filepath.Dir(path), draftPattern(path)))
	if err != nil {
		return
	}
	for _, name := range left {
		_ = os.Remove(name)
	}
}
