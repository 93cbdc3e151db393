package slacksim

import (
	"bufio"
	"encoding/binary"
	"net"
	"net/http"
)

// frameWatch reads along on a socket and remembers which messages came in more than one frame,
// because Slack does not count those and the WebSocket library hides the difference.
// Only the goroutine that reads the socket uses it.
type frameWatch struct {
	net.Conn
	head     []byte // header of the frame being read
	skip     uint64 // payload bytes still to pass
	split    bool   // the message being read came in pieces so far
	messages []bool // finished headers of messages not yet asked for: true means fragmented
}

// Read implements net.Conn.
func (f *frameWatch) Read(p []byte) (int, error) {
	n, err := f.Conn.Read(p)
	f.feed(p[:n])
	return n, err
}

func (f *frameWatch) feed(p []byte) {
	for len(p) > 0 {
		if f.skip > 0 {
			n := min(f.skip, uint64(len(p)))
			f.skip -= n
			p = p[n:]
			continue
		}
		f.head = append(f.head, p[0])
		p = p[1:]
		if size, ok := headerSize(f.head); ok && len(f.head) == size {
			f.frame()
		}
	}
}

// headerSize tells how long the header is, once its first two bytes are there.
func headerSize(h []byte) (int, bool) {
	if len(h) < 2 {
		return 0, false
	}
	size := 2
	switch h[1] & 0x7f {
	case 126:
		size += 2
	case 127:
		size += 8
	}
	if h[1]&0x80 != 0 {
		size += 4
	}
	return size, true
}

func (f *frameWatch) frame() {
	h := f.head
	switch n := h[1] & 0x7f; n {
	case 126:
		f.skip = uint64(binary.BigEndian.Uint16(h[2:]))
	case 127:
		f.skip = binary.BigEndian.Uint64(h[2:])
	default:
		f.skip = uint64(n)
	}
	last, opcode := h[0]&0x80 != 0, h[0]&0x0f
	f.head = f.head[:0]
	if opcode >= 8 {
		return // control frames may come between the pieces
	}
	if !last {
		f.split = true
		return
	}
	f.messages = append(f.messages, f.split || opcode == 0)
	f.split = false
}

// next tells whether the message that was just read came in pieces.
func (f *frameWatch) next() bool {
	if len(f.messages) == 0 {
		return false
	}
	split := f.messages[0]
	f.messages = f.messages[1:]
	return split
}

// watchedWriter puts a frameWatch under a connection when it is hijacked.
type watchedWriter struct {
	http.ResponseWriter
	watch *frameWatch
}

// Hijack implements http.Hijacker.
func (w *watchedWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	c, rw, err := http.NewResponseController(w.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	w.watch.Conn = c
	return w.watch, rw, nil
}
