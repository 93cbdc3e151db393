package store

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.etcd.io/bbolt"
)

// sep ends every part of a key but the last, so no such part may contain it.
const sep = "\x00"

// longest is how many bytes a key may have; a number may still come before or after.
const longest = bbolt.MaxKeySize - 32

// keyOf joins parts. None may be empty, and none but the last may contain NUL.
func keyOf(parts ...string) ([]byte, error) {
	for i, p := range parts {
		if p == "" {
			return nil, fmt.Errorf("key %q: a part is empty", parts)
		}
		if i < len(parts)-1 && strings.Contains(p, sep) {
			return nil, fmt.Errorf("key %q: a part contains NUL", parts)
		}
	}
	key := strings.Join(parts, sep)
	if len(key) > longest {
		return nil, fmt.Errorf("key %.40q…: %d bytes are more than the %d that fit", key, len(key), longest)
	}
	return []byte(key), nil
}

// number encodes n so that the bytes sort like the numbers.
func number(n int64) []byte {
	return binary.BigEndian.AppendUint64(nil, uint64(n)^(1<<63)) //nolint:gosec // Reinterpreting the bits is the point.
}

// instantSize is the length of an encoded time.
const instantSize = 12

// instant encodes t, of any year, so that the bytes sort like the times: seconds since 1970, then nanoseconds.
func instant(t time.Time) []byte {
	return binary.BigEndian.AppendUint32(number(t.Unix()), uint32(t.Nanosecond())) //nolint:gosec // Below a billion.
}

// dueKey places a timer: time, then id.
func dueKey(at time.Time, id string) []byte { return append(instant(at), id...) }

// orderKey places an effect: priority, rank from high to low, due time, id.
func orderKey(priority, rank int, due time.Time, id string) []byte {
	return slices.Concat(number(int64(priority)), number(^int64(rank)), instant(due), []byte(id))
}

// after is the first possible key behind key.
func after(key []byte) []byte { return append(bytes.Clone(key), 0) }
