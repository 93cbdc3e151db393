package catalog

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// maxProblems bounds what one Parse reports, so that a file of another kind does not fill the screen.
const maxProblems = 200

// report collects problems of all files.
type report struct{ problems Problems }

func (r *report) add(p Problem) {
	p.Path, p.Message, p.Fix = shortened(p.Path), shortened(p.Message), shortened(p.Fix)
	if len(r.problems) < maxProblems && !slices.Contains(r.problems, p) {
		r.problems = append(r.problems, p)
	}
}

// longestText is the most of one text of a problem that people are shown, in bytes; it may quote the file.
const longestText = 600

// shortened cuts a text that quotes too much.
func shortened(s string) string {
	if len(s) <= longestText {
		return s
	}
	return strings.ToValidUTF8(s[:longestText], "") + "…"
}

// place is a value in a file together with where it stands. Its readers report what is wrong and return a zero value and false.
type place struct {
	report *report
	source *Source
	node   *yaml.Node
	path   string
}

// problem reports something at the place; fix may be empty.
func (p place) problem(fix, format string, args ...any) {
	p.problemAt(p.node.Line, p.node.Column, fix, fmt.Sprintf(format, args...))
}

func (p place) problemAt(line, column int, fix, message string) {
	p.report.add(Problem{File: p.source.Name, Line: line, Column: column, Path: p.path, Message: message, Fix: fix})
}

// openDocument reads the one YAML document of a file.
func openDocument(s *Source, r *report) (place, bool) {
	whole := func(line int, message, fix string) (place, bool) {
		r.add(Problem{File: s.Name, Line: line, Message: message, Fix: fix})
		return place{}, false
	}
	decoder := yaml.NewDecoder(bytes.NewReader(s.Data))
	var root, second yaml.Node
	if err := decoder.Decode(&root); errors.Is(err, io.EOF) {
		return whole(0, "the file is empty", "start with version: 1, or remove the file")
	} else if err != nil {
		line, message := syntaxError(err)
		return whole(line, "not valid YAML: "+message, "look at the indentation, quotes and brackets on and above this line")
	}
	if err := decoder.Decode(&second); err == nil {
		return whole(second.Line, "a second document begins here", "put it into a file of its own and remove the ---")
	} else if !errors.Is(err, io.EOF) {
		line, message := syntaxError(err)
		return whole(line, "not valid YAML: "+message, "remove what follows the first document")
	}
	if len(root.Content) != 1 {
		return whole(0, "the file is empty", "start with version: 1, or remove the file")
	}
	return place{report: r, source: s, node: root.Content[0]}, true
}

// syntaxError splits the line off a message of the YAML package.
func syntaxError(err error) (line int, message string) {
	message = strings.TrimPrefix(err.Error(), "yaml: ")
	if m := regexp.MustCompile(`^line (\d+): (.*)$`).FindStringSubmatch(message); m != nil {
		if n, err := strconv.Atoi(m[1]); err == nil {
			return n, m[2]
		}
	}
	return 1, message
}

// kind names what stands at the place, in the words of the messages.
func (p place) kind() string {
	switch p.node.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	case yaml.AliasNode:
		return "an alias"
	}
	switch p.node.ShortTag() {
	case "!!null":
		return "nothing"
	case "!!str":
		return "text"
	case "!!bool":
		return "true or false"
	case "!!int", "!!float":
		return "a number"
	}
	return "a " + strings.TrimPrefix(p.node.ShortTag(), "!!")
}

// want reports a value of the wrong kind.
func (p place) want(wanted, fix string) {
	switch kind := p.kind(); kind {
	case "nothing":
		p.problem("give it a value or remove the line", "must be %s, but is empty", wanted)
	case "an alias":
		p.problem("write the value out, or use a named policy", "YAML aliases are not supported")
	default:
		p.problem(fix, "must be %s, not %s", wanted, kind)
	}
}

// entry is one key of a mapping with its value.
type entry struct {
	name       string
	key, value place
}

// entries reads a mapping with any keys, each once.
func (p place) entries() ([]entry, bool) {
	if p.node.Kind != yaml.MappingNode {
		p.want("a mapping", "indent its keys below this one, each as key: value")
		return nil, false
	}
	var out []entry
	for i := 0; i+1 < len(p.node.Content); i += 2 {
		key, value := p, p
		key.node, value.node = p.node.Content[i], p.node.Content[i+1]
		name := key.node.Value
		if key.node.Kind != yaml.ScalarNode || key.node.ShortTag() == "!!merge" {
			key.problem("write the key out; merge keys and aliases are not supported", "a key must be text")
			continue
		}
		key.path = strings.TrimPrefix(p.path+"."+name, ".")
		value.path = key.path
		if first := slices.IndexFunc(out, func(e entry) bool { return e.name == name }); first >= 0 {
			key.problem("remove one of the two", "%q is here twice; it is already on line %d", name, out[first].key.node.Line)
			continue
		}
		out = append(out, entry{name, key, value})
	}
	return out, true
}

// fields are the entries of a mapping by key.
type fields struct {
	place
	values map[string]place
}

// fields reads a mapping that may have the known keys and no other.
func (p place) fields(known ...string) (fields, bool) {
	out := fields{place: p, values: map[string]place{}}
	entries, ok := p.entries()
	for _, e := range entries {
		if slices.Contains(known, e.name) {
			out.values[e.name] = e.value
			continue
		}
		fix := "remove it; known here: " + strings.Join(known, ", ")
		if near := nearest(e.name, known); near != "" {
			fix = "did you mean " + near + "?"
		}
		e.key.problem(fix, "unknown key %q", e.name)
	}
	return out, ok
}

// get finds an optional key.
func (f fields) get(key string) (place, bool) {
	at, ok := f.values[key]
	return at, ok
}

// need finds a required key and reports its absence.
func (f fields) need(key, fix string) (place, bool) {
	at, ok := f.values[key]
	if !ok {
		f.problem(fix, "%s is missing", key)
	}
	return at, ok
}

// items reads a list of at most limit values.
func (p place) items(limit int) []place {
	if p.node.Kind != yaml.SequenceNode {
		p.want("a list", "write it as [a, b] or with a dash before each item")
		return nil
	}
	if len(p.node.Content) > limit {
		p.problem("shorten the list", "has %d items, but %d is the limit", len(p.node.Content), limit)
	}
	var out []place
	for i, node := range p.node.Content[:min(limit, len(p.node.Content))] {
		item := p
		item.node, item.path = node, fmt.Sprintf("%s[%d]", p.path, i)
		out = append(out, item)
	}
	return out
}
