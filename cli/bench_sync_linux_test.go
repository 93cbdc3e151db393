package cli_test

import (
	"os"
	"syscall"
	"testing"
)

// datasync brings what was written to the disk as the database does, without the time of the file's last change.
func datasync(f *os.File) error { return syscall.Fdatasync(int(f.Fd())) } //nolint:gosec // A file number.

// chill writes a file to the disk and drops it from memory, so that the next look at it reads the disk.
func chill(b *testing.B, path string) {
	b.Helper()
	f, err := os.Open(path)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	if err := f.Sync(); err != nil {
		b.Fatal(err)
	}
	const dontNeed = 4
	if _, _, errno := syscall.Syscall6(syscall.SYS_FADVISE64, f.Fd(), 0, 0, dontNeed, 0, 0); errno != 0 {
		b.Fatal(errno)
	}
}
