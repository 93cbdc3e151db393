package cli

import (
	"fmt"
	"slices"
	"strings"
)

// finding is one line of the doctor, and of the checks at the start.
type finding struct {
	subject string
	mark    mark
	detail  string
	fix     string
}

// mark says what a check came to.
type mark string

const (
	well    mark = "ok  "
	fails   mark = "FAIL"
	skipped mark = "skip" // Not checked, because of something that is said elsewhere.
	notable mark = "note" // Nothing is wrong, but somebody should look.
)

func judged(ok bool) mark {
	if ok {
		return well
	}
	return fails
}

// shown is how many of many alike are named.
const shown = 5

// merged makes one finding of the failures that one fix mends, where the first of them was, and likewise of the notes.
func merged(list []finding) []finding {
	var out []finding
	at := map[string]int{}
	same := map[int][]finding{}
	for _, f := range list {
		i, known := at[f.fix]
		joins := f.mark == fails || f.mark == notable
		if !joins || f.fix == "" || !known {
			if joins {
				at[f.fix] = len(out)
			}
			i = len(out)
			out = append(out, f)
		}
		same[i] = append(same[i], f)
	}
	for i, all := range same {
		if len(all) == 1 {
			continue
		}
		var subjects, details []string
		for _, f := range all {
			subjects = append(subjects, f.subject)
			if !slices.Contains(details, f.detail) {
				details = append(details, f.detail)
			}
		}
		out[i].subject, out[i].detail = few(subjects, ", "), few(details, "; ")
	}
	return out
}

// few joins the first of a list and counts the rest.
func few(list []string, sep string) string {
	if len(list) <= shown {
		return strings.Join(list, sep)
	}
	return strings.Join(list[:shown], sep) + fmt.Sprintf(" and %d more", len(list)-shown)
}
