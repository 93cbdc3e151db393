package cli

import (
	"fmt"
	"io"
	"os"
	"strings"
)

// Secret is a credential. It prints as asterisks, so that it cannot slip into a log, an error or a dump.
type Secret string

// String hides the secret.
func (s Secret) String() string { return s.GoString() }

// GoString hides the secret in %#v.
func (s Secret) GoString() string {
	if s == "" {
		return ""
	}
	return "********"
}

// MarshalText hides the secret in JSON, YAML and logs.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.GoString()), nil }

// readSecret reads a secret from a file; one line break at the end is dropped.
func readSecret(path string) (Secret, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }()
	const most = 1 << 20 // The roots of all the world fit.
	b, err := io.ReadAll(io.LimitReader(f, most+1))
	if err != nil {
		return "", err
	}
	if len(b) > most {
		return "", fmt.Errorf("%s is longer than %d bytes, which is no token", path, most)
	}
	s := strings.TrimRight(string(b), "\r\n")
	if s == "" {
		return "", fmt.Errorf("%s is empty", path)
	}
	return Secret(s), nil
}
