package storetest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"usher/access"
)

// crashPath is the environment variable by which the test binary knows that it is to be killed.
const crashPath = "USHER_STORETEST_CRASH_PATH"

// Durable is a store that outlives its process.
type Durable struct {
	// Open opens the store at path, which is in an existing folder, and makes it if there is none.
	Open func(path string) (access.Store, func() error, error)
	// Check verifies what is behind the store's interface after a crash. Default: nothing.
	Check func(access.Store) error
}

// RunCrash starts the test binary again as a process that writes from several callers and names each write that was
// acknowledged; kills it at a random moment; opens what it left and verifies that no acknowledged write is lost, that
// at most the write in hand is there besides, that each write is there wholly or not at all, and that the indexes are
// consistent. The next process goes on from there; every tenth kill starts with a new file. RunCrash must be called at
// the top of a test function that is not parallel before it, for the other process runs the test of the same name.
func RunCrash(t *testing.T, kills int, d Durable) {
	t.Helper()
	acked, err := Crash(t.Context(), t.Name(), t.TempDir(), kills, d)
	if err != nil {
		t.Error(err)
	}
	t.Logf("%d acknowledged writes survived %d kills", acked, kills)
}

// Crash is RunCrash for those who want to see it fail: it returns how many acknowledged writes
// it verified, and the first violation. name is the test that the other
// process runs; it must call Crash, too.
func Crash(ctx context.Context, name, folder string, kills int, d Durable) (acked int, err error) {
	if path := os.Getenv(crashPath); path != "" {
		writeUntilKilled(ctx, path, d)
		return 0, errors.New("the process that is to be killed has ended")
	}
	before := make([]int, Lanes)
	for k := range kills {
		path := filepath.Join(folder, fmt.Sprintf("crash%d.db", k/10))
		if k%10 == 0 {
			clear(before)
		}
		// Some die while they open the file, some after few writes, some after many.
		wait := time.Duration(rand.IntN([]int{30, 80, 200}[k%3])) * time.Millisecond
		acks, err := killOne(ctx, name, path, k%3 == 0, wait)
		if err != nil {
			return acked, fmt.Errorf("kill %d: %w", k, err)
		}
		after, err := verify(ctx, path, before, acks, d)
		if err != nil {
			return acked, fmt.Errorf("kill %d after %v: %w", k, wait, err)
		}
		for i := range after {
			acked += acks[i] - min(acks[i], before[i])
		}
		before = after
	}
	if acked < kills {
		return acked, fmt.Errorf("only %d writes were acknowledged in %d processes: the test proves nothing", acked, kills)
	}
	return acked, nil
}

// killOne runs the writing process, kills it some time after its start or after its first acknowledged write, and
// returns the last acknowledged number of each lane, 0 if none.
func killOne(ctx context.Context, name, path string, early bool, wait time.Duration) ([]int, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute) // Against a store that hangs.
	defer cancel()
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find test binary: %w", err)
	}
	cmd := exec.CommandContext(ctx, self, "-test.run=^"+name+"$", "-test.count=1") //nolint:gosec // Itself.
	cmd.Env = append(os.Environ(), crashPath+"="+path)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("start writer: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start writer: %w", err)
	}
	killSoon := sync.OnceFunc(func() { time.AfterFunc(wait, func() { _ = cmd.Process.Kill() }) })
	if early {
		killSoon()
	}
	acks := make([]int, Lanes)
	lines := bufio.NewScanner(out)
	var complaint error
	for lines.Scan() {
		killSoon()
		var lane, n int
		switch _, err := fmt.Sscanf(lines.Text(), "ack %d %d", &lane, &n); {
		case err == nil && lane < Lanes:
			acks[lane] = n
		case strings.HasPrefix(lines.Text(), "complaint "):
			complaint = errors.New(lines.Text())
		}
	}
	err = cmd.Wait()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		return nil, fmt.Errorf("the writer ended by itself: %w", errors.Join(err, complaint))
	}
	return acks, complaint
}

// verify opens what a killed process left and returns where each lane is.
func verify(ctx context.Context, path string, before, acks []int, d Durable) (after []int, err error) {
	s, closeStore, err := d.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open after kill: %w", err)
	}
	defer func() { err = errors.Join(err, closeStore()) }()
	after, err = VerifyLanes(ctx, s, before, acks)
	if err == nil && d.Check != nil {
		err = d.Check(s)
	}
	return after, err
}

// writeUntilKilled is the other process. A line is printed only after its write was acknowledged.
func writeUntilKilled(ctx context.Context, path string, d Durable) {
	s, _, err := d.Open(path)
	if err != nil {
		fmt.Println("complaint open:", err) //nolint:forbidigo // The parent reads it.
		return
	}
	var printing sync.Mutex
	err = WriteLanes(ctx, s, func(lane, n int) {
		printing.Lock()
		defer printing.Unlock()
		fmt.Printf("ack %d %d\n", lane, n) //nolint:forbidigo // The parent reads it.
	})
	fmt.Println("complaint", err) //nolint:forbidigo // The parent reads it.
}
