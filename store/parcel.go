package store

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"strconv"
	"sync"

	"usher/access"
)

// A parcel is stored as: its format (one byte), a checksum of the rest as it is before compression (4 bytes), the number
// of hashes (uvarint), the hashes (32 bytes each; they cannot be compressed), the length of the text (uvarint), the text,
// compressed. The text is: for each sealable record its length plus one (uvarint; 0 if there is none) and the record as
// it is stored loose; then the events, each ended by a line feed.
//
// Of an event the text leaves out what follows from its place: request, number, the hash of the event before, and its
// hash, which is the next one of the list. An event that does not begin and end as the core writes it is kept whole.

// parcelFormat is the format with the dictionary of this version. A change of either needs a new number, and the old one
// stays readable for ever.
const parcelFormat = 1

const (
	hashSize = 32
	// ratio is more than flate can make of a byte.
	ratio = 1100
)

// parcel is what is sealed together. The slices are not to be altered.
type parcel struct {
	records [2][]byte // As stored loose, in the order of sealable; nil if there is none.
	events  [][]byte  // As stored loose.
}

// press packs and unpacks parcels. Unpacking may happen at several places at once, packing may not.
type press struct {
	readers sync.Pool
	writer  *flate.Writer // Made when it is first needed.
}

// eventHead is how the core begins an event.
func eventHead(id access.RequestID, seq int) ([]byte, error) {
	name, err := encode(id)
	if err != nil {
		return nil, err
	}
	b := append([]byte(`{"request":`), name...)
	b = strconv.AppendInt(append(b, `,"seq":`...), int64(seq), 10)
	return append(b, ','), nil
}

// eventTail is how the core ends an event, up to its hash; prev is empty for the first.
func eventTail(prev []byte) []byte {
	if prev == nil {
		return []byte(`,"hash":"`)
	}
	b := append([]byte(`,"prev":"`), prev...)
	return append(b, `","hash":"`...)
}

const eventEnd = `"}`

// strip takes off what follows from the place; nil if the event is not as the core writes it.
func strip(raw, head, tail []byte) (middle, hash []byte) {
	size := len(raw) - len(eventEnd) - 2*hashSize
	if size < len(head)+len(tail) || !bytes.HasPrefix(raw, head) || !bytes.HasSuffix(raw, []byte(eventEnd)) {
		return nil, nil
	}
	digits := raw[size : len(raw)-len(eventEnd)]
	if !bytes.HasSuffix(raw[:size], tail) || bytes.ContainsFunc(digits, func(r rune) bool { return r < '0' || r > '9' && r < 'a' || r > 'f' }) {
		return nil, nil
	}
	middle = raw[len(head) : size-len(tail)]
	if len(middle) == 0 || middle[0] == '{' {
		return nil, nil // It would be taken for a whole one.
	}
	return middle, digits
}

// pack makes a parcel what is stored.
func (p *press) pack(id access.RequestID, c parcel) ([]byte, error) {
	var text, hashes []byte
	for _, r := range c.records {
		if r == nil {
			text = append(text, 0)
			continue
		}
		text = binary.AppendUvarint(text, uint64(len(r))+1)
		text = append(text, r...)
	}
	var prev []byte
	for i, raw := range c.events {
		if bytes.IndexByte(raw, '\n') >= 0 || len(raw) == 0 || raw[0] != '{' {
			return nil, errDamagedEvent
		}
		head, err := eventHead(id, i+1)
		if err != nil {
			return nil, err
		}
		middle, hash := strip(raw, head, eventTail(prev))
		if prev = hash; hash == nil {
			middle = raw
		} else if hashes, err = hex.AppendDecode(hashes, hash); err != nil {
			return nil, fmt.Errorf("event %d: %w", i+1, err)
		}
		text = append(append(text, middle...), '\n')
	}
	out := append([]byte{parcelFormat}, checksum(hashes, text)...)
	out = append(binary.AppendUvarint(out, uint64(len(hashes)/hashSize)), hashes...)
	return p.squeeze(binary.AppendUvarint(out, uint64(len(text))), text)
}

func checksum(parts ...[]byte) []byte {
	sum := uint32(0)
	for _, b := range parts {
		sum = crc32.Update(sum, crc32.MakeTable(crc32.Castagnoli), b)
	}
	return binary.BigEndian.AppendUint32(nil, sum)
}

// squeeze appends the text, compressed.
func (p *press) squeeze(to, text []byte) ([]byte, error) {
	out := bytes.NewBuffer(to)
	if p.writer == nil {
		w, err := flate.NewWriterDict(out, 6, []byte(dictionary))
		if err != nil {
			return nil, fmt.Errorf("compress: %w", err)
		}
		p.writer = w
	} else {
		p.writer.Reset(out)
	}
	_, err := p.writer.Write(text)
	if err := errors.Join(err, p.writer.Close()); err != nil {
		return nil, fmt.Errorf("compress: %w", err)
	}
	return out.Bytes(), nil
}

// unpack is the way back. What it returns shares no memory with raw.
func (p *press) unpack(id access.RequestID, raw []byte) (parcel, error) {
	if len(raw) < 5 {
		return parcel{}, errParcel
	}
	if raw[0] != parcelFormat {
		return parcel{}, fmt.Errorf("a parcel of the unknown format %d", raw[0])
	}
	sum, rest := raw[1:5], raw[5:]
	n, used := binary.Uvarint(rest)
	if used <= 0 || n > uint64(len(rest)-used)/hashSize { //nolint:gosec // used is at most the length.
		return parcel{}, errParcel
	}
	hashes := rest[used : used+int(n)*hashSize] //nolint:gosec // Checked above.
	rest = rest[used+len(hashes):]
	size, used := binary.Uvarint(rest)
	if used <= 0 || size > ratio*uint64(len(rest)) {
		return parcel{}, errParcel
	}
	text, err := p.expand(rest[used:], int(size)) //nolint:gosec // Checked above.
	if err != nil {
		return parcel{}, err
	}
	if !bytes.Equal(sum, checksum(hashes, text)) {
		return parcel{}, errParcel
	}
	return restoreParcel(id, text, hashes)
}

// expand undoes squeeze.
func (p *press) expand(b []byte, size int) ([]byte, error) {
	in := bytes.NewReader(b)
	r, _ := p.readers.Get().(io.Reader)
	if r == nil {
		r = flate.NewReaderDict(in, []byte(dictionary))
	} else if err := r.(flate.Resetter).Reset(in, []byte(dictionary)); err != nil {
		return nil, fmt.Errorf("%w: %w", errParcel, err)
	}
	defer p.readers.Put(r)
	text := make([]byte, size)
	if _, err := io.ReadFull(r, text); err != nil {
		return nil, fmt.Errorf("%w: %w", errParcel, err)
	}
	return text, nil
}

// restoreParcel takes the text apart.
func restoreParcel(id access.RequestID, text, hashes []byte) (parcel, error) {
	var c parcel
	for i := range c.records {
		n, used := binary.Uvarint(text)
		if used <= 0 || n > uint64(len(text)-used)+1 { //nolint:gosec // used is at most the length.
			return parcel{}, errParcel
		}
		text = text[used:]
		if n > 0 {
			c.records[i], text = text[:n-1:n-1], text[n-1:]
		}
	}
	var prev []byte
	for line := range bytes.Lines(text) {
		middle := line[:len(line)-1]
		if len(middle) > 0 && middle[0] == '{' {
			c.events, prev = append(c.events, middle[:len(middle):len(middle)]), nil
			continue
		}
		if len(hashes) < hashSize {
			return parcel{}, errParcel
		}
		raw, err := eventHead(id, len(c.events)+1)
		if err != nil {
			return parcel{}, err
		}
		raw = append(append(raw, middle...), eventTail(prev)...)
		prev = hex.AppendEncode(nil, hashes[:hashSize])
		hashes = hashes[hashSize:]
		c.events = append(c.events, append(append(raw, prev...), eventEnd...))
	}
	if len(hashes) > 0 {
		return parcel{}, errParcel
	}
	return c, nil
}
