package store_test

import (
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"usher/access"
)

func get(id string) func(access.Tx) error {
	return func(tx access.Tx) error {
		var v string
		return tx.Get(access.Requests, id, &v)
	}
}

// What can happen to the disk or the file, and where it is shown that the message names the fix, that nothing is lost, and
// that all goes on when the cause is gone:
//
//	 1 full at the first data page                       TestDiskThatFailsIsExplainedAndLosesNothing
//	 2 full at the second data page                      "
//	 3 full at the page that puts the commit in force    "
//	 4 full when the file grows                          "
//	 5 quota used up                                     "
//	 6 write error                                       "
//	 7 sync error before the commit is in force          " (nothing is asked again: the next answer may be a lie)
//	 8 sync error after it                               "
//	 9 remounted read-only                               "
//	10 read error in the running store                   "
//	11 read error at the first page                      "
//	12 read error at a later page                        "
//	13 full, on a real small disk                        TestStoreGoesOnWhenAFullDiskIsCleared
//	14 full when a store is made                         TestNewStoreOnAFullDiskSaysSoAndLeavesNothing
//	15 full during a backup or a restore                 TestBackupToAFullDiskSaysSoAndLeavesNothing
//	16 file moved while in use                           TestFileThatLeftItsPathIsNotWrittenTo
//	17 file deleted while in use                         "
//	18 file replaced while in use                        "
//	19 file cut off to nothing while in use              TestFileThatWasWrittenToByOthersIsNotMadeWorse
//	20 file cut off in the middle while in use           "
//	21 file overwritten while in use                     "
//	22 cut-off file met by a view                        TestViewOfAFileThatWasCutOffIsAnErrorAndNoCrash
//	23 torn data page                                    TestTornPageIsFoundWhenTheFileIsOpened
//	24 torn first page                                   TestTornFirstPageCostsNoMoreThanTheCommitInHand
//	25 folder missing                                    TestFileThatCannotBeOpenedIsExplained
//	26 empty file                                        "
//	27 cut off at three places                           "
//	28 both first pages damaged                          "
//	29 a file of another program                         "
//	30 read-only file system                             "
//	31 no permission                                     "
//	32 open in this process                              "
//	33 open in another process                           TestOtherProcessKeepsTheFile
//	34 readable by others                                TestReadableFileIsMadePrivate
//	35 of a newer Usher                                  TestNewerLayoutIsRefused
//	36 any bytes turned over                             TestDamagedFilesEndInErrorsOnly, FuzzOpenDamaged

// faultCase is one way in which a disk fails under a running store, or while it is opened.
type faultCase struct {
	name string
	// fails says which operations fail, and with what.
	fails func(o operation) syscall.Errno
	// does is what the store is asked to do meanwhile.
	does string
	says []string
	// stays is true if the store must go on by itself when the cause is gone, otherwise it must be opened again.
	stays bool
}

func failing(errno syscall.Errno, kind string, from, to int64) func(operation) syscall.Errno {
	return func(o operation) syscall.Errno {
		if o.kind == kind && from <= o.at && o.at < to {
			return errno
		}
		return 0
	}
}

// nth fails the n-th of the operations that fails would let fail, and all that follow.
func nth(n int, fails func(operation) syscall.Errno) func(operation) syscall.Errno {
	return func(o operation) syscall.Errno {
		errno := fails(o)
		if errno != 0 {
			n--
		}
		if n > 0 {
			return 0
		}
		return errno
	}
}

// firstPages is where bbolt puts a commit in force.
const firstPages = 2 * 4096

const wholeFile = 1 << 40

func faultCases() []faultCase {
	full := []string{"disk full, nothing was changed"}
	stop := []string{"store is broken until it is opened again"}
	return []faultCase{
		{"full at the first data page", failing(syscall.ENOSPC, "write", firstPages, wholeFile), "put", full, true},
		{"full at the second data page", nth(2, failing(syscall.ENOSPC, "write", firstPages, wholeFile)), "put", full, true},
		{"full at the page that puts the commit in force", failing(syscall.ENOSPC, "write", 0, firstPages), "put", append(stop, "make room on the disk, then start again"), false},
		{"full when the file grows", failing(syscall.ENOSPC, "size", 0, wholeFile), "grow", full, true},
		{"quota used up", failing(syscall.EDQUOT, "write", 0, wholeFile), "put", full, true},
		{"write error at a data page", failing(syscall.EIO, "write", firstPages, wholeFile), "put", append(stop, "input/output error", "look at the disk"), false},
		{"sync error before the commit is in force", failing(syscall.EIO, "sync", 0, wholeFile), "put", append(stop, "input/output error", "look at the disk"), false},
		{"sync error after the commit is in force", nth(2, failing(syscall.EIO, "sync", 0, wholeFile)), "put", append(stop, "input/output error", "look at the disk"), false},
		{"remounted read-only", failing(syscall.EROFS, "write", 0, wholeFile), "put", append(stop, "read-only file system", "mount the file system writable"), false},
		{"read error in the running store", failing(syscall.EIO, "read", 0, wholeFile), "get", append(stop, "cannot be read", "the disk fails"), false},
		{"read error at the first page", failing(syscall.EIO, "read", 0, 1), "open", []string{"The disk answers with errors. Look at the disk"}, false},
		{"read error at a later page", failing(syscall.EIO, "read", firstPages, wholeFile), "open", []string{"The disk answers with errors. Look at the disk"}, false},
	}
}

func TestDiskThatFailsIsExplainedAndLosesNothing(t *testing.T) { //nolint:paralleltest // It is run again as the process that has the store open.
	if obey(t) {
		return
	}
	mount := mountLossy(t)
	start := emptyDisk(t, mount)
	for i, c := range faultCases() {
		t.Run(c.name, func(t *testing.T) {
			store := farProcess(t)
			d := lossyDiskOf(start, 1<<30)
			path := filepath.Join(mount.add("fault"+strconv.Itoa(i), d), "usher.db")
			c.run(t, store, d, mount, path)
		})
	}
}

// emptyDisk makes a store with one record on a lossy disk and returns its files.
func emptyDisk(t *testing.T, mount *lossyMount) map[string]image {
	t.Helper()
	d := lossyDiskOf(nil, 1<<30)
	path := filepath.Join(mount.add("empty", d), "usher.db")
	f := farProcess(t)
	f.must(t, "open", path)
	f.must(t, "put", "kept")
	f.must(t, "close", "")
	d.mu.Lock()
	defer d.mu.Unlock()
	return map[string]image{"usher.db": d.names["usher.db"].now.clone()}
}

func (d *lossyDisk) set(deny func(operation) syscall.Errno) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.deny, d.log = deny, nil
}

// heal takes the cause away and returns what was asked of the disk meanwhile.
func (d *lossyDisk) heal() []operation {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.deny = nil
	return d.log
}

func (c faultCase) run(t *testing.T, f *far, d *lossyDisk, m *lossyMount, path string) {
	t.Helper()
	if c.does == "open" {
		d.set(c.fails)
		c.heard(t, f.do(t, "open", path))
		d.heal()
	} else {
		f.must(t, "open", path)
		f.must(t, "put", "before")
		m.forget(t, path)
		d.set(c.fails)
		argument := "during"
		if c.does == "get" {
			argument = "kept"
		}
		c.heard(t, f.do(t, c.does, argument))
		c.stopped(t, d.heal())
	}
	if !c.stays && c.does != "open" {
		if answer := f.do(t, "put", "after"); !strings.Contains(answer, "broken") {
			t.Errorf("put without opening it again: %s", answer)
		}
		_ = f.do(t, "close", "")
		f.end()
		f = farProcess(t)
	}
	if !c.stays {
		f.must(t, "open", path)
	}
	f.must(t, "get", "kept")
	f.must(t, "put", "later")
	f.must(t, "get", "later")
	f.must(t, "check", "")
	if c.does != "open" {
		f.must(t, "get", "before")
	}
	if answer := f.do(t, "get", "during"); c.stays && !strings.Contains(answer, "not found") {
		t.Errorf("the refused update is there: %s", answer)
	}
	f.must(t, "close", "")
}

func (c faultCase) heard(t *testing.T, answer string) {
	t.Helper()
	for _, text := range c.says {
		if !strings.Contains(answer, text) {
			t.Errorf("got %q, want it to say %q", answer, text)
		}
	}
}

// stopped verifies that a failed sync was the last thing that was asked: a second one may be answered with a lie.
func (c faultCase) stopped(t *testing.T, log []operation) {
	t.Helper()
	if !strings.HasPrefix(c.name, "sync error") {
		return
	}
	syncs := slices.DeleteFunc(slices.Clone(log), func(o operation) bool { return o.kind != "sync" })
	want := 1
	if strings.Contains(c.name, "after") {
		want = 2
	}
	if len(syncs) != want || log[len(log)-1].kind != "sync" {
		t.Errorf("the disk was asked for %v", log)
	}
}
