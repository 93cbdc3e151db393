package cli

import (
	"errors"
	"fmt"
	"strings"

	"usher/catalog"
)

// problem is one thing that is wrong with the settings or the catalog, with what to do about it.
type problem struct {
	about     string // slack, jira, okta or catalog; empty if it is about none of them.
	text, fix string
}

// Error returns text and fix in one line.
func (p *problem) Error() string {
	if p.fix == "" {
		return p.text
	}
	return p.text + "; " + p.fix
}

// problemsIn takes joined errors apart. What has no fix of its own gets none.
func problemsIn(err error) []*problem {
	if err == nil {
		return nil
	}
	var list []*problem
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range many.Unwrap() {
			list = append(list, problemsIn(e)...)
		}
		return list
	}
	if around := errors.Unwrap(err); around != nil {
		if _, many := around.(interface{ Unwrap() []error }); many {
			return parted(err, around)
		}
	}
	var p *problem
	if errors.As(err, &p) {
		return []*problem{p}
	}
	var wrong catalog.Problems
	if !errors.As(err, &wrong) {
		return []*problem{{text: err.Error()}}
	}
	for _, w := range wrong {
		fix := w.Fix
		w.Fix = ""
		list = append(list, &problem{"catalog", w.String(), fix})
	}
	return list
}

// parted takes apart what stands around several errors: each keeps the words before them.
func parted(err, inner error) []*problem {
	before, _ := strings.CutSuffix(err.Error(), inner.Error())
	list := problemsIn(inner)
	for i, p := range list {
		list[i] = &problem{p.about, before + p.text, p.fix}
	}
	return list
}

// about says of every problem in an error what it is about. It is nil if there is none. The parts say what to do after a
// semicolon, or leave it to the example.
func about(what string, err error) error {
	var list []error
	for _, p := range problemsIn(err) {
		p.about = what
		if text, fix, ok := strings.Cut(p.text, "; "); ok && p.fix == "" {
			p.text, p.fix = text, fix
		}
		if p.fix == "" {
			p.fix = "correct it in the settings; usher serve -example shows how"
		}
		list = append(list, p)
	}
	return errors.Join(list...)
}

// count writes a number with its noun: "1 check", "2 checks".
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
