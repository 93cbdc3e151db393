package ldapsim

import (
	"encoding/base64"
	"fmt"
	"io"
)

// ldif writes entries (RFC 2849) and keeps the first error.
type ldif struct {
	w   io.Writer
	err error
}

// entry takes attributes and values by turns; empty values are left out.
func (l *ldif) entry(dn string, pairs ...string) {
	l.line("dn", dn)
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			l.line(pairs[i], pairs[i+1])
		}
	}
	l.write("\n")
}

// line writes a value in base64, which fits any text.
func (l *ldif) line(name, value string) {
	l.write("%s:: %s\n", name, base64.StdEncoding.EncodeToString([]byte(value)))
}

func (l *ldif) write(format string, args ...any) {
	if l.err == nil {
		_, l.err = fmt.Fprintf(l.w, format, args...)
	}
}
