package cli_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"usher/sandbox/battery"
	"usher/store"
)

// disk mounts a small disk of its own, in a folder whose name leaves room for that of a socket; the returned function makes it
// read-only.
func disk(t *testing.T, size string) (dir string, readOnly func()) {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "usher-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "mode=0755,size="+size); err != nil {
		t.Skipf("Needs root: a small disk is a tmpfs, which cannot be mounted here: %v.", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir, func() {
		t.Helper()
		if err := syscall.Mount("tmpfs", dir, "tmpfs", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
			t.Fatal(err)
		}
	}
}

// asNobody has the program run as a user that owns nothing.
func (s *served) asNobody() {
	s.t.Helper()
	if os.Getuid() != 0 {
		s.t.Skip("Needs root, who alone can run the program as another user.")
	}
	dir := s.t.TempDir()
	s.exe = filepath.Join(dir, "usher")
	if err := os.Link(os.Args[0], s.exe); err != nil { // The folder is on another disk.
		b, err := os.ReadFile(os.Args[0])
		if err == nil {
			err = os.WriteFile(s.exe, b, 0o755) //nolint:gosec // As below.
		}
		if err != nil {
			s.t.Fatal(err)
		}
	}
	for _, d := range []string{dir, filepath.Dir(dir), s.dir, filepath.Dir(s.dir)} {
		if err := os.Chmod(d, 0o755); err != nil { //nolint:gosec // Others must find the program.
			s.t.Fatal(err)
		}
	}
	for _, name := range []string{"usher.yml", "catalog.yml"} {
		if err := os.Chmod(filepath.Join(s.dir, name), 0o644); err != nil { //nolint:gosec // As above.
			s.t.Fatal(err)
		}
	}
	s.as = &syscall.Credential{Uid: 65534, Gid: 65534}
}

// change rewrites the database byte by byte.
func (s *served) change(f func([]byte) []byte) {
	s.t.Helper()
	b, err := os.ReadFile(s.database())
	if err == nil {
		err = os.WriteFile(s.database(), f(b), 0o600)
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

// Whatever keeps the database from being used is told in one plain line with its fix, by serve and by the doctor, and
// when the cause is gone serve works.
func TestDatabaseThatCannotBeUsedIsExplainedInOneLine(t *testing.T) {
	t.Parallel()
	// onDisk moves the database to a disk of its own.
	onDisk := func(s *served, size string) (readOnly func()) {
		dir, readOnly := disk(s.t, size)
		s.env["USHER_DB"] = filepath.Join(dir, "usher.db")
		return readOnly
	}
	var whole []byte
	keep := func(b []byte) []byte { whole = bytes.Clone(b); return b }
	cases := map[string]struct {
		breakIt func(s *served) (mend func(), err error)
		says    []string
		doctor  string // What the doctor says instead, if it sees it in another way. "-" if it cannot see it.
	}{
		"disk is full": {func(s *served) (func(), error) {
			onDisk(s, "16k")
			s.env["USHER_CATALOG"] = filepath.Join(s.dir, "catalog.yml")
			return func() { s.env["USHER_DB"] = s.database() }, nil
		}, []string{"The disk is full.", "Make room in"}, "-"},
		"read-only disk": {func(s *served) (func(), error) {
			readOnly := onDisk(s, "8m")
			db, err := store.Open(store.Config{Path: s.env["USHER_DB"], Logger: slog.New(slog.DiscardHandler)})
			if err == nil {
				err = db.Close()
			}
			readOnly()
			return func() { s.env["USHER_DB"] = s.database() }, err
		}, []string{"The file system is read-only.", "writable"}, "may not write into its folder"},
		"torn page": {func(s *served) (func(), error) {
			s.stuff(100_000)
			s.change(keep)
			s.change(func(b []byte) []byte {
				for at := 2 * 4096; at < 40*4096; at += 4096 {
					copy(b[at+1024:at+4096], make([]byte, 3072))
				}
				return b
			})
			return func() { s.change(func([]byte) []byte { return whole }) }, nil
		}, []string{"The file is cut off or damaged.", "Restore the last backup."}, ""},
		"cut off": {func(s *served) (func(), error) {
			s.stuff(100_000)
			s.change(keep)
			return func() { s.change(func([]byte) []byte { return whole }) }, os.Truncate(s.database(), 3*4096)
		}, []string{"it is cut off or something else.", "restore the last backup."}, ""},
		"another program's file": {func(s *served) (func(), error) {
			return func() { _ = os.Remove(s.database()) }, os.WriteFile(s.database(), []byte(strings.Repeat("text ", 10_000)), 0o600)
		}, []string{"restore the last backup."}, ""},
		"newer layout": {func(s *served) (func(), error) {
			s.stuff(1000)
			s.change(func(b []byte) []byte { return bytes.ReplaceAll(b, []byte("schema2"), []byte("schema9")) })
			return func() {
				s.change(func(b []byte) []byte { return bytes.ReplaceAll(b, []byte("schema9"), []byte("schema2")) })
			}, nil
		}, []string{"newer", "Usher"}, ""},
		"file of another user": {func(s *served) (func(), error) {
			s.asNobody()
			s.stuff(1000)
			return func() { _ = os.Chown(s.database(), 65534, 65534); _ = os.Chown(s.dir, 65534, 65534) }, nil
		}, []string{"User 65534 may not read and write this file or its folder.", "Give the file and its folder to the user that runs Usher."}, "user 65534 may not write into its folder"},
		"folder of another user": {func(s *served) (func(), error) {
			s.asNobody()
			return func() { _ = os.Chown(s.dir, 65534, 65534) }, nil
		}, []string{"User 65534 may not read and write this file or its folder."}, "user 65534 may not write into its folder"},
		"no folder": {func(s *served) (func(), error) {
			s.env["USHER_DB"] = filepath.Join(s.dir, "data", "usher.db")
			return func() { _ = os.Mkdir(filepath.Join(s.dir, "data"), 0o700) }, nil
		}, []string{"does not exist.", "mkdir -p"}, "its folder does not exist"},
		"second process": {func(s *served) (func(), error) {
			s.stuff(1000)
			db, err := store.Open(store.Config{Path: s.database(), Logger: slog.New(slog.DiscardHandler)})
			return func() { _ = db.Close() }, err
		}, []string{"Another process has this file open; only one may at a time.", "Stop the other Usher"}, "-"},
	}
	names := slices.Sorted(maps.Keys(cases))
	battery.Entries{Commit: names, Night: rounds(names, 20)}.Play(t, func(t *testing.T, entry string) {
		c := cases[unrounded(entry)]
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		s := newServed(ctx, t)
		mend, err := c.breakIt(s)
		if err != nil {
			t.Fatal(err)
		}
		status, said := s.run(ctx, "serve", "-config", s.settings())
		lines := strings.Split(strings.TrimSpace(said), "\n")
		if status != 1 || len(lines) != 1 || !strings.HasPrefix(lines[0], "usher: ") {
			t.Errorf("status %d, want 1 and one line:\n%s", status, said)
		}
		for _, w := range c.says {
			if !strings.Contains(said, w) {
				t.Errorf("no %q in:\n%s", w, said)
			}
		}
		if c.doctor != "-" {
			want := c.doctor
			if want == "" {
				want = c.says[0]
			}
			status, said := s.run(ctx, "doctor", "-config", s.settings())
			if status != 1 || strings.Count(said, "FAIL") != 1 || !strings.Contains(said, "FAIL  database") || !strings.Contains(said, want) || !strings.Contains(said, "      fix: ") {
				t.Errorf("doctor: status %d, want one failure with %q and a fix:\n%s", status, want, said)
			}
		}
		mend()
		s.start(ctx)
		if err := s.world.Slack.WaitConnected(ctx, 2); err != nil {
			t.Fatalf("when it is mended: %v\n%s", err, s.logged())
		}
		s.stop()
	})
}

func TestBackupThatCannotBeWrittenIsExplainedAndLeavesNothing(t *testing.T) {
	t.Parallel()
	battery.Alone(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	s := serveChild(ctx, t, func(s *served) { s.stuff(2 << 20) })
	full, _ := disk(t, "64k")
	frozen, readOnly := disk(t, "8m")
	readOnly()
	for name, c := range map[string]struct{ target, says, left string }{
		"full disk":      {filepath.Join(full, "saved.db"), "The disk is full. Make room in", full},
		"read-only disk": {filepath.Join(frozen, "saved.db"), "The file system is read-only.", frozen},
		"no folder":      {filepath.Join(s.dir, "nowhere", "saved.db"), "does not exist. Make it", full},
		"a folder":       {full, "There is a file of this name already.", full},
		"no space, read": {"/dev/full", "There is a file of this name already.", full},
	} {
		status, said := s.run(ctx, "backup", "-config", s.settings(), c.target)
		if status != 1 || !strings.Contains(said, c.says) || strings.Count(said, "\n") != 1 {
			t.Errorf("%s: status %d, want one line with %q:\n%s", name, status, c.says, said)
		}
		nothingBut(t, c.left)
	}
	status, said := s.run(ctx, "backup", "-config", s.settings(), filepath.Join(s.dir, "saved.db"))
	if status != 0 {
		t.Errorf("with a good target: status %d\n%s", status, said)
	}
	s.stop()

	// The database is on a full disk: it is still there after the restore that could not be.
	if err := os.Rename(s.database(), filepath.Join(s.dir, "big.db")); err != nil {
		t.Fatal(err)
	}
	s.env["USHER_DB"] = filepath.Join(full, "usher.db")
	if err := os.WriteFile(s.env["USHER_DB"], []byte(strings.Repeat("old ", 10_000)), 0o600); err != nil {
		t.Fatal(err)
	}
	status, said = s.run(ctx, "restore", "-config", s.settings(), filepath.Join(s.dir, "saved.db"))
	if old, err := os.ReadFile(s.env["USHER_DB"]); status != 1 || !strings.Contains(said, "The disk is full.") || err != nil || !strings.HasPrefix(string(old), "old ") {
		t.Errorf("restore to a full disk: status %d, %v\n%s", status, err, said)
	}
	nothingBut(t, full, "usher.db")
}

func TestFullDiskUnderARunningUsherRefusesAndGoesOnWhenThereIsSpace(t *testing.T) {
	t.Parallel()
	battery.Alone(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	dir, _ := disk(t, "6m")
	ballast := filepath.Join(dir, "ballast")
	s := serveChild(ctx, t, func(s *served) { s.env["USHER_DB"] = filepath.Join(dir, "usher.db") })
	fill := func() {
		f, err := os.Create(ballast)
		if err != nil {
			t.Fatal(err)
		}
		for err == nil {
			_, err = f.Write(make([]byte, 4096))
		}
		if !errors.Is(err, syscall.ENOSPC) {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	fill()
	// A backup needs no room in the folder of the database.
	if status, said := s.run(ctx, "backup", "-config", s.settings(), filepath.Join(s.dir, "saved.db")); status != 0 {
		t.Errorf("backup: status %d\n%s", status, said)
	}
	asking, stopAsking := context.WithCancel(ctx)
	asked := make(chan error, 1)
	go func() { asked <- s.world.Request(asking, "maya", "github write", "GitHub: Write", "1 hour", "A fix") }()
	s.until(ctx, "the request is refused", func() bool { return strings.Contains(s.logged(), "disk full, nothing was changed") })
	stopAsking()
	if err := <-asked; err == nil {
		t.Error("a request was taken while the disk is full")
	}
	if status, body := s.get(ctx, "/healthz"); status != http.StatusOK {
		t.Errorf("health while the disk is full: %d %s", status, body)
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	s.live(ctx)
	s.settled(ctx)
	s.stop()
	s.judge(s.env["USHER_DB"])
}

func TestRootRestoresForTheUserThatRunsUsher(t *testing.T) {
	t.Parallel()
	battery.Alone(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	s := newServed(ctx, t)
	s.asNobody()
	s.stuff(1000)
	saved := filepath.Join(s.dir, "saved.db")
	if err := errors.Join(os.Rename(s.database(), saved), os.Chown(s.dir, 65534, 65534)); err != nil {
		t.Fatal(err)
	}
	nobody := s.as
	s.as = nil
	if status, said := s.run(ctx, "restore", "-config", s.settings(), saved); status != 0 {
		t.Fatalf("status %d\n%s", status, said)
	}
	s.as = nobody
	s.start(ctx)
	if err := s.world.Slack.WaitConnected(ctx, 2); err != nil {
		t.Fatalf("%v\n%s", err, s.logged())
	}
	s.as = nil
	if status, said := s.run(ctx, "backup", "-config", s.settings(), filepath.Join(t.TempDir(), "again.db")); status != 0 || !strings.Contains(said, "the running Usher") {
		t.Errorf("root's backup: status %d\n%s", status, said)
	}
	s.stop()
}
