package catalog

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func write(t *testing.T, path, data string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(data), 0o600); err != nil {
		t.Fatal(err)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// called is a catalog whose only role has the name.
func called(name string) string {
	return strings.Replace(roleDoc(""), "name: Write", "name: "+name, 1)
}

func TestLoadReadsFilesAndFolders(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a.yml"), roleDoc("policy: p"))
	write(t, filepath.Join(dir, "b.yaml"), "version: 1\npolicies: {p: {rules: [{steps: [{approvers: [owner]}]}]}}\n")
	write(t, filepath.Join(dir, "notes.txt"), "not a catalog")
	write(t, filepath.Join(dir, ".a.yml.swp.yml"), "not a catalog")
	c, err := Load(dir)
	must(t, err)
	same, err := Load(filepath.Join(dir, "a.yml"), dir, filepath.Join(dir, ".", "b.yaml"))
	must(t, err)
	if len(c.Apps()) != 1 || c.Version() != same.Version() {
		t.Errorf("%d apps, versions %s and %s", len(c.Apps()), c.Version(), same.Version())
	}
}

func TestLoadReportsWhatItCannotRead(t *testing.T) {
	t.Parallel()
	empty := t.TempDir()
	missing := filepath.Join(empty, "catalog.yml")
	_, err := Load(missing, empty)
	var problems Problems
	if !errors.As(err, &problems) || len(problems) != 2 {
		t.Fatalf("error = %v, want two problems", err)
	}
	want := missing + ": cannot be read: no such file or directory. Fix: check the path and its permissions"
	if got := problems[0].String(); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if !strings.Contains(problems[1].Message, "no *.yml") {
		t.Errorf("got %q", problems[1])
	}
	if _, err := Load(); err == nil {
		t.Error("no paths: want an error")
	}
}

func TestReloadKeepsTheOldCatalogWhenTheFileIsBad(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "c.yml")
	write(t, path, called("One"))
	live, err := OpenLive(path)
	must(t, err)
	old := live.Current()
	write(t, path, "version: 1\n")
	var problems Problems
	if err := live.Reload(); !errors.As(err, &problems) || live.Current() != old {
		t.Errorf("error = %v, catalog kept = %v", err, live.Current() == old)
	}
	write(t, path, called("Two"))
	must(t, live.Reload())
	if e, _ := live.Current().Entitlement("write"); e.Name != "Two" {
		t.Errorf("name = %q, want Two", e.Name)
	}
	if _, err := OpenLive(filepath.Dir(path) + "/none.yml"); err == nil {
		t.Error("open: want an error")
	}
}

// watching runs live.Watch and returns what it reports; each change is waited for.
func watching(t *testing.T, live *Live) <-chan string {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	heard, done := make(chan string, 10), make(chan error, 1)
	go func() {
		done <- live.Watch(ctx, func() {
			if live.Reload() != nil {
				heard <- "bad"
				return
			}
			e, _ := live.Current().Entitlement("write")
			heard <- e.Name
		})
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return heard
}

func expect(t *testing.T, heard <-chan string, want string) {
	t.Helper()
	late := time.After(20 * time.Second) // under the poll, so that an event must have come
	for {
		select {
		case got := <-heard:
			if got == "bad" && want != "bad" {
				continue // the look fell into the writing; the whole file is heard next
			}
			if got != want {
				t.Fatalf("heard %q, want %q", got, want)
			}
			return
		case <-late:
			t.Fatalf("heard nothing, want %q", want)
		}
	}
}

func TestWatchSeesWritesRenamesAndMistakes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "c.yml")
	write(t, path, called("One"))
	live, err := OpenLive(path)
	must(t, err)
	write(t, path, called("Two")) // between open and watch
	heard := watching(t, live)
	expect(t, heard, "Two")
	write(t, path, "version: 1\n")
	expect(t, heard, "bad")
	if e, _ := live.Current().Entitlement("write"); e.Name != "Two" {
		t.Errorf("in force = %q, want Two", e.Name)
	}
	for _, name := range []string{"Three", "Four"} { // as editors save: twice, because the first rename ends a watch on the file
		write(t, filepath.Join(dir, "c.yml.tmp"), called(name))
		must(t, os.Rename(filepath.Join(dir, "c.yml.tmp"), path))
		expect(t, heard, name)
	}
	must(t, os.Remove(path))
	expect(t, heard, "bad")
	write(t, path, called("Four"))
	expect(t, heard, "Four")
	if e, _ := live.Current().Entitlement("write"); e.Name != "Four" {
		t.Errorf("in force = %q, want Four", e.Name)
	}
}

func TestWatchFollowsAKubernetesMount(t *testing.T) {
	t.Parallel()
	for _, folder := range []bool{true, false} {
		dir := t.TempDir()
		version := func(n, name string) {
			must(t, os.Mkdir(filepath.Join(dir, n), 0o700))
			write(t, filepath.Join(dir, n, "c.yml"), called(name))
			must(t, os.Symlink(n, filepath.Join(dir, "..data_tmp")))
			must(t, os.Rename(filepath.Join(dir, "..data_tmp"), filepath.Join(dir, "..data")))
		}
		version("..1", "One")
		path := filepath.Join(dir, "c.yml")
		must(t, os.Symlink(filepath.Join("..data", "c.yml"), path))
		if folder {
			path = dir
		}
		live, err := OpenLive(path)
		must(t, err)
		heard := watching(t, live)
		for _, v := range [][2]string{{"..2", "Two"}, {"..3", "Three"}} {
			version(v[0], v[1])
			expect(t, heard, v[1])
		}
	}
}

func TestWatchFollowsALinkToAFileElsewhere(t *testing.T) {
	t.Parallel()
	target, link := filepath.Join(t.TempDir(), "real.yml"), filepath.Join(t.TempDir(), "c.yml")
	write(t, target, called("One"))
	must(t, os.Symlink(target, link))
	live, err := OpenLive(link)
	must(t, err)
	heard := watching(t, live)
	write(t, target, called("Two"))
	expect(t, heard, "Two")
}

func TestWatchReportsOnlyChangesOfContent(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "c.yml")
	write(t, path, called("One"))
	live, err := OpenLive(dir)
	must(t, err)
	heard := watching(t, live)
	write(t, filepath.Join(dir, "notes.txt"), "x")
	write(t, path, called("One"))
	time.Sleep(2 * settle)
	write(t, path, called("Two"))
	expect(t, heard, "Two")
	select {
	case again := <-heard:
		t.Errorf("heard %q again", again)
	case <-time.After(2 * settle):
	}
}
