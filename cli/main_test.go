package cli_test

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"usher/cli"
)

// The variables by which a test starts this very test binary as the product, so that it can be killed for real.
const (
	childVar = "USHER_TEST_CHILD" // Set: run the arguments as the program.
	clockVar = "USHER_TEST_CLOCK" // File with the clock's offset in nanoseconds.
	crashVar = "USHER_TEST_CRASH" // Point at which the process kills itself.
)

func TestMain(m *testing.M) {
	if os.Getenv(childVar) != "" {
		os.Exit(child())
	}
	os.Exit(m.Run())
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
	a := &cli.App{
		Stdout: os.Stdout, Stderr: os.Stderr, Manifest: manifest,
		Now: func() time.Time { return time.Now().Add(offset()) },
		Crash: func(at string) {
			if at == point {
				_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
				select {}
			}
		},
		Started: func(wake func()) { go follow(ctx, wake) },
	}
	return a.Run(ctx, os.Args[1:])
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
