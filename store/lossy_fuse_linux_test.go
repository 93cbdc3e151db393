package store_test

import (
	"context"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
)

// lossyMount shows lossy disks as folders of a real file system, so that a program can map its files into memory. The
// program must be another process: a page fault that waits for this very process can wait for ever.
type lossyMount struct {
	root *fs.Inode
	path string
}

// mountLossy mounts an empty file system until the test ends; without FUSE the test is skipped.
func mountLossy(t *testing.T) *lossyMount {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("Needs root and FUSE: the failing disk is a FUSE file system, which only root can mount here.")
	}
	path, forever, root := t.TempDir(), time.Hour, &fs.Inode{}
	server, err := fs.Mount(path, root, &fs.Options{
		EntryTimeout: &forever, AttrTimeout: &forever, MountOptions: fuse.MountOptions{DirectMountStrict: true, FsName: "lossy", MaxReadAhead: 4096},
	})
	if err != nil {
		t.Skipf("Needs root and FUSE: the failing disk is a FUSE file system, which cannot be mounted here: %v.", err)
	}
	t.Cleanup(func() {
		if err := server.Unmount(); err != nil {
			t.Errorf("unmount: %v", err)
		}
		server.Wait()
	})
	return &lossyMount{root, path}
}

// add shows a disk as a folder and returns its path.
func (m *lossyMount) add(name string, d *lossyDisk) string {
	ctx := context.Background()
	folder := m.root.NewPersistentInode(ctx, &lossyFolder{disk: d}, fs.StableAttr{Mode: syscall.S_IFDIR})
	for name, f := range d.names {
		folder.AddChild(name, folder.NewInode(ctx, &lossyNode{disk: d, file: f}, fs.StableAttr{}), true)
	}
	m.root.AddChild(name, folder, true)
	return filepath.Join(m.path, name)
}

type lossyFolder struct {
	fs.Inode
	disk *lossyDisk
}

var (
	_ fs.NodeCreater  = (*lossyFolder)(nil)
	_ fs.NodeLinker   = (*lossyFolder)(nil)
	_ fs.NodeUnlinker = (*lossyFolder)(nil)
	_ fs.NodeRenamer  = (*lossyFolder)(nil)
	_ fs.NodeFsyncer  = (*lossyFolder)(nil)
)

func (d *lossyFolder) Create(ctx context.Context, name string, _, _ uint32, out *fuse.EntryOut) (*fs.Inode, fs.FileHandle, uint32, syscall.Errno) {
	f := &lossyFile{}
	if errno := d.disk.move(lossyMove{name: f}); errno != 0 {
		return nil, nil, 0, errno
	}
	node := &lossyNode{disk: d.disk, file: f}
	node.attr(&out.Attr)
	return d.NewInode(ctx, node, fs.StableAttr{}), nil, 0, 0
}

func (d *lossyFolder) Link(_ context.Context, target fs.InodeEmbedder, name string, out *fuse.EntryOut) (*fs.Inode, syscall.Errno) {
	node := target.(*lossyNode)
	if d.GetChild(name) != nil {
		return nil, syscall.EEXIST
	}
	node.attr(&out.Attr)
	return node.EmbeddedInode(), d.disk.move(lossyMove{name: node.file})
}

func (d *lossyFolder) Unlink(_ context.Context, name string) syscall.Errno {
	return d.disk.move(lossyMove{name: nil})
}

func (d *lossyFolder) Rename(_ context.Context, name string, _ fs.InodeEmbedder, to string, flags uint32) syscall.Errno {
	if flags != 0 {
		return syscall.EINVAL
	}
	return d.disk.move(lossyMove{name: nil, to: d.GetChild(name).Operations().(*lossyNode).file})
}

func (d *lossyFolder) Fsync(context.Context, fs.FileHandle, uint32) syscall.Errno {
	return d.disk.syncNames()
}

type lossyNode struct {
	fs.Inode
	disk *lossyDisk
	file *lossyFile
}

var (
	_ fs.NodeOpener    = (*lossyNode)(nil)
	_ fs.NodeReader    = (*lossyNode)(nil)
	_ fs.NodeWriter    = (*lossyNode)(nil)
	_ fs.NodeFsyncer   = (*lossyNode)(nil)
	_ fs.NodeSetattrer = (*lossyNode)(nil)
	_ fs.NodeGetattrer = (*lossyNode)(nil)
	_ fs.NodeFlusher   = (*lossyNode)(nil)
)

func (n *lossyNode) attr(out *fuse.Attr) {
	n.disk.mu.Lock()
	defer n.disk.mu.Unlock()
	out.Mode, out.Size, out.Nlink = syscall.S_IFREG|0o600, uint64(n.file.now.size), 1 //nolint:gosec // Not negative.
}

func (n *lossyNode) Open(context.Context, uint32) (fs.FileHandle, uint32, syscall.Errno) {
	return nil, fuse.FOPEN_KEEP_CACHE, 0
}

func (n *lossyNode) Flush(context.Context, fs.FileHandle) syscall.Errno { return 0 }

func (n *lossyNode) Getattr(_ context.Context, _ fs.FileHandle, out *fuse.AttrOut) syscall.Errno {
	n.attr(&out.Attr)
	return 0
}

// Setattr takes note of sizes only.
func (n *lossyNode) Setattr(_ context.Context, _ fs.FileHandle, in *fuse.SetAttrIn, out *fuse.AttrOut) (errno syscall.Errno) {
	if size, ok := in.GetSize(); ok {
		errno = n.disk.write(n.file, lossyWrite{at: int64(size)}) //nolint:gosec // No file is that large.
	}
	n.attr(&out.Attr)
	return errno
}

// Read works even without power: a process whose pages cannot be read dies before it notices that writes fail.
func (n *lossyNode) Read(_ context.Context, _ fs.FileHandle, dest []byte, off int64) (fuse.ReadResult, syscall.Errno) {
	n.disk.mu.Lock()
	defer n.disk.mu.Unlock()
	if errno := n.disk.denied(operation{"read", off}); errno != 0 {
		return nil, errno
	}
	return fuse.ReadResultData(n.file.now.read(dest, off)), 0
}

func (n *lossyNode) Write(_ context.Context, _ fs.FileHandle, data []byte, off int64) (uint32, syscall.Errno) {
	if errno := n.disk.write(n.file, lossyWrite{off, append([]byte{}, data...)}); errno != 0 {
		return 0, errno
	}
	return uint32(len(data)), 0 //nolint:gosec // At most what one request holds.
}

func (n *lossyNode) Fsync(context.Context, fs.FileHandle, uint32) syscall.Errno {
	return n.disk.sync(n.file)
}

// forget drops what the system remembers of a file's contents, so that the next look at it asks the disk.
func (m *lossyMount) forget(t *testing.T, path string) {
	t.Helper()
	node := m.root.GetChild(filepath.Base(filepath.Dir(path))).GetChild(filepath.Base(path))
	if errno := node.NotifyContent(0, 0); errno != 0 {
		t.Fatalf("forget %s: %v", path, errno)
	}
}
