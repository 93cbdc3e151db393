package access

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/binary"
	"time"
)

// RequestID names one request. It sorts by time of creation, is unguessable (80 random bits) and safe in URLs, labels
// and file names.
type RequestID string

// GrantID names one grant. The grant of a request carries the same text as the request's id.
type GrantID string

// SlackID is a person's id in Slack. One person may own several.
type SlackID string

// AccountID is a person's account id in Jira.
type AccountID string

// newRequestID returns 26 characters: 48 bits of milliseconds, then 80 random bits, in lower-case base32 whose
// alphabet sorts like the bytes.
func newRequestID(now time.Time) RequestID {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], uint64(now.UnixMilli())<<16) //nolint:gosec // Time before 1970 does not occur.
	_, _ = rand.Read(b[6:])                                        // Never fails since Go 1.24.
	enc := base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)
	return RequestID(enc.EncodeToString(b[:]))
}
