package ldap

import (
	"strconv"
	"strings"
	"time"
)

// filetimeEpoch is how many seconds 1601 is before 1970; Windows counts 100 ns since then ([MS-DTYP] 2.3.3).
const filetimeEpoch = 11_644_473_600

// parseFiletime reads a time of Windows. 0 and the largest number both mean never; ok is false for them and for what is no time.
func parseFiletime(text string) (time.Time, bool) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n <= 0 || n == 1<<63-1 {
		return time.Time{}, false
	}
	return time.Unix(n/10_000_000-filetimeEpoch, n%10_000_000*100).UTC(), true
}

// parseGeneralizedTime reads the forms of RFC 4517, 3.3.13 that directories write: with seconds or not, with a fraction or
// not, in UTC or with an offset.
func parseGeneralizedTime(text string) (time.Time, bool) {
	text = strings.Replace(text, ",", ".", 1)
	for _, layout := range []string{"20060102150405Z0700", "20060102150405.999999999Z0700", "200601021504Z0700", "2006010215Z0700"} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}
