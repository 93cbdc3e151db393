package ldap

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"usher/idp"
)

// isUUID accepts the textual form of RFC 4122 in either letter case, which is what entryUUID and objectGUID look like.
func isUUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		dash := i == 8 || i == 13 || i == 18 || i == 23
		if dash != (s[i] == '-') || !dash && !isHex(s[i]) {
			return false
		}
	}
	return true
}

func isHex(b byte) bool { return b >= '0' && b <= '9' || b >= 'a' && b <= 'f' || b >= 'A' && b <= 'F' }

// guidText returns the canonical form of the 16 bytes of an objectGUID: its first three fields are stored little-endian
// ([MS-DTYP] 2.3.4).
func guidText(raw []byte) (string, bool) {
	if len(raw) != 16 {
		return "", false
	}
	return fmt.Sprintf("%08x-%04x-%04x-%x-%x", binary.LittleEndian.Uint32(raw), binary.LittleEndian.Uint16(raw[4:]),
		binary.LittleEndian.Uint16(raw[6:]), raw[8:10], raw[10:]), true
}

// guidBytes is the other way round.
func guidBytes(text string) ([]byte, bool) {
	if !isUUID(text) {
		return nil, false
	}
	raw, err := hex.DecodeString(strings.ReplaceAll(text, "-", ""))
	if err != nil {
		return nil, false
	}
	for _, field := range [][]byte{raw[:4], raw[4:6], raw[6:8]} {
		for i, j := 0, len(field)-1; i < j; i, j = i+1, j-1 {
			field[i], field[j] = field[j], field[i]
		}
	}
	return raw, true
}

// sid is a security identifier of Windows ([MS-DTYP] 2.4.2).
type sid struct {
	authority uint64
	parts     []uint32
}

func parseSID(raw []byte) (sid, bool) {
	if len(raw) < 8 || raw[0] != 1 || len(raw) != 8+4*int(raw[1]) {
		return sid{}, false
	}
	s := sid{}
	for _, b := range raw[2:8] {
		s.authority = s.authority<<8 | uint64(b)
	}
	for i := range int(raw[1]) {
		s.parts = append(s.parts, binary.LittleEndian.Uint32(raw[8+4*i:]))
	}
	return s, true
}

// bytes is the form in which the directory stores and compares it.
func (s sid) bytes() []byte {
	raw := []byte{1, byte(len(s.parts)), byte(s.authority >> 40), byte(s.authority >> 32), byte(s.authority >> 24), byte(s.authority >> 16), byte(s.authority >> 8), byte(s.authority)}
	for _, part := range s.parts {
		raw = binary.LittleEndian.AppendUint32(raw, part)
	}
	return raw
}

// rid is the last part, which is unique in its domain.
func (s sid) rid() uint32 {
	if len(s.parts) == 0 {
		return 0
	}
	return s.parts[len(s.parts)-1]
}

// sibling is the identifier with another last part.
func (s sid) sibling(rid uint32) (sid, bool) {
	if len(s.parts) == 0 {
		return sid{}, false
	}
	parts := append([]uint32{}, s.parts...)
	parts[len(parts)-1] = rid
	return sid{authority: s.authority, parts: parts}, true
}

func notAnID(op string, kind idp.Kind) error {
	return &idp.Error{Kind: kind, Op: op, Err: errors.New("not an id of this directory")}
}
