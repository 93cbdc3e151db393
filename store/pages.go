package store

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"

	"go.etcd.io/bbolt"
)

// This file reads the pages of a bbolt file by plain reads. bbolt trusts its file: a damaged page can make it panic, call
// itself without end, or ask for more memory than there is. Whoever has been here before it may trust the file, too.

// The parts of a page, as bbolt writes them in the machine's byte order.
const (
	pageHead     = 16 // Id (8), flags (2), count (2), overflow (4).
	elementSize  = 16 // Leaf: flags, position, key size, value size; branch: position, key size, page (8).
	bucketHead   = 16 // Root page (8), sequence (8).
	metaSize     = 64
	metaSummed   = 56
	metaMagic    = 0xED0CDAED
	metaVersion  = 2
	branchPage   = 0x01
	leafPage     = 0x02
	metaPage     = 0x04
	freelistPage = 0x10
	noFreelist   = ^uint64(0)
	deepest      = 64 // No tree that fits on a disk is deeper.
	largestPage  = 1 << 16
)

// meta is what one of the first two pages says.
type meta struct {
	pageSize                     int
	root, freelist, pages, txnum uint64
}

// parseMeta reads the part of a meta page behind its head; false if it is damaged or something else.
func parseMeta(b []byte) (meta, bool) {
	order := binary.NativeEndian
	if len(b) < metaSize || order.Uint32(b) != metaMagic || order.Uint32(b[4:]) != metaVersion {
		return meta{}, false
	}
	sum := fnv.New64a()
	_, _ = sum.Write(b[:metaSummed])
	m := meta{
		pageSize: int(order.Uint32(b[8:])), root: order.Uint64(b[16:]), freelist: order.Uint64(b[32:]),
		pages: order.Uint64(b[40:]), txnum: order.Uint64(b[48:]),
	}
	return m, sum.Sum64() == order.Uint64(b[metaSummed:])
}

// readMeta returns the meta page in force: the newer one of those that are whole.
func readMeta(file io.ReaderAt) (meta, error) {
	first, ok, err := metaAt(file, 0)
	if err != nil {
		return meta{}, err
	}
	if ok {
		if !first.sized() {
			return first, fmt.Errorf("pages of %d bytes", first.pageSize)
		}
		second, ok, err := metaAt(file, int64(first.pageSize))
		if second.pageSize = first.pageSize; ok && second.txnum > first.txnum {
			first = second
		}
		return first, err
	}
	for size := int64(1024); size <= largestPage; size *= 2 { // Only the first page says how long it is.
		if m, ok, err := metaAt(file, size); ok && m.sized() || err != nil {
			return m, err
		}
	}
	return meta{}, errors.New("both first pages are damaged, or of something else")
}

func (m meta) sized() bool {
	return m.pageSize >= 1024 && m.pageSize <= largestPage && m.pageSize&(m.pageSize-1) == 0
}

func metaAt(file io.ReaderAt, at int64) (meta, bool, error) {
	b := make([]byte, metaSize)
	if _, err := file.ReadAt(b, at+pageHead); err != nil && !errors.Is(err, io.EOF) {
		return meta{}, false, fmt.Errorf("read first pages: %w", err)
	}
	m, ok := parseMeta(b)
	return m, ok, nil
}

// metaOf returns the meta page that a transaction stands on.
func metaOf(b *bbolt.Tx) (meta, error) {
	var head firstPage
	_, _ = b.WriteTo(&head) // It ends with the first page.
	if len(head) < pageHead {
		return meta{}, errors.New("bbolt wrote no first page")
	}
	m, ok := parseMeta(head[pageHead:])
	if !ok {
		return meta{}, errors.New("bbolt wrote a first page of another kind")
	}
	return m, nil
}

// firstPage is a writer that is full after one piece.
type firstPage []byte

func (f *firstPage) Write(p []byte) (int, error) {
	*f = bytes.Clone(p)
	return 0, io.ErrShortWrite
}

// pageWalk follows every page from the root.
type pageWalk struct {
	ctx  context.Context //nolint:containedctx // It lives for one call of checkPages.
	file io.ReaderAt
	meta meta
	seen []bool // By page.
}

// checkPages verifies that the file, of so many bytes, is a sound tree of buckets and that each page is either in it or
// on the list of free pages, once. It returns the first thing that is wrong.
func checkPages(ctx context.Context, file io.ReaderAt, size int64, m meta) error {
	w, err := newWalk(ctx, file, size, m)
	if err != nil {
		return err
	}
	if err := w.bucket(m.root, 0); err != nil {
		return err
	}
	if m.freelist != noFreelist {
		for n, seen := range w.seen {
			if !seen {
				return fmt.Errorf("page %d is neither used nor free", n)
			}
		}
	}
	return nil
}

// checkHeads verifies what the sums of the first two pages leave out, and bbolt goes without unless it checks itself: a
// file that is damaged there can be used, and mends itself with the next commits.
func checkHeads(file io.ReaderAt, m meta) error {
	for n := range 2 {
		b := make([]byte, pageHead)
		if _, err := file.ReadAt(b, int64(n*m.pageSize)); err != nil {
			return fmt.Errorf("read page %d: %w", n, err)
		}
		if id, p := binary.NativeEndian.Uint64(b), parsePage(uint64(n), b); id != p.number || p.flags != metaPage { //nolint:gosec // 0 or 1.
			return fmt.Errorf("page %d says that it is %d of type %#x", n, id, p.flags)
		}
	}
	return nil
}

// checkFreelist is the part of checkPages that reads no data.
func checkFreelist(ctx context.Context, file io.ReaderAt, size int64, m meta) error {
	_, err := newWalk(ctx, file, size, m)
	return err
}

func newWalk(ctx context.Context, file io.ReaderAt, size int64, m meta) (*pageWalk, error) {
	if m.pages < 4 || m.pages > uint64(size)/uint64(m.pageSize) { //nolint:gosec // Neither is negative.
		return nil, fmt.Errorf("the file has %d bytes and should have %d pages of %d", size, m.pages, m.pageSize)
	}
	w := &pageWalk{ctx: ctx, file: file, meta: m, seen: make([]bool, m.pages)}
	w.seen[0], w.seen[1] = true, true
	if m.freelist == noFreelist {
		return w, nil
	}
	p, err := w.page(m.freelist)
	if err != nil {
		return nil, fmt.Errorf("list of free pages: %w", err)
	}
	if p.flags != freelistPage {
		return nil, fmt.Errorf("page %d is no list of free pages", m.freelist)
	}
	return w, w.free(p)
}

// free takes the list of free pages.
func (w *pageWalk) free(p page) error {
	list, count := p.bytes[pageHead:], uint64(p.count) //nolint:gosec // It had two bytes.
	if p.count == 0xFFFF {
		count, list = binary.NativeEndian.Uint64(list), list[8:]
	}
	if count > uint64(len(list))/8 {
		return fmt.Errorf("the list of %d free pages is longer than its page", count)
	}
	for i := range count {
		if err := w.take(binary.NativeEndian.Uint64(list[8*i:])); err != nil {
			return fmt.Errorf("free page: %w", err)
		}
	}
	return nil
}

// take notes that a page was met.
func (w *pageWalk) take(n uint64) error {
	if n >= uint64(len(w.seen)) {
		return fmt.Errorf("page %d is behind the end", n)
	}
	if w.seen[n] {
		return fmt.Errorf("page %d is used twice", n)
	}
	w.seen[n] = true
	return nil
}

// page is one page with those that continue it.
type page struct {
	number       uint64
	flags, count int
	bytes        []byte
}

func (w *pageWalk) page(n uint64) (page, error) {
	if w.ctx.Err() != nil {
		return page{}, context.Cause(w.ctx)
	}
	if err := w.take(n); err != nil {
		return page{}, err
	}
	b := make([]byte, w.meta.pageSize)
	at := int64(n) * int64(w.meta.pageSize) //nolint:gosec // Within the file.
	if _, err := w.file.ReadAt(b, at); err != nil {
		return page{}, fmt.Errorf("read page %d: %w", n, err)
	}
	more := uint64(binary.NativeEndian.Uint32(b[12:]))
	if id := binary.NativeEndian.Uint64(b); id != n || more >= uint64(len(w.seen))-n {
		return page{}, fmt.Errorf("page %d says that it is %d and has %d more", n, id, more)
	}
	for i := range more {
		if err := w.take(n + 1 + i); err != nil {
			return page{}, err
		}
	}
	if more > 0 {
		b = append(b, make([]byte, more*uint64(w.meta.pageSize))...)
		if _, err := w.file.ReadAt(b, at); err != nil {
			return page{}, fmt.Errorf("read page %d: %w", n, err)
		}
	}
	return parsePage(n, b), nil
}

func parsePage(n uint64, b []byte) page {
	return page{n, int(binary.NativeEndian.Uint16(b[8:])), int(binary.NativeEndian.Uint16(b[10:])), b}
}

// bucket follows the tree of one bucket.
func (w *pageWalk) bucket(root uint64, depth int) error {
	return w.tree(root, nil, nil, depth)
}

// tree follows a page and what is below it. Its keys must be at or above low, and below high if that is not nil.
func (w *pageWalk) tree(n uint64, low, high []byte, depth int) error {
	if depth > deepest {
		return fmt.Errorf("page %d is too deep", n)
	}
	p, err := w.page(n)
	if err != nil {
		return err
	}
	switch {
	case p.flags == leafPage:
		return w.leaf(p, low, high, depth)
	case p.flags != branchPage || p.count == 0:
		return fmt.Errorf("page %d is no page of a tree (type %#x, %d entries)", n, p.flags, p.count)
	}
	keys, children := make([][]byte, p.count), make([]uint64, p.count)
	for i := range p.count {
		e, err := p.element(i)
		if err != nil {
			return err
		}
		keys[i], _, err = p.cut(i, binary.NativeEndian.Uint32(e), binary.NativeEndian.Uint32(e[4:]), 0)
		if err != nil {
			return err
		}
		children[i] = binary.NativeEndian.Uint64(e[8:])
	}
	if err := p.ordered(keys, low, high); err != nil {
		return err
	}
	for i, child := range children {
		end := high
		if i+1 < len(keys) {
			end = keys[i+1]
		}
		if err := w.tree(child, keys[i], end, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// leaf verifies a page of keys and values, and follows the buckets in it.
func (w *pageWalk) leaf(p page, low, high []byte, depth int) error {
	keys := make([][]byte, p.count)
	for i := range p.count {
		e, err := p.element(i)
		if err != nil {
			return err
		}
		var value []byte
		order := binary.NativeEndian
		if keys[i], value, err = p.cut(i, order.Uint32(e[4:]), order.Uint32(e[8:]), order.Uint32(e[12:])); err != nil {
			return err
		}
		switch order.Uint32(e) {
		case 0:
			continue
		case 1:
			err = w.nested(p.number, value, depth)
		default:
			err = fmt.Errorf("page %d: entry %d is of no known type", p.number, i)
		}
		if err != nil {
			return err
		}
	}
	return p.ordered(keys, low, high)
}

// nested follows a bucket that is the value of a key. A small one is a page within the value.
func (w *pageWalk) nested(in uint64, value []byte, depth int) error {
	if len(value) < bucketHead {
		return fmt.Errorf("page %d: a bucket is cut off", in)
	}
	if root := binary.NativeEndian.Uint64(value); root != 0 {
		return w.bucket(root, depth+1)
	}
	if len(value) < bucketHead+pageHead {
		return fmt.Errorf("page %d: a small bucket is cut off", in)
	}
	p := parsePage(in, value[bucketHead:])
	if p.flags != leafPage || depth > deepest {
		return fmt.Errorf("page %d: a small bucket is damaged", in)
	}
	return w.leaf(p, nil, nil, depth+1)
}

func (p page) element(i int) ([]byte, error) {
	at := pageHead + i*elementSize
	if at+elementSize > len(p.bytes) {
		return nil, fmt.Errorf("page %d: entry %d of %d does not fit", p.number, i, p.count)
	}
	return p.bytes[at : at+elementSize], nil
}

// cut returns key and value, which begin position bytes behind the start of element i.
func (p page) cut(i int, position, key, value uint32) (k, v []byte, err error) {
	start := uint64(pageHead+i*elementSize) + uint64(position) //nolint:gosec // Not negative.
	middle, end := start+uint64(key), start+uint64(key)+uint64(value)
	if end > uint64(len(p.bytes)) || position < elementSize {
		return nil, nil, fmt.Errorf("page %d: entry %d lies outside", p.number, i)
	}
	return p.bytes[start:middle], p.bytes[middle:end], nil
}

func (p page) ordered(keys [][]byte, low, high []byte) error {
	for i, k := range keys {
		before := low
		if i > 0 {
			before = keys[i-1]
		}
		c := bytes.Compare(k, before)
		if len(k) == 0 || c < 0 || i > 0 && c == 0 || high != nil && bytes.Compare(k, high) >= 0 {
			return fmt.Errorf("page %d: key %d is out of order", p.number, i)
		}
	}
	return nil
}
