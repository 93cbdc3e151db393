package store_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"usher/sandbox/battery"
	"usher/store"
	"usher/store/storetest"
)

// writerMode is the environment variable that makes a test of this file the process that writes: "sync" or "nosync".
const writerMode = "USHER_STORE_WRITER"

// cyclesPerChain is how many power failures one file goes through before a new one is begun.
const cyclesPerChain = 10

// fewFailures is up to how many power failures may miss whatever they would hit in the long run.
const fewFailures = 50

// The power fails after a random number of operations: while the file is made, while it is opened, while six callers
// write. What was not synced is lost in whole or in part. The file that is left must open, pass every check, and hold
// each acknowledged update and no half one.
func TestPowerFailureLosesNothingAcknowledged(t *testing.T) { //nolint:paralleltest // It is run again as the writer.
	if writeUntilDark(t) {
		return
	}
	p := newPower(t, "sync")
	playSeeds(t, 20, 240, func(t *testing.T, seed uint64) {
		if err := p.chain(t, seed); err != nil {
			t.Error(err)
		}
	})
	p.report(t, 0, p.cycles/2)
}

func TestPowerFailureWhileTheFileIsMadeLeavesNoneOrAWholeOne(t *testing.T) { //nolint:paralleltest // As above.
	if writeUntilDark(t) {
		return
	}
	p := newPower(t, "sync")
	playSeeds(t, 60, 600, func(t *testing.T, seed uint64) {
		r := rand.New(rand.NewPCG(seed, 0)) //nolint:gosec // No secret.
		if _, _, err := p.cycle(t, r, 26, nil, make([]int, storetest.Lanes)); err != nil {
			t.Error(err)
		}
	})
	p.report(t, p.cycles/6, p.cycles/10) // Most of these die before anything is acknowledged.
}

// report says what was at stake, and complains if it was too little.
func (p *power) report(t *testing.T, creating, acked int) {
	t.Helper()
	t.Logf("%d power failures, %d with unsynced writes, %d while the file was made; %d acknowledged updates survived",
		p.cycles, p.pending, p.creating, p.acked)
	if p.cycles < fewFailures {
		return // Few were asked for, or were left to do.
	}
	if p.pending < p.cycles/2 || p.creating < creating || p.acked < acked {
		t.Error("too little was at stake: the test proves nothing")
	}
}

// The test of the test: a writer that does not sync is caught.
func TestPowerFailureTestSeesAWriterThatDoesNotSync(t *testing.T) { //nolint:paralleltest // As above.
	if writeUntilDark(t) {
		return
	}
	p, caught := newPower(t, "nosync"), 0
	for seed := range uint64(10) {
		if err := p.chain(t, seed); err != nil {
			t.Log(err)
			caught++
		}
	}
	if caught < 8 {
		t.Errorf("%d of 10 chains of power failures found that nothing was synced", caught)
	}
}

// playSeeds plays seeds: others with every commit, and at night those from USHER_SEED on, so that the night can be taken up. What
// follows a failure is skipped: it may have left the other process behind in any state.
func playSeeds(t *testing.T, commit, night int, f func(t *testing.T, seed uint64)) {
	t.Helper()
	e := battery.Entries{Night: battery.Numbers(battery.Seed(t), night)}
	for range commit {
		e.Commit = append(e.Commit, strconv.FormatUint(rand.Uint64()>>1, 10)) //nolint:gosec // No secret.
	}
	failed := false
	e.Play(t, func(t *testing.T, entry string) {
		if failed {
			t.Skip("Another entry failed before.")
		}
		defer func() { failed = t.Failed() }()
		f(t, battery.Number(t, entry))
	})
}

// power is a writer process and what it went through.
type power struct {
	mount                            *lossyMount
	in                               io.Writer
	out                              *bufio.Scanner
	cycles, pending, creating, acked int
}

func newPower(t *testing.T, mode string) *power {
	t.Helper()
	p := &power{mount: mountLossy(t)}
	writer := exec.CommandContext(context.WithoutCancel(t.Context()), os.Args[0], "-test.run=^"+t.Name()+"$", "-test.timeout=1h") //nolint:gosec // Itself.
	writer.Env = append(os.Environ(), writerMode+"="+mode)
	writer.Stderr = os.Stderr
	in, err := writer.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := writer.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := writer.Start(); err != nil {
		t.Fatal(err)
	}
	p.in, p.out = in, bufio.NewScanner(out)
	t.Cleanup(func() {
		_ = in.Close()
		_, _ = io.Copy(io.Discard, out)
		if err := writer.Wait(); err != nil {
			t.Error(err)
		}
	})
	return p
}

// chain leads one file through power failures.
func (p *power) chain(t *testing.T, seed uint64) error {
	t.Helper()
	var files map[string]image
	before := make([]int, storetest.Lanes)
	r := rand.New(rand.NewPCG(seed, 0)) //nolint:gosec // No secret.
	for cycle := range cyclesPerChain {
		operations := []int{20, 60, 250}[r.IntN(3)]
		var err error
		if files, before, err = p.cycle(t, r, operations, files, before); err != nil {
			return fmt.Errorf("cycle %d: %w", cycle, err)
		}
	}
	return nil
}

// cycle has the writer go on from files until the power fails, after fewer than so many operations, and verifies what is
// left.
func (p *power) cycle(t *testing.T, r *rand.Rand, operations int, files map[string]image, before []int) (map[string]image, []int, error) {
	t.Helper()
	p.cycles++
	operations = r.IntN(operations)
	d := lossyDiskOf(files, operations)
	acks, err := p.write(p.mount.add(strconv.Itoa(p.cycles), d))
	if err != nil {
		return nil, nil, err
	}
	if d.pending() {
		p.pending++
	}
	if !d.has("usher.db") {
		p.creating++
	}
	files = d.survivors(r)
	if before, err = p.verify(t, files, before, acks); err != nil {
		return nil, nil, fmt.Errorf("power failed after %d operations: %w", operations, err)
	}
	return files, before, nil
}

// write has the writer open the file in the folder and write until it cannot, and returns what it acknowledged.
func (p *power) write(folder string) ([]int, error) {
	if _, err := fmt.Fprintln(p.in, filepath.Join(folder, "usher.db")); err != nil {
		return nil, err
	}
	acks := make([]int, storetest.Lanes)
	for p.out.Scan() {
		var lane, n int
		if _, err := fmt.Sscanf(p.out.Text(), "ack %d %d", &lane, &n); err == nil {
			acks[lane] = n
			p.acked++
		} else if why, over := strings.CutPrefix(p.out.Text(), "over "); over {
			if !strings.Contains(why, "input/output error") {
				return nil, errors.New("the writer ended before the power failed: " + why)
			}
			return acks, nil
		}
	}
	return nil, fmt.Errorf("the writer died: %w", p.out.Err())
}

// verify opens what is left as a file of an ordinary file system.
func (p *power) verify(t *testing.T, files map[string]image, before, acks []int) (after []int, err error) {
	t.Helper()
	folder, err := os.MkdirTemp(t.TempDir(), "")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	for name, content := range files {
		path := filepath.Join(folder, name)
		if err := errors.Join(os.WriteFile(path, content.bytes, 0o600), os.Truncate(path, content.size)); err != nil {
			return nil, err
		}
	}
	s, err := store.Open(store.Config{Path: filepath.Join(folder, "usher.db"), Logger: quiet(), NoSync: true})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if err := s.Check(t.Context()); err != nil {
		return nil, err
	}
	return storetest.VerifyLanes(t.Context(), s, before, acks)
}

// writeUntilDark is the other process: for each path that it reads it opens the store and writes until the power fails.
// It reports whether this is that process.
func writeUntilDark(t *testing.T) bool {
	t.Helper()
	mode := os.Getenv(writerMode)
	if mode == "" {
		return false
	}
	var printing sync.Mutex
	for paths := bufio.NewScanner(os.Stdin); paths.Scan(); {
		s, err := store.Open(store.Config{Path: paths.Text(), Logger: quiet(), NoSync: mode == "nosync"})
		if err == nil {
			err = storetest.WriteLanes(context.Background(), s, func(lane, n int) {
				printing.Lock()
				defer printing.Unlock()
				fmt.Printf("ack %d %d\n", lane, n) //nolint:forbidigo // The parent reads it.
			})
			err = errors.Join(err, s.Close())
		}
		fmt.Println("over", strings.ReplaceAll(fmt.Sprint(err), "\n", "; ")) //nolint:forbidigo // The parent reads it.
	}
	return true
}
