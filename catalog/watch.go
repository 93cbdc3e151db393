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

// Watch calls changed each time that the content of the files is another than before, or can be read no more: written in place,
// renamed over, or swapped by symbolic link as Kubernetes does. A change since the catalog at hand was read counts. What it is
// for the caller to take, by Reload, so that whoever else calls that never meets an older state. Watch makes one call at a time,
// blocks until ctx ends and then returns nil, or an error when the system cannot watch files.
func (l *Live) Watch(ctx context.Context, changed func()) (err error) {
	paths, known := l.paths, l.Current().Version()
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
		if state != known {
			known = state
			changed()
		}
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
