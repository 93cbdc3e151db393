package jirasim

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// node is one node of an Atlassian document.
type node struct {
	Type    string  `json:"type"`
	Version int     `json:"version,omitempty"`
	Attrs   object  `json:"attrs,omitempty"`
	Content []*node `json:"content,omitempty"`
	Text    string  `json:"text,omitempty"`
	Marks   []*node `json:"marks,omitempty"`
}

// MarshalJSON writes the content of a document even when it is empty, as the document format demands.
func (n *node) MarshalJSON() ([]byte, error) {
	type plain node
	if n.Type != "doc" || n.Content != nil {
		return marshal((*plain)(n)), nil
	}
	return marshal(object{"type": "doc", "version": 1, "content": []any{}}), nil
}

func wikiToDoc(wiki string) *node {
	return &node{Type: "doc", Version: 1, Content: parseBlocks(wiki)}
}

// nodeTypes are the node types that Jira's editor knows.
func nodeTypes() map[string]bool {
	known := map[string]bool{}
	for t := range strings.FieldsSeq(`doc paragraph heading text hardBreak rule bulletList orderedList listItem codeBlock blockquote panel
		table tableRow tableHeader tableCell mention emoji inlineCard blockCard embedCard mediaSingle mediaGroup media mediaInline date
		status expand nestedExpand taskList taskItem decisionList decisionItem layoutSection layoutColumn extension inlineExtension
		bodiedExtension placeholder caption`) {
		known[t] = true
	}
	return known
}

// validDoc checks what Jira checks first: a document of version 1 whose nodes are known and whose text is not empty.
func validDoc(doc object) bool {
	if doc["type"] != "doc" || fmt.Sprint(doc["version"]) != "1" {
		return false
	}
	if _, isArray := doc["content"].([]any); !isArray {
		return false
	}
	known := nodeTypes()
	for _, child := range doc["content"].([]any) {
		if !validNode(child, known, 0) || fmt.Sprint(child.(object)["type"]) == "text" {
			return false
		}
	}
	return true
}

func validNode(v any, known map[string]bool, depth int) bool {
	n, isObject := v.(object)
	kind, _ := n["type"].(string)
	if !isObject || !known[kind] || kind == "doc" || depth > 100 {
		return false
	}
	if kind == "text" {
		s, isString := n["text"].(string)
		return isString && s != ""
	}
	content, has := n["content"]
	if !has {
		return true
	}
	list, isArray := content.([]any)
	for _, child := range list {
		if !validNode(child, known, depth+1) {
			return false
		}
	}
	return isArray
}

func docNode(doc object) *node {
	var n node
	if json.Unmarshal(marshal(doc), &n) != nil {
		return &node{Type: "doc", Version: 1}
	}
	return &n
}

// docToWiki writes a document as the wiki markup that version 2 shows for it.
func docToWiki(doc object) string {
	return strings.TrimRight(wikiBlocks(docNode(doc).Content, ""), "\n")
}

func wikiBlocks(list []*node, bullet string) string {
	var b strings.Builder
	for i, n := range list {
		if i > 0 && bullet == "" {
			b.WriteString("\n")
		}
		b.WriteString(wikiBlock(n, bullet))
	}
	return b.String()
}

func wikiBlock(n *node, bullet string) string {
	inner := func() string { return wikiInline(n.Content) }
	switch n.Type {
	case "paragraph":
		return inner() + "\n"
	case "heading":
		return "h" + n.attr("level") + ". " + inner() + "\n"
	case "rule":
		return "----\n"
	case "codeBlock":
		lang := n.attr("language")
		if lang != "" {
			lang = ":" + lang
		}
		return "{code" + lang + "}\n" + plainInline(n.Content) + "\n{code}\n"
	case "blockquote":
		return "{quote}\n" + strings.TrimRight(wikiBlocks(n.Content, ""), "\n") + "\n{quote}\n"
	case "panel":
		return "{panel}\n" + strings.TrimRight(wikiBlocks(n.Content, ""), "\n") + "\n{panel}\n"
	case "bulletList", "orderedList":
		return wikiList(n, bullet)
	case "tableRow":
		return wikiRow(n)
	case "text", "hardBreak", "mention", "emoji", "inlineCard", "date", "status":
		return wikiInline([]*node{n})
	}
	return wikiBlocks(n.Content, "|")
}

func wikiList(n *node, bullet string) string {
	mark := "*"
	if n.Type == "orderedList" {
		mark = "#"
	}
	bullet = strings.Trim(bullet, "|") + mark
	var b strings.Builder
	for _, item := range n.Content {
		for _, child := range item.Content {
			if child.Type == "bulletList" || child.Type == "orderedList" {
				b.WriteString(wikiList(child, bullet))
			} else {
				b.WriteString(bullet + " " + strings.TrimRight(wikiBlock(child, bullet), "\n") + "\n")
			}
		}
	}
	return b.String()
}

func wikiRow(n *node) string {
	var b strings.Builder
	edge := "|"
	for _, cell := range n.Content {
		edge = "|"
		if cell.Type == "tableHeader" {
			edge = "||"
		}
		b.WriteString(edge + strings.TrimSpace(wikiBlocks(cell.Content, "|")))
	}
	return b.String() + edge + "\n"
}

func wikiInline(list []*node) string {
	var b strings.Builder
	for _, n := range list {
		switch n.Type {
		case "text":
			b.WriteString(wikiMarked(n))
		case "hardBreak":
			b.WriteString("\n")
		case "mention":
			b.WriteString("[~accountid:" + n.attr("id") + "]")
		case "inlineCard":
			b.WriteString("[" + n.attr("url") + "]")
		default:
			b.WriteString(n.attr("text"))
		}
	}
	return b.String()
}

func wikiMarked(n *node) string {
	s := n.Text
	signs := map[string]string{"strong": "*", "em": "_", "strike": "-", "underline": "+"}
	for _, m := range n.Marks {
		switch {
		case m.Type == "code":
			s = "{{" + s + "}}"
		case m.Type == "link":
			s = "[" + s + "|" + m.attr("href") + "]"
		case m.Type == "textColor":
			s = "{color:" + m.attr("color") + "}" + s + "{color}"
		case m.Type == "subsup" && m.attr("type") == "sup":
			s = "^" + s + "^"
		case m.Type == "subsup":
			s = "~" + s + "~"
		default:
			s = signs[m.Type] + s + signs[m.Type]
		}
	}
	return s
}

// attr reads an attribute as text.
func (n *node) attr(key string) string {
	switch v := n.Attrs[key].(type) {
	case nil:
		return ""
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	default:
		return fmt.Sprint(v)
	}
}

func (t text) node() *node {
	var n node
	if t.doc == nil || json.Unmarshal(t.doc, &n) != nil {
		return wikiToDoc(t.wiki)
	}
	return &n
}
