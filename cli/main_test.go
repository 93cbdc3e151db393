package cli_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"usher/cli"
	"usher/sandbox/page/browser"
)

// The variables by which a test starts this very test binary as the product, so that it can be killed for real.
const (
	childVar = "USHER_TEST_CHILD" // Set: run the arguments as the program.
	clockVar = "USHER_TEST_CLOCK" // File with the clock's offset in nanoseconds.
	crashVar = "USHER_TEST_CRASH" // Point at which the process kills itself, with its number, as "before add#1".
	dirVar   = "USHER_TEST_DIR"   // Folder for the two files below.
	slowVar  = "USHER_TEST_SLOW"  // Address of a vendor that is slow.
	lagVar   = "USHER_TEST_LAG"   // How long what is sent to it takes.
)

// A process that is to die in the middle of a call makes the first file before the call and waits for the second.
const lostFile, armedFile = "lost", "armed"

func TestMain(m *testing.M) {
	if os.Getenv(childVar) != "" {
		os.Exit(child())
	}
	os.Exit(browser.Tests(m).Run())
}

// child is the program with a clock that the parent moves and a point at which it dies without a word.
func child() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	manifest, err := os.ReadFile("../manifest.yml")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	point := os.Getenv(crashVar)
	lag, _ := time.ParseDuration(os.Getenv(lagVar)) // None.
	now := func() time.Time { return time.Now().Add(offset()) }
	began := now()
	a := &cli.App{
		Stdout: os.Stdout, Stderr: os.Stderr, Manifest: manifest,
		Now:     now,
		Elapsed: func() time.Duration { return now().Sub(began) }, // The time that the parent lets pass has passed everywhere.
		Calm:    100 * time.Millisecond,
		Crash:   crasher(point),
		Dial:    dialer(os.Getenv(slowVar), lag),
		Started: func(r cli.Running) { go follow(ctx, r.Wake) },
	}
	return a.Run(ctx, os.Args[1:])
}

// dialer is the ordinary network, but for one vendor that is slow; nil if none is.
func dialer(slow string, lag time.Duration) func(ctx context.Context, network, addr string) (net.Conn, error) {
	if slow == "" {
		return nil
	}
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := (&net.Dialer{}).DialContext(ctx, network, addr)
		if err == nil && addr == slow {
			return slowConn{c, lag}, nil
		}
		return c, err
	}
}

// crasher kills the process at a point, or waits before a call until the parent has arranged that it dies in it.
func crasher(point string) func(string) {
	var mu sync.Mutex
	count := map[string]int{}
	die := func() {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	}
	return func(at string) {
		mu.Lock()
		count[at]++
		at = fmt.Sprintf("%s#%d", at, count[at])
		mu.Unlock()
		switch {
		case at == point, point == "lost ack#1" && at == "after ack#1":
			die()
		case "lost "+strings.TrimPrefix(at, "before ") == point:
			dir := os.Getenv(dirVar)
			if err := os.WriteFile(filepath.Join(dir, lostFile), nil, 0o600); err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(3)
			}
			for _, err := os.Stat(filepath.Join(dir, armedFile)); err != nil; _, err = os.Stat(filepath.Join(dir, armedFile)) {
				time.Sleep(2 * time.Millisecond) // Polls for the parent's answer.
			}
		}
	}
}

func offset() time.Duration {
	b, err := os.ReadFile(os.Getenv(clockVar))
	if err != nil {
		return 0
	}
	n, _ := strconv.ParseInt(strings.TrimSpace(string(b)), 10, 64)
	return time.Duration(n)
}

// follow wakes the program when the parent has moved the clock.
func follow(ctx context.Context, wake func()) {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	last := offset()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if now := offset(); now != last {
				last = now
				wake()
			}
		}
	}
}
