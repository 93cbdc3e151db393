package catalog

import (
	"fmt"
	"strings"
)

// Problem is one thing to fix in a catalog file.
type Problem struct {
	File    string // as given in Source.Name
	Line    int    // from 1; 0 when the file as a whole is meant
	Column  int    // from 1; 0 when unknown
	Path    string // e.g. "apps[0].entitlements[1].risk"; empty for the whole file
	Message string // what is wrong
	Fix     string // what to do about it; may be empty
}

// String returns "file:line:col: path: message. Fix: …".
func (p Problem) String() string {
	var b strings.Builder
	b.WriteString(p.File)
	if p.Line > 0 {
		fmt.Fprintf(&b, ":%d", p.Line)
		if p.Column > 0 {
			fmt.Fprintf(&b, ":%d", p.Column)
		}
	}
	b.WriteString(": ")
	if p.Path != "" {
		b.WriteString(p.Path + ": ")
	}
	b.WriteString(p.Message)
	if p.Fix != "" {
		b.WriteString(". Fix: " + p.Fix)
	}
	return b.String()
}

// Problems are all that is wrong with a catalog, in the order of the files and their lines. Parse and Load return it as their error.
type Problems []Problem

// Error prints one problem per line.
func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}
