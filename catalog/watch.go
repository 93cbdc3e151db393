package catalog

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/fsnotify/fsnotify"
)

const (
	settle = 150 * time.Millisecond // editors and kubelet change a file in several steps
	poll   = 30 * time.Second       // for folders that were replaced and file systems without events
)

// Watch calls onChange with the new catalog, or nil and its Problems, each time the content of the files changes after the
// call: written in place, renamed over, or swapped by symbolic link as Kubernetes does. It blocks until ctx ends, makes one call
// at a time, and returns nil, or an error when the system cannot watch files.
func Watch(ctx context.Context, paths []string, onChange func(*Catalog, error)) error {
	return watch(ctx, paths, "", onChange)
}

// Watch keeps the catalog in force up to date as the package's Watch does and then calls onChange, which may be nil. A bad
// file leaves the catalog in force, and onChange hears of its Problems. A change between opening and Watch counts.
func (l *Live) Watch(ctx context.Context, onChange func(*Catalog, error)) error {
	return watch(ctx, l.paths, l.Current().Version(), func(c *Catalog, err error) {
		if err == nil {
			l.reload.Lock()
			l.current.Store(c)
			l.reload.Unlock()
		}
		if onChange != nil {
			onChange(c, err)
		}
	})
}

// watch reports changes from the known state, or from the state at the start when that is empty.
func watch(ctx context.Context, paths []string, known string, onChange func(*Catalog, error)) (err error) {
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return fmt.Errorf("watch catalog: %w", err)
	}
	defer func() {
		if closeErr := w.Close(); err == nil && closeErr != nil {
			err = fmt.Errorf("watch catalog: %w", closeErr)
		}
	}()
	check := func() {
		follow(w, paths)
		sources, problems := readSources(paths)
		state := fingerprint(sources)
		if len(problems) > 0 {
			state += problems.Error()
		}
		if known == "" {
			known = state
		}
		if state == known {
			return
		}
		known = state
		if len(problems) > 0 {
			onChange(nil, problems)
			return
		}
		onChange(Parse(sources...))
	}
	check()
	ticker := time.NewTicker(poll)
	defer ticker.Stop()
	var quiet <-chan time.Time // nil until something happened
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-w.Events:
			if quiet == nil { // not restarted by later events, so that a busy folder cannot starve the check
				quiet = time.After(settle)
			}
		case _, open := <-w.Errors: // an overflow lost events: look for ourselves
			if !open {
				return nil
			}
			check()
		case <-quiet:
			quiet = nil
			check()
		case <-ticker.C:
			check()
		}
	}
}

// follow watches the folders, not the files: a rename replaces the file that a watch would hold on to. A folder that cannot be
// watched is left to the ticker.
func follow(w *fsnotify.Watcher, paths []string) {
	for _, path := range paths {
		names := []string{filepath.Clean(path)}
		if target, err := filepath.EvalSymlinks(path); err == nil && target != names[0] {
			names = append(names, target)
		}
		for _, name := range names {
			if info, err := os.Stat(name); err != nil || !info.IsDir() {
				name = filepath.Dir(name)
			}
			_ = w.Add(name)
		}
	}
}
