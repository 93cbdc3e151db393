package store

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"

	"go.etcd.io/bbolt"
)

// bbolt maps the file into memory. A page that cannot be read, because the file was cut off or the disk fails, is a fault
// that would end the process. Here faults become errors of case ErrBroken, and a file that somebody else has moved or
// written to is noticed before the next commit makes it worse.

// begin starts a transaction.
func (s *Store) begin(writable bool) (b *bbolt.Tx, err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			s.jammed.Store(true)
			b, err = nil, s.poison(s.fault(p))
		}
	}()
	return s.db.Begin(writable)
}

// rollback ends a transaction, or does nothing if it is over.
func (s *Store) rollback(b *bbolt.Tx) {
	if s.jammed.Load() {
		return
	}
	defer func() {
		if p := recover(); p != nil {
			s.jammed.Store(true)
			_ = s.poison(s.fault(p))
		}
	}()
	_ = b.Rollback() // Fails only if it is over already.
}

// isFault reports whether a panic comes from memory that cannot be read.
func isFault(p any) bool {
	_, ok := p.(interface {
		runtime.Error
		Addr() uintptr
	})
	return ok
}

// fault says what a panic in bbolt means.
func (s *Store) fault(p any) error {
	info, err := os.Stat(s.path)
	if size := s.size.Load(); err == nil && info.Size() < size {
		return cutOff(info.Size(), size)
	}
	return fmt.Errorf("the file cannot be read: the disk fails, or another program has written to it; look at the disk and the system's log, then start again: %v", p)
}

func cutOff(is, was int64) error {
	return fmt.Errorf("another program has cut the file off while it was in use, %d bytes of %d are left; stop Usher and restore the last backup", is, was)
}

// intact verifies before an update that the file is still the one that this process opened and alone writes to. A file
// that is not at its path can be put back, so that refuses the update only; one that was altered breaks the store.
func (s *Store) intact(b *bbolt.Tx) error {
	info, err := s.inPlace()
	if err != nil {
		if !s.moved {
			s.log.Error("store file is gone from its path, updates refused", "path", s.path)
		}
		s.moved = true
		return fmt.Errorf("update store: nothing was changed: %w", err)
	}
	s.moved = false
	if b.ID() != s.last+1 {
		return s.poison(fmt.Errorf("another program has written to the file while it was in use (change %d where %d was expected); stop Usher and restore the last backup", b.ID(), s.last+1))
	}
	if info != nil && info.Size() < b.Size() {
		return s.poison(cutOff(info.Size(), b.Size()))
	}
	return nil
}

// InPlace returns nil while the file is at its path. Otherwise updates are refused, for they would be gone at the next
// start, and the error, of case ErrMoved, says what to do; views and backups go on.
func (s *Store) InPlace() error {
	_, err := s.inPlace()
	return err
}

// inPlace returns what is at the path, nil if it cannot be told.
func (s *Store) inPlace() (os.FileInfo, error) {
	info, err := os.Stat(s.path)
	if err == nil && os.SameFile(info, s.opened) {
		return info, nil
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, nil // The folder cannot be read at the moment: no reason to stop.
	}
	return nil, &OpenError{
		Op: "find store", Path: s.path, Case: ErrMoved,
		Text: "The file was moved, deleted or replaced while it was in use.",
		Fix:  "Put it back; if it is gone, take a backup from the running Usher before you stop it, and restore that.",
	}
}

// isAt reports whether an open file is the one at the path.
func isAt(file *os.File, path string) bool {
	open, err := file.Stat()
	if err != nil {
		return false
	}
	there, err := os.Stat(path)
	return err == nil && os.SameFile(open, there)
}
