package battery

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// state is what a battery has passed, one entry a line.
type state struct {
	path string

	mu     sync.Mutex
	passed map[string]bool
}

// progress reads what the test has passed before.
func progress(t *testing.T, here string) *state {
	t.Helper()
	s := &state{passed: map[string]bool{}}
	dir := os.Getenv("USHER_BATTERY_STATE")
	if dir == "" {
		return s
	}
	name := strings.TrimPrefix(here, "./") + "." + t.Name()
	s.path = filepath.Join(dir, strings.ReplaceAll(name, "/", "."))
	f, err := os.Open(s.path)
	if err != nil {
		return s // Nothing has passed yet.
	}
	defer func() { _ = f.Close() }()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		s.passed[lines.Text()] = true
	}
	return s
}

func (s *state) has(entry string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.passed[entry]
}

func (s *state) add(t *testing.T, entry string) {
	t.Helper()
	if s.path == "" {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	f, err := os.OpenFile(s.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		t.Error(err)
		return
	}
	if _, err := fmt.Fprintln(f, entry); err != nil {
		t.Error(err)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
}
