package blockkit

import (
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// allowed are the elements that may be drawn, each with the attributes that it may have.
func allowed() map[string][]string {
	control := []string{
		"class", "id", "type", "dir", "value", "placeholder", "autocomplete", "spellcheck", "role",
		"minlength", "maxlength", "min", "max", "step", "rows", "name", "checked",
	}
	words := []string{"class", "id", "dir", "role", "title", "hidden", "for", "start"}
	return map[string][]string{
		"div": words, "span": words, "h3": words, "p": words, "ul": words, "ol": words, "li": words, "label": words, "legend": words,
		"blockquote": words, "pre": words, "code": nil, "b": nil, "i": nil, "s": nil, "u": nil, "mark": nil, "br": nil, "hr": nil, "bdi": nil,
		"strong": nil, "time": {"datetime", "title"}, "a": {"class", "href", "target", "rel"},
		"button": {"class", "type", "id", "role", "title", "tabindex"}, "input": control, "textarea": control, "select": control,
		"fieldset": words, "option": {"value", "selected", "disabled"}, "optgroup": {"label"},
	}
}

// node is a start tag.
type node struct {
	name string
	attr map[string]string
}

// readNode checks a start tag against the list.
func readNode(t *testing.T, e xml.StartElement, list map[string][]string) node {
	t.Helper()
	n := node{e.Name.Local, map[string]string{}}
	attributes, ok := list[n.name]
	if !ok {
		t.Fatalf("holds <%s>", n.name)
	}
	for _, a := range e.Attr {
		name := a.Name.Local
		if !slices.Contains(attributes, name) && !strings.HasPrefix(name, "data-") && !strings.HasPrefix(name, "aria-") {
			t.Fatalf("<%s> has %s", n.name, name)
		}
		if _, twice := n.attr[name]; twice {
			t.Fatalf("<%s> has %s twice", n.name, name)
		}
		n.attr[name] = a.Value
	}
	if href, ok := n.attr["href"]; ok && !regexp.MustCompile(`(?i)^(https?://|mailto:|tel:)`).MatchString(href) {
		t.Fatalf("links to %q", href)
	}
	return n
}

// checkHTML parses strictly: every tag closed in order, every attribute quoted, nothing outside of the list. It returns
// the start tags.
func checkHTML(t *testing.T, html string) []node {
	t.Helper()
	void := regexp.MustCompile(`<(br|hr|input)\b([^>]*)>`)
	d := xml.NewDecoder(strings.NewReader("<x>" + void.ReplaceAllString(html, "<$1$2/>") + "</x>"))
	list := allowed()
	var out []node
	ids := map[string]bool{}
	for {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatalf("not well formed: %v\n%s", err, html)
		}
		switch tok.(type) {
		case xml.StartElement, xml.EndElement, xml.CharData:
		default:
			t.Fatalf("holds a %T:\n%s", tok, html)
		}
		e, ok := tok.(xml.StartElement)
		if !ok || d.InputOffset() == int64(len("<x>")) {
			continue
		}
		n := readNode(t, e, list)
		if id, ok := n.attr["id"]; ok {
			if ids[id] || strings.ContainsAny(id, " \t\n") || id == "" {
				t.Fatalf("id %q is there twice, or cannot be referred to:\n%s", id, html)
			}
			ids[id] = true
		}
		out = append(out, n)
	}
}
