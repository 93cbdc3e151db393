package store_test

import (
	"bytes"
	"maps"
	"math/rand/v2"
	"sync"
	"syscall"
)

// A lossyDisk is one folder of files on a disk that keeps its promises and not more: what was synced is safe, everything
// else may be gone, or there in part, when the power fails. It is stricter than common file systems, where syncing a new
// file makes its name durable, too; here only syncing the folder does.
type lossyDisk struct {
	mu    sync.Mutex
	left  int // How many more operations that change something succeed; the one after it meets the power failure.
	off   bool
	names map[string]*lossyFile // As programs see them.
	safe  map[string]*lossyFile // As the last sync of the folder left them.
	moves []lossyMove           // Since then.

	// deny makes single operations fail until the cause is gone. Default: none does.
	deny func(o operation) syscall.Errno
	log  []operation
}

// operation is one thing that is asked of a disk: "read", "write", "size", "sync" or "name".
type operation struct {
	kind string
	at   int64
}

// lossyMove names a file, or takes the name away if file is nil. A rename is one move of two names.
type lossyMove map[string]*lossyFile

type lossyFile struct {
	now, safe image
	since     []lossyWrite // Since the last sync.
}

// image is the contents of a file: bytes, then zeros up to size.
type image struct {
	bytes []byte
	size  int64
}

func (i image) clone() image { return image{bytes.Clone(i.bytes), i.size} }

// read fills b from the offset as far as the file goes.
func (i image) read(b []byte, off int64) []byte {
	b = b[:max(0, min(int64(len(b)), i.size-off))]
	n := 0
	if off < int64(len(i.bytes)) {
		n = copy(b, i.bytes[off:])
	}
	clear(b[n:])
	return b
}

// lossyWrite is a piece of data at its place; without data it sets the size.
type lossyWrite struct {
	at   int64
	data []byte
}

// sector is what a disk writes at once, or, if it is a bad one, not quite at once.
const sector = 512

// lossyDiskOf returns a disk that holds the files safely and whose power fails after so many operations.
func lossyDiskOf(files map[string]image, operations int) *lossyDisk {
	d := &lossyDisk{left: operations, names: map[string]*lossyFile{}}
	for name, content := range files {
		d.names[name] = &lossyFile{now: content.clone(), safe: content.clone()}
	}
	d.safe = maps.Clone(d.names)
	return d
}

// change runs f unless the power is gone. In the operation that meets the power failure f runs, too, but its caller
// hears of an error: whether it counts is left to chance.
func (d *lossyDisk) change(o operation, f func()) syscall.Errno {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.off {
		return syscall.EIO
	}
	if errno := d.denied(o); errno != 0 {
		return errno
	}
	f()
	if d.left--; d.left < 0 {
		d.off = true
		return syscall.EIO
	}
	return 0
}

// denied notes an operation and says whether it fails. The caller holds mu.
func (d *lossyDisk) denied(o operation) syscall.Errno {
	if d.deny == nil {
		return 0
	}
	d.log = append(d.log, o)
	return d.deny(o)
}

func (d *lossyDisk) move(m lossyMove) syscall.Errno {
	return d.change(operation{kind: "name"}, func() {
		m.apply(d.names)
		d.moves = append(d.moves, m)
	})
}

func (m lossyMove) apply(names map[string]*lossyFile) {
	for name, f := range m {
		if names[name] = f; f == nil {
			delete(names, name)
		}
	}
}

// syncNames makes the names durable. The sync that meets the power failure has not ended: nothing is promised.
func (d *lossyDisk) syncNames() syscall.Errno {
	return d.change(operation{kind: "sync"}, func() {
		if d.left > 0 {
			d.safe, d.moves = maps.Clone(d.names), nil
		}
	})
}

func (d *lossyDisk) sync(f *lossyFile) syscall.Errno {
	return d.change(operation{kind: "sync"}, func() {
		if d.left == 0 {
			return
		}
		for _, w := range f.since {
			f.safe = w.apply(f.safe)
		}
		f.since = nil
	})
}

func (d *lossyDisk) write(f *lossyFile, w lossyWrite) syscall.Errno {
	o := operation{"write", w.at}
	if len(w.data) == 0 {
		o.kind = "size"
	}
	return d.change(o, func() {
		f.now = w.apply(f.now)
		f.since = append(f.since, w)
	})
}

func (w lossyWrite) apply(i image) image {
	end := w.at + int64(len(w.data))
	if len(w.data) == 0 {
		if end < int64(len(i.bytes)) {
			i.bytes = i.bytes[:end:end] // What follows must not come back when it grows again.
		}
		i.size = end
		return i
	}
	if grow := end - int64(len(i.bytes)); grow > 0 {
		i.bytes = append(i.bytes, make([]byte, grow)...)
	}
	copy(i.bytes[w.at:], w.data)
	i.size = max(i.size, end)
	return i
}

// survivors is what is found when the power is back. Of each operation that was not synced some parts may be there:
// all, none, or some sectors, even a part of a sector, in any order.
func (d *lossyDisk) survivors(r *rand.Rand) map[string]image {
	d.mu.Lock()
	defer d.mu.Unlock()
	luck := []float64{0, 1, r.Float64()}[r.IntN(3)]
	names := maps.Clone(d.safe)
	for _, m := range d.moves {
		if luck == 1 || luck > 0 && r.IntN(2) == 0 {
			m.apply(names)
		}
	}
	found := map[string]image{}
	for name, f := range names {
		left := f.safe.clone()
		for _, w := range f.since {
			left = w.tear(left, luck, r)
		}
		found[name] = left
	}
	return found
}

// tear applies those parts of a write that chance lets through.
func (w lossyWrite) tear(i image, luck float64, r *rand.Rand) image {
	if len(w.data) == 0 {
		if r.Float64() < luck {
			i = w.apply(i)
		}
		return i
	}
	for start := 0; start < len(w.data); {
		end := min(start+sector-int((w.at+int64(start))%sector), len(w.data))
		piece := w.data[start:end]
		if r.Float64() >= luck {
			piece = piece[:0]
			if luck > 0 && r.IntN(8) == 0 {
				piece = w.data[start : start+r.IntN(end-start)]
			}
		}
		if len(piece) > 0 {
			i = lossyWrite{w.at + int64(start), piece}.apply(i)
		}
		start = end
	}
	return i
}

// has reports whether a file of this name survives for certain.
func (d *lossyDisk) has(name string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.safe[name] != nil
}

// pending reports whether anything would be left to chance.
func (d *lossyDisk) pending() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, f := range d.names {
		if len(f.since) > 0 {
			return true
		}
	}
	return len(d.moves) > 0
}
