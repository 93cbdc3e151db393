package catalog

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// Load reads and parses files and folders; of a folder, every *.yml and *.yaml in it that is not hidden, by name. Files that cannot
// be read are among the Problems.
func Load(paths ...string) (*Catalog, error) {
	sources, problems := readSources(paths)
	if len(problems) > 0 {
		return nil, problems
	}
	return Parse(sources...)
}

// readSources reads each file once, in the order of paths.
func readSources(paths []string) ([]Source, Problems) {
	var out []Source
	var problems Problems
	if len(paths) == 0 {
		problems = append(problems, Problem{File: "catalog", Message: "no file is named", Fix: "name the catalog file or folder"})
	}
	var seen []string
	for _, path := range paths {
		files, err := catalogFiles(path)
		if err != nil {
			problems = append(problems, unreadable(path, err))
			continue
		}
		for _, file := range files {
			if slices.Contains(seen, file) {
				continue
			}
			seen = append(seen, file)
			data, err := os.ReadFile(file)
			if err != nil {
				problems = append(problems, unreadable(file, err))
				continue
			}
			out = append(out, Source{Name: file, Data: data})
		}
	}
	return out, problems
}

func unreadable(path string, err error) Problem {
	var in *os.PathError
	if errors.As(err, &in) {
		err = in.Err // the path is in the problem already
	}
	return Problem{File: path, Message: fmt.Sprintf("cannot be read: %v", err), Fix: "check the path and its permissions"}
}

var errNoFiles = errors.New("no *.yml or *.yaml in the folder")

func catalogFiles(path string) ([]string, error) {
	path = filepath.Clean(path)
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return []string{path}, nil
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, e := range entries {
		ext := filepath.Ext(e.Name())
		if e.IsDir() || strings.HasPrefix(e.Name(), ".") || (ext != ".yml" && ext != ".yaml") {
			continue
		}
		out = append(out, filepath.Join(path, e.Name()))
	}
	if len(out) == 0 {
		return nil, errNoFiles
	}
	return out, nil
}

// Live holds the catalog in force while its files change. It is safe for concurrent use.
type Live struct {
	paths   []string
	current atomic.Pointer[Catalog]
	reload  sync.Mutex // one reader of the files at a time, so that an older state never replaces a newer one
}

// OpenLive loads a catalog to keep up to date; it fails like Load.
func OpenLive(paths ...string) (*Live, error) {
	c, err := Load(paths...)
	if err != nil {
		return nil, err
	}
	return NewLive(c, paths...), nil
}

// NewLive starts from a catalog at hand. Without paths, Reload fails.
func NewLive(c *Catalog, paths ...string) *Live {
	l := &Live{paths: slices.Clone(paths)}
	l.current.Store(c)
	return l
}

// Current returns the catalog in force. A caller that asks more than one question about it keeps the result.
func (l *Live) Current() *Catalog { return l.current.Load() }

// Reload reads the files again. When they have Problems it returns these and the catalog in force stays.
func (l *Live) Reload() error {
	l.reload.Lock()
	defer l.reload.Unlock()
	c, err := Load(l.paths...)
	if err != nil {
		return err
	}
	l.current.Store(c)
	return nil
}
