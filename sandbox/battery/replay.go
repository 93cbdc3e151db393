package battery

import (
	"flag"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"
)

// pattern is what -run asks of the name of an entry. Several parts are alternatives.
type pattern []*regexp.Regexp

// filter returns what -run asks of the entries of a test; false if it asks nothing. It reads -run as package testing does:
// alternatives between bars, each with one expression for each level of names between slashes.
func filter(test string) (match pattern, ok bool) {
	run := flag.Lookup("test.run")
	if run == nil {
		return nil, false
	}
	names := strings.Split(test, "/")
	for _, alternative := range cut(run.Value.String(), '|') {
		levels := cut(alternative, '/')
		fits := true
		for i := range min(len(names), len(levels)) {
			re, err := regexp.Compile(underscored(levels[i]))
			fits = fits && err == nil && re.MatchString(names[i])
		}
		if !fits {
			continue
		}
		if len(levels) <= len(names) {
			return nil, false // The whole test is asked for.
		}
		if re, err := regexp.Compile(underscored(levels[len(names)])); err == nil {
			match = append(match, re)
		}
	}
	return match, len(match) > 0
}

// cut cuts an expression where a separator stands outside brackets.
func cut(expression string, at byte) (parts []string) {
	start, square, round := 0, 0, 0
	for i := 0; i < len(expression); i++ {
		switch c := expression[i]; {
		case c == '\\':
			i++
		case c == '[':
			square++
		case c == ']':
			square = max(0, square-1)
		case c == '(' && square == 0:
			round++
		case c == ')' && square == 0:
			round--
		case c == at && square == 0 && round == 0:
			parts = append(parts, expression[start:i])
			start = i + 1
		}
	}
	return append(parts, expression[start:])
}

// underscored is a name, or an expression for it, as package testing writes it.
func underscored(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return '_'
		}
		return r
	}, s)
}

func matching(list []string, match pattern) (out []string) {
	for _, entry := range list {
		for _, re := range match {
			if re.MatchString(underscored(entry)) {
				out = append(out, entry)
				break
			}
		}
	}
	return out
}

// number is the one number that the pattern stands for.
func (p pattern) number() (string, bool) {
	n := strings.TrimSuffix(strings.TrimPrefix(p[0].String(), "^"), "$")
	return n, len(p) == 1 && n != "" && strings.Trim(n, "0123456789") == ""
}

// letters is the one name that the pattern spells out as command does.
func (p pattern) letters() (string, bool) {
	quoted := strings.TrimSuffix(strings.TrimPrefix(p[0].String(), "^"), "$")
	name := strings.ReplaceAll(quoted, `\`, "")
	return name, len(p) == 1 && p[0].String() == "^"+regexp.QuoteMeta(name)+"$"
}

// Alone has a test that is one single case print the command that plays it again if it fails, as Play does for each entry.
func Alone(t *testing.T) {
	t.Helper()
	here := directory(t)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("replay: %s", command(here, t.Name()))
		}
	})
}

// command is the whole command that plays one entry of a test again, from the root of the module.
func command(here, name string) string {
	var words []string
	if Nightly() {
		words = append(words, "USHER_BATTERY=nightly")
	}
	if zone := os.Getenv("TZ"); zone != "" {
		words = append(words, "TZ="+zone)
	}
	if seed := os.Getenv("USHER_SEED"); seed != "" && seed != "random" {
		words = append(words, "USHER_SEED="+seed)
	}
	words = append(words, "go test -count=1")
	if race {
		words = append(words, "-race")
	}
	var levels []string
	for level := range strings.SplitSeq(name, "/") {
		levels = append(levels, "^"+regexp.QuoteMeta(level)+"$")
	}
	run := "'" + strings.ReplaceAll(strings.Join(levels, "/"), "'", `'\''`) + "'"
	return strings.Join(append(words, "-run", run, here), " ")
}

// directory is where the test's package lies in the module, as "./cli".
func directory(t *testing.T) string {
	t.Helper()
	at, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	below := "."
	for at != filepath.Dir(at) {
		if _, err := os.Stat(filepath.Join(at, "go.mod")); err == nil {
			return "./" + below
		}
		at, below = filepath.Dir(at), path.Join(filepath.Base(at), below)
	}
	t.Fatal("no go.mod above this folder")
	return ""
}
