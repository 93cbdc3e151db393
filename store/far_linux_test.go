package store_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"usher/access"
	"usher/store"
)

// farMode is the environment variable that makes the test that is running the process that obeys.
const farMode = "USHER_STORE_FAR"

// far is another process that has a store open. Only such a one may map files of a file system that this process serves.
type far struct {
	in  io.Writer
	out *bufio.Scanner
	end func() // Ends the process, and with it whatever it holds.
}

// farProcess starts the test binary again with the same test, which must call obey first.
func farProcess(t *testing.T) *far {
	t.Helper()
	name, _, _ := strings.Cut(t.Name(), "/")
	other := exec.CommandContext(context.WithoutCancel(t.Context()), os.Args[0], "-test.run=^"+name+"$", "-test.timeout=5m") //nolint:gosec // Itself.
	other.Env = append(os.Environ(), farMode+"=1")
	other.Stderr = os.Stderr
	in, err := other.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := other.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	end := sync.OnceFunc(func() {
		_ = in.Close()
		_, _ = io.Copy(io.Discard, out)
		if err := other.Wait(); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(end)
	return &far{in, bufio.NewScanner(out), end}
}

// do has the other process do something and returns its answer: "ok", or an error's text.
func (f *far) do(t *testing.T, verb, argument string) string {
	t.Helper()
	if _, err := fmt.Fprintln(f.in, verb, argument); err != nil {
		t.Fatal(err)
	}
	for f.out.Scan() {
		if answer, ok := strings.CutPrefix(f.out.Text(), "answer "); ok {
			return answer
		}
	}
	t.Fatalf("%s %s: the other process died", verb, argument)
	return ""
}

// must is do for what has to succeed.
func (f *far) must(t *testing.T, verb, argument string) {
	t.Helper()
	if answer := f.do(t, verb, argument); answer != "ok" {
		t.Errorf("%s %s: %s", verb, argument, answer)
	}
}

// obey is the other process. It reports whether this is one.
func obey(t *testing.T) bool {
	t.Helper()
	if os.Getenv(farMode) == "" {
		return false
	}
	var s *store.Store
	var err error
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		verb, argument, _ := strings.Cut(lines.Text(), " ")
		switch verb {
		case "open":
			var opened *store.Store
			if opened, err = store.Open(store.Config{Path: argument, Logger: quiet()}); err == nil {
				s = opened
			}
		case "put":
			err = s.Update(t.Context(), put(argument))
		case "grow": // By more than the file has free.
			err = s.Update(t.Context(), func(tx access.Tx) error {
				return tx.Put(access.Requests, argument, strings.Repeat("long ", 1<<20))
			})
		case "get":
			err = s.View(t.Context(), get(argument))
		case "check":
			err = s.Check(t.Context())
		case "backup":
			_, err = s.BackupFile(t.Context(), argument)
		case "restore":
			from, to, _ := strings.Cut(argument, " ")
			_, err = store.Restore(t.Context(), from, to)
		case "close":
			err = s.Close()
		default:
			err = errors.New("what is " + verb + "?")
		}
		answer := "ok"
		if err != nil {
			answer = strings.ReplaceAll(err.Error(), "\n", "; ")
		}
		fmt.Println("answer", answer) //nolint:forbidigo // The parent reads it.
	}
	return true
}
