package cli_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"usher/access"
	"usher/store"
)

// stuff makes the database of a program that has not been started, with so many bytes in it.
func (s *served) stuff(bytes int) {
	s.t.Helper()
	db, err := store.Open(store.Config{Path: s.database(), Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		s.t.Fatal(err)
	}
	err = db.Update(s.t.Context(), func(tx access.Tx) error {
		for i := range bytes / 10_000 {
			if err := tx.Put(access.Keys, fmt.Sprintf("stuffing/%d", i), strings.Repeat("x", 10_000)); err != nil {
				return err
			}
		}
		return nil
	})
	if err := errors.Join(err, db.Close()); err != nil {
		s.t.Fatal(err)
	}
}

// nothingBut fails the test if a folder holds anything besides these files.
func nothingBut(t *testing.T, dir string, names ...string) {
	t.Helper()
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range list {
		known := false
		for _, n := range names {
			known = known || n == e.Name()
		}
		if !known {
			t.Errorf("%s is left in %s", e.Name(), dir)
		}
	}
}

func TestBackupUnderLoadIsWholeEachTime(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	s := serveChild(ctx, t, func(s *served) { s.stuff(8 << 20) })
	var load sync.WaitGroup
	asked := make(chan struct{})
	load.Go(func() {
		defer close(asked)
		for _, role := range []string{"GitHub: Write", "Figma: Editor", "Notion: Member", "Datadog: Viewer"} {
			words := strings.ToLower(strings.ReplaceAll(role, ":", ""))
			s.try(ctx, role, func(ctx context.Context) error { return s.world.Request(ctx, "maya", words, role, "", "A fix") })
		}
	})
	out := t.TempDir()
	var names []string
	for busy := true; busy; {
		select {
		case <-asked:
			busy = false // One more, which must hold everything.
		default:
		}
		names = append(names, fmt.Sprintf("%d.db", len(names)))
		path := filepath.Join(out, names[len(names)-1])
		status, said := s.run(ctx, "backup", "-config", s.settings(), path)
		if status != 0 || !strings.Contains(said, "Backup of the running Usher") || !strings.Contains(said, path) {
			t.Fatalf("backup %d: status %d\n%s", len(names), status, said)
		}
	}
	load.Wait()
	last := -1
	for _, n := range names {
		c, err := store.Verify(ctx, filepath.Join(out, n))
		if err != nil || c.Records[access.Requests] < last {
			t.Fatalf("backup %s: %v; %d requests after %d", n, err, c.Records[access.Requests], last)
		}
		last = c.Records[access.Requests]
	}
	if last != 4 {
		t.Errorf("the last of %d backups holds %d requests, want 4", len(names), last)
	}
	if info, err := os.Stat(filepath.Join(out, names[0])); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("others may read the backup: %v, %v", info.Mode(), err)
	}
	nothingBut(t, out, names...)
	s.stop()
}

func TestRestoreBringsBackWhatWasSaved(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	s := serveChild(ctx, t)
	s.try(ctx, "request", func(ctx context.Context) error {
		return s.world.Request(ctx, "maya", "github write", "GitHub: Write", "1 hour", "A fix")
	})
	s.until(ctx, "Priya is asked", func() bool { return len(s.world.Slack.Messages("U0PRIYA")) > 0 })
	saved := filepath.Join(s.dir, "saved.db")
	if status, said := s.run(ctx, "backup", "-config", s.settings(), saved); status != 0 || !strings.Contains(said, "1 request, ") {
		t.Fatalf("status %d\n%s", status, said)
	}
	if status, said := s.run(ctx, "backup", "-config", s.settings(), saved); status != 1 || !strings.Contains(said, "There is a file of this name already") {
		t.Errorf("over a file: status %d\n%s", status, said)
	}
	before, err := os.Stat(s.database())
	if err != nil {
		t.Fatal(err)
	}
	status, said := s.run(ctx, "restore", "-config", s.settings(), saved)
	if now, err := os.Stat(s.database()); status != 1 || !strings.Contains(said, "an Usher runs on") || !strings.Contains(said, "stop it") || err != nil || !os.SameFile(before, now) {
		t.Errorf("while it runs: status %d, %v\n%s", status, err, said)
	}
	s.stop()

	// The database is lost in the worst way: it is there, and wrong.
	if err := os.WriteFile(s.database(), []byte(strings.Repeat("no database ", 10_000)), 0o600); err != nil {
		t.Fatal(err)
	}
	torn := filepath.Join(s.dir, "torn.db")
	whole, err := os.ReadFile(saved)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(torn, whole[:len(whole)-4096], 0o600); err != nil {
		t.Fatal(err)
	}
	if status, said := s.run(ctx, "restore", "-config", s.settings(), torn); status != 1 || !strings.Contains(said, "cut off or damaged") {
		t.Errorf("a torn copy: status %d\n%s", status, said)
	}
	if status, said := s.run(ctx, "restore", "-config", s.settings(), saved+"x"); status != 1 || !strings.Contains(said, "There is no such file") {
		t.Errorf("no copy: status %d\n%s", status, said)
	}
	status, said = s.run(ctx, "restore", "-config", s.settings(), saved)
	_, aside, kept := strings.Cut(said, "is kept as ")
	aside, _, _ = strings.Cut(aside, ".\n")
	if old, err := os.ReadFile(aside); status != 0 || !kept || err != nil || !strings.HasPrefix(string(old), "no database") {
		t.Fatalf("status %d, %v\n%s", status, err, said)
	}

	s.start(ctx)
	if err := s.world.Slack.WaitConnected(ctx, 2); err != nil {
		t.Fatalf("%v\n%s", err, s.logged())
	}
	m := s.world.Slack.Messages("U0PRIYA")[0]
	s.try(ctx, "approve", func(ctx context.Context) error { return s.world.Press(ctx, "priya", m, "approve") })
	s.until(ctx, "Maya is a member", func() bool { return s.world.Member(githubWrite, "maya") })
	s.stop()
}

func TestBackupOfADatabaseAtRestLeavesItAsItIs(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	s := newServed(ctx, t)
	clear(s.env) // No tokens, no vendors.
	saved := filepath.Join(s.dir, "saved.db")
	if status, said := s.run(ctx, "backup", "-config", s.settings(), saved); status != 1 || !strings.Contains(said, "there is no database "+s.database()) {
		t.Errorf("without a database: status %d\n%s", status, said)
	}
	s.stuff(100_000)
	before, err := os.ReadFile(s.database())
	if err != nil {
		t.Fatal(err)
	}
	status, said := s.run(ctx, "backup", "-config", s.settings(), saved)
	after, err := os.ReadFile(s.database())
	if status != 0 || !strings.Contains(said, "Backup of "+s.database()) || err != nil || string(before) != string(after) {
		t.Errorf("status %d, %v, unchanged %v\n%s", status, err, string(before) == string(after), said)
	}
	if _, err := store.Verify(ctx, saved); err != nil {
		t.Error(err)
	}
	nothingBut(t, s.dir, "usher.db", "saved.db", "usher.yml", "catalog.yml", "clock")

	// Somebody has it open who gives no copies.
	db, err := store.Open(store.Config{Path: s.database(), Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	if status, said := s.run(ctx, "backup", "-config", s.settings(), saved+"2"); status != 1 || !strings.Contains(said, "is in use, but no Usher answers on") {
		t.Errorf("while it is open: status %d\n%s", status, said)
	}
	if err := db.Close(); err != nil {
		t.Error(err)
	}
}

// impostor answers on the socket beside a database that nobody has open.
func impostor(ctx context.Context, t *testing.T, s *served, answer http.HandlerFunc) {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(ctx, "unix", s.database()+".sock")
	if err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{Handler: answer, ReadHeaderTimeout: time.Second}
	done := make(chan error, 1)
	go func() { done <- srv.Serve(l) }()
	t.Cleanup(func() {
		if err := srv.Close(); err != nil {
			t.Error(err)
		}
		if err := <-done; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	})
}

func TestBackupThatBreaksOffLeavesNothing(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer func(w http.ResponseWriter, whole []byte)
		says   string
	}{
		"cut off": {func(w http.ResponseWriter, whole []byte) {
			_, _ = w.Write(whole[:len(whole)/2])
			panic(http.ErrAbortHandler)
		}, "unexpected EOF"},
		"a part, and said to be all": {func(w http.ResponseWriter, whole []byte) { _, _ = w.Write(whole[:6*4096]) }, "not whole"},
		"one byte is wrong": {func(w http.ResponseWriter, whole []byte) {
			whole[3*4096] ^= 0xff
			_, _ = w.Write(whole)
		}, "not whole"},
		"refused": {func(w http.ResponseWriter, _ []byte) {
			http.Error(w, "another backup is under way", http.StatusConflict)
		}, "the running Usher gives no copy: another backup is under way"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			s := newServed(ctx, t)
			s.stuff(100_000)
			whole, err := os.ReadFile(s.database())
			if err != nil {
				t.Fatal(err)
			}
			impostor(ctx, t, s, func(w http.ResponseWriter, _ *http.Request) { c.answer(w, whole) })
			out := t.TempDir()
			status, said := s.run(ctx, "backup", "-config", s.settings(), filepath.Join(out, "saved.db"))
			if status != 1 || !strings.Contains(said, c.says) {
				t.Errorf("status %d, no %q in:\n%s", status, c.says, said)
			}
			nothingBut(t, out)
		})
	}
}

func TestStopDoesNotWaitForAReaderThatStalls(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	s := serveChild(ctx, t, func(s *served) { s.stuff(8 << 20) })
	c, err := (&net.Dialer{}).DialContext(ctx, "unix", s.database()+".sock")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	if _, err := io.WriteString(c, "GET /backup HTTP/1.1\r\nHost: usher\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(c, make([]byte, 100)); err != nil {
		t.Fatal(err)
	}
	if status, said := s.run(ctx, "backup", "-config", s.settings(), filepath.Join(s.dir, "second.db")); status != 1 || !strings.Contains(said, "another backup is under way") {
		t.Errorf("a second backup: status %d\n%s", status, said)
	}
	began := time.Now()
	s.stop()
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("it took %v", took)
	}
}

func TestSocketIsPrivateAndOutlivesAKill(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	s := serveChild(ctx, t)
	socket := s.database() + ".sock"
	var info os.FileInfo
	s.until(ctx, "the socket is there", func() (there bool) {
		var err error
		info, err = os.Stat(socket)
		return err == nil
	})
	if info.Mode() != os.ModeSocket|0o600 {
		t.Errorf("mode %v", info.Mode())
	}
	if err := s.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = s.cmd.Wait() // It was killed.
	if _, err := os.Stat(socket); err != nil {
		t.Fatal(err)
	}
	// Nobody listens there any more, so the file is copied as it is.
	if status, said := s.run(ctx, "backup", "-config", s.settings(), filepath.Join(s.dir, "rest.db")); status != 0 || !strings.Contains(said, "Backup of "+s.database()) {
		t.Errorf("status %d\n%s", status, said)
	}
	s.start(ctx)
	s.until(ctx, "the new one gives copies", func() bool {
		status, _ := s.run(ctx, "backup", "-config", s.settings(), filepath.Join(s.dir, "running.db"))
		return status == 0
	})
	if err := s.world.Slack.WaitConnected(ctx, 2); err != nil {
		t.Fatal(err)
	}
	s.stop()
}

func TestUsherRunsWithoutASocket(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	s := serveChild(ctx, t, func(s *served) { s.write("usher.db.sock", []byte("somebody's file")) })
	s.until(ctx, "it is told", func() bool {
		return strings.Contains(s.logged(), "no backups while running") && strings.Contains(s.logged(), "move it away")
	})
	if status, said := s.run(ctx, "backup", "-config", s.settings(), filepath.Join(s.dir, "saved.db")); status != 1 || !strings.Contains(said, "no Usher answers on") || !strings.Contains(said, "why it made no socket") {
		t.Errorf("status %d\n%s", status, said)
	}
	if b, err := os.ReadFile(s.database() + ".sock"); err != nil || string(b) != "somebody's file" {
		t.Errorf("the file was touched: %q, %v", b, err)
	}
	s.stop()
}

// The system allows a socket's path about a hundred bytes.
func TestUsherRunsWhereTheSocketsPathIsTooLong(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	s := serveChild(ctx, t, func(s *served) {
		folder := filepath.Join(s.dir, strings.Repeat("long", 30))
		if err := os.Mkdir(folder, 0o700); err != nil {
			t.Fatal(err)
		}
		s.env["USHER_DB"] = filepath.Join(folder, "usher.db")
	})
	s.until(ctx, "it is told", func() bool {
		return strings.Contains(s.logged(), "no backups while running") && strings.Contains(s.logged(), "its path is longer than 103 bytes; give the database a shorter path")
	})
	if status, said := s.run(ctx, "backup", "-config", s.settings(), filepath.Join(s.dir, "saved.db")); status != 1 || strings.Count(said, "\n") != 1 || !strings.Contains(said, "no Usher answers on") {
		t.Errorf("status %d\n%s", status, said)
	}
	if status, said := s.run(ctx, "doctor", "-config", s.settings()); status != 0 || !strings.Contains(said, "in use by a running Usher") {
		t.Errorf("doctor: status %d\n%s", status, said)
	}
	s.live(ctx)
	s.stop()
	if status, said := s.run(ctx, "backup", "-config", s.settings(), filepath.Join(s.dir, "saved.db")); status != 0 {
		t.Errorf("when it is stopped: status %d\n%s", status, said)
	}
}
