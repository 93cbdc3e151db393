package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	berrors "go.etcd.io/bbolt/errors"
)

// The cases that Open, Verify, Restore and the ways to a backup can end in. Each comes wrapped in an *OpenError whose text
// says what to do about it.
var (
	// ErrLocked: another process holds the file.
	ErrLocked = errors.New("store is in use")
	// ErrNewerSchema: a newer Usher wrote the file.
	ErrNewerSchema = errors.New("store has a newer schema")
	// ErrNotStore: the file is something else, empty, cut off or damaged.
	ErrNotStore = errors.New("not a usable store")
	// ErrReadOnly: the file system does not accept writes.
	ErrReadOnly = errors.New("store is read-only")
	// ErrPermission: the process may not read and write the file or its folder.
	ErrPermission = errors.New("store is not accessible")
	// ErrExposed: others may read the file and its mode cannot be corrected.
	ErrExposed = errors.New("store is exposed")
	// ErrNoFolder: the folder of the file does not exist.
	ErrNoFolder = errors.New("store folder is missing")
	// ErrDisk: the disk answers with errors.
	ErrDisk = errors.New("disk does not answer")
	// ErrDiskFull: there is no space for a new file or a copy.
	ErrDiskFull = errors.New("disk is full")
	// ErrExists: a backup never overwrites a file.
	ErrExists = errors.New("file exists")
	// ErrMissing: there is no file to verify or to restore from.
	ErrMissing = errors.New("file is missing")
)

// The cases that View, Update and Backup can end in besides what the function returned.
var (
	// ErrClosed: Close was called.
	ErrClosed = errors.New("store is closed")
	// ErrBroken: a commit failed in a way that leaves open what the disk holds. Nothing is answered any more until the
	// file was opened again. The process should end and be started anew.
	ErrBroken = errors.New("store is broken until it is opened again")
	// ErrMoved: the file is not at its path any more. Only updates are refused, until it is back.
	ErrMoved = errors.New("store file is not at its path")
)

// OpenError says in plain words why a file could not be opened, copied or restored, and what to do.
type OpenError struct {
	// Op is what was tried. Default "open store".
	Op   string
	Path string
	// Case is one of the sentinels of this package.
	Case error
	// Text is what is wrong, Fix what to do: whole sentences.
	Text, Fix string
	// Err is the cause, if there is a deeper one.
	Err error
}

// Error returns text and fix in one line.
func (e *OpenError) Error() string {
	op := e.Op
	if op == "" {
		op = "open store"
	}
	s := op + " " + e.Path + ": " + e.Text + " " + e.Fix
	if e.Err != nil {
		s += " (" + e.Err.Error() + ")"
	}
	return s
}

// Unwrap returns the case and the cause.
func (e *OpenError) Unwrap() []error {
	if e.Err == nil {
		return []error{e.Case}
	}
	return []error{e.Case, e.Err}
}

// during says in an error that came from explain what was tried.
func during(op string, err error) error {
	var e *OpenError
	if errors.As(err, &e) && e.Op == "" {
		e.Op = op
	}
	return err
}

// explain turns what the operating system or bbolt said about a file into an *OpenError.
func explain(path string, err error) error {
	var known *OpenError
	if errors.As(err, &known) {
		return err
	}
	e := &OpenError{Path: path, Err: err}
	switch {
	case errors.Is(err, berrors.ErrTimeout):
		e.Case, e.Err = ErrLocked, nil
		e.Text = "Another process has this file open; only one may at a time."
		e.Fix = "Stop the other Usher (or whatever `fuser " + path + "` names), or give this one a file of its own."
	case errors.Is(err, syscall.ENOTDIR):
		return noFolder(path)
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		e.Case, e.Text = ErrDiskFull, "The disk is full."
		e.Fix = "Make room in " + filepath.Dir(path) + " and try again; nothing was changed."
	case errors.Is(err, syscall.EIO):
		e.Case, e.Text = ErrDisk, "The disk answers with errors."
		e.Fix = "Look at the disk and the system's log; try again when it answers, or restore the last backup on another disk."
	case errors.Is(err, syscall.EROFS):
		e.Case, e.Text = ErrReadOnly, "The file system is read-only."
		e.Fix = "Put the file on a writable volume, or mount this one writable."
	case errors.Is(err, fs.ErrPermission):
		e.Case, e.Text = ErrPermission, fmt.Sprintf("User %d may not read and write this file or its folder.", os.Getuid())
		e.Fix = "Give the file and its folder to the user that runs Usher."
	case notBolt(err):
		e.Case, e.Text = ErrNotStore, "This is not a store, or it is damaged."
		e.Fix = restoreFix
	default:
		return fmt.Errorf("open store %s: %w", path, err)
	}
	return e
}

// notBolt reports whether bbolt found nothing of its own in a file.
func notBolt(err error) bool {
	return errors.Is(err, berrors.ErrInvalid) || errors.Is(err, berrors.ErrChecksum) || errors.Is(err, berrors.ErrVersionMismatch)
}

const restoreFix = "Check the path; if it is right, restore the last backup."

func noFolder(path string) error {
	folder := filepath.Dir(path)
	return &OpenError{
		Path: path, Case: ErrNoFolder, Text: "The folder " + folder + " does not exist.",
		Fix: "Make it (mkdir -p -m 700 " + folder + "), or correct the path.",
	}
}
