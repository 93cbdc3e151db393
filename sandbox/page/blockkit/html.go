package blockkit

import (
	"fmt"
	"html"
	"net/url"
	"strings"
	"unicode"
)

// The smallest pieces of HTML. Whatever comes from outside passes through escape or attr; nothing else may hold markup.

// escape makes text harmless between tags and in attributes. Signs that no page may hold are dropped.
func escape(s string) string {
	return html.EscapeString(clean(s))
}

// clean drops broken UTF-8 and control characters other than line feed and tab.
func clean(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	return strings.Map(func(r rune) rune {
		if r != '\n' && r != '\t' && unicode.IsControl(r) || r == '\uFFFE' || r == '\uFFFF' {
			return -1
		}
		return r
	}, s)
}

// attr is an attribute with a value, which may be empty.
func attr(name, value string) string { return " " + name + `="` + escape(value) + `"` }

// attrIf is an attribute that is left out when it has no value.
func attrIf(name, value string) string {
	if value == "" {
		return ""
	}
	return attr(name, value)
}

// bare is an attribute without a value, or nothing.
func bare(name string, on bool) string {
	if !on {
		return ""
	}
	return " " + name + `=""`
}

// start is a start tag; attributes come from attr, attrIf and bare.
func start(name string, attributes ...string) string {
	return "<" + name + strings.Join(attributes, "") + ">"
}

// el is an element with a class, which may be empty; inner is HTML.
func el(name, class, inner string) string {
	return start(name, attrIf("class", class)) + inner + "</" + name + ">"
}

func div(class, inner string) string { return el("div", class, inner) }

// idPart makes any id of Slack fit for an element id: no spaces, and nothing that looks like our own separator.
func idPart(s string) string {
	var b strings.Builder
	for _, r := range s {
		if r > ' ' && r != '~' && !unicode.IsSpace(r) && !unicode.IsControl(r) {
			b.WriteRune(r)
		} else {
			fmt.Fprintf(&b, "~%x~", r)
		}
	}
	return b.String()
}

// link is an anchor that opens elsewhere; an address that a browser should not open gives the inner HTML alone.
func link(address, inner string) string {
	if !safeURL(address) {
		return inner
	}
	return start("a", attr("class", "bk-link"), attr("href", address), attr("target", "_blank"), attr("rel", "noopener noreferrer")) +
		inner + "</a>"
}

// safeURL allows what Slack makes clickable.
func safeURL(address string) bool {
	u, err := url.Parse(strings.TrimSpace(address))
	if err != nil {
		return false
	}
	switch strings.ToLower(u.Scheme) {
	case "http", "https":
		return u.Host != ""
	case "mailto", "tel":
		return u.Opaque != ""
	}
	return false
}
