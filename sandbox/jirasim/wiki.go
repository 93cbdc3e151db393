package jirasim

import (
	"slices"
	"strings"
)

// deepest bounds how far blocks stand within blocks; what lies deeper is read as plain lines.
const deepest = 12

// parseBlocks reads wiki markup into the block nodes of a document.
func parseBlocks(wiki string) []*node { return parseBlocksIn(wiki, 0) }

func parseBlocksIn(wiki string, depth int) []*node {
	lines := strings.Split(strings.ReplaceAll(wiki, "\r\n", "\n"), "\n")
	var out []*node
	var para []string
	flush := func() {
		if len(para) > 0 {
			out = append(out, &node{Type: "paragraph", Content: parseInline(strings.Join(para, "\n"))})
			para = nil
		}
	}
	for len(lines) > 0 {
		if block, rest := startBlock(lines, depth); block != nil {
			flush()
			out, lines = append(out, block...), rest
			continue
		}
		line := lines[0]
		lines = lines[1:]
		if at := fenceInside(line, lines); at > 0 && depth < deepest {
			line, lines = line[:at], append([]string{line[at:]}, lines...)
		}
		if strings.TrimSpace(line) == "" {
			flush()
		} else {
			para = append(para, line)
		}
	}
	flush()
	return out
}

// startBlock reads a block other than a paragraph and returns the lines after it; nil = there is none.
func startBlock(lines []string, depth int) (block []*node, rest []string) {
	if n, rest := fenced(lines, depth); n != nil {
		return []*node{n}, rest
	}
	line := strings.TrimSpace(lines[0])
	switch {
	case line == "----":
		return []*node{{Type: "rule"}}, lines[1:]
	case len(line) > 4 && line[0] == 'h' && line[1] >= '1' && line[1] <= '6' && line[2:4] == ". ":
		return []*node{{Type: "heading", Attrs: object{"level": int(line[1] - '0')}, Content: parseInline(line[4:])}}, lines[1:]
	case strings.HasPrefix(line, "bq. "):
		p := &node{Type: "paragraph", Content: parseInline(line[4:])}
		return []*node{{Type: "blockquote", Content: []*node{p}}}, lines[1:]
	case strings.HasPrefix(line, "|"):
		return tableBlock(lines)
	case bullet(line) != "":
		items, rest := itemLines(lines, depth)
		return listBlocks(items, 1), rest
	}
	return nil, nil
}

// itemLines gathers the items of a list, each with the lines that go on with it.
func itemLines(lines []string, depth int) (items, rest []string) {
	for len(lines) > 0 {
		line := strings.TrimSpace(lines[0])
		switch {
		case bullet(line) != "":
			items = append(items, line)
		case line == "" || fenceInside(line, lines[1:]) > 0:
			return items, lines
		default:
			if block, _ := startBlock(lines, depth); block != nil {
				return items, lines
			}
			items[len(items)-1] += "\n" + line
		}
		lines = lines[1:]
	}
	return items, nil
}

// bullet returns the marks of a list item, such as "**" or "#"; empty = not an item.
func bullet(line string) string {
	marks, _, found := strings.Cut(line, " ")
	if !found || marks == "" || strings.Trim(marks, "*#") != "" && marks != "-" {
		return ""
	}
	return marks
}

// listBlocks reads items; those with more marks than level belong to a list inside the item before.
func listBlocks(items []string, level int) []*node {
	var out []*node
	for i := 0; i < len(items); {
		marks, content, _ := strings.Cut(items[i], " ")
		kind := "bulletList"
		if marks[min(level, len(marks))-1] == '#' {
			kind = "orderedList"
		}
		if len(out) == 0 || out[len(out)-1].Type != kind {
			out = append(out, &node{Type: kind})
		}
		list := out[len(out)-1]
		item := &node{Type: "listItem", Content: []*node{{Type: "paragraph", Content: parseInline(content)}}}
		list.Content = append(list.Content, item)
		deeper := i + 1
		for deeper < len(items) && len(bullet(items[deeper])) > level {
			deeper++
		}
		if deeper > i+1 {
			item.Content = append(item.Content, listBlocks(items[i+1:deeper], level+1)...)
		}
		i = deeper
	}
	return out
}

func tableBlock(lines []string) (block []*node, rest []string) {
	table := &node{Type: "table"}
	for ; len(lines) > 0 && strings.HasPrefix(strings.TrimSpace(lines[0]), "|"); lines = lines[1:] {
		table.Content = append(table.Content, &node{Type: "tableRow", Content: cells(strings.TrimSpace(lines[0]))})
	}
	return []*node{table}, lines
}

// cells splits a table row at bars that are neither escaped nor inside a link. Two bars begin a header.
func cells(line string) []*node {
	var out []*node
	for line != "" {
		kind := "tableCell"
		line = line[1:]
		if strings.HasPrefix(line, "|") {
			kind, line = "tableHeader", line[1:]
		}
		end := cellEnd(line)
		if end == 0 && line == "" && len(out) > 0 {
			break // the bar that ends the row
		}
		p := &node{Type: "paragraph", Content: parseInline(strings.TrimSpace(line[:end]))}
		out = append(out, &node{Type: kind, Attrs: object{}, Content: []*node{p}})
		line = line[end:]
	}
	return out
}

func cellEnd(line string) int {
	inLink := false
	for i := 0; i < len(line); i++ {
		switch line[i] {
		case '\\':
			i++
		case '[':
			inLink = closing(line[i:]) > 0
		case ']':
			inLink = false
		case '|':
			if !inLink {
				return i
			}
		}
	}
	return len(line)
}

// fences are the blocks that stand between two tags of the same name.
func fences() []string { return []string{"code", "noformat", "quote", "panel"} }

// fenceTag reads the tag of a fence at the beginning of s: its parameters, and what follows it.
func fenceTag(s, name string) (params, rest string, found bool) {
	inner, isFence := strings.CutPrefix(s, "{"+name)
	params, rest, closed := strings.Cut(inner, "}")
	if !isFence || !closed || params != "" && params[0] != ':' {
		return "", "", false
	}
	return strings.TrimPrefix(params, ":"), rest, true
}

// fenceInside finds a fence that begins within a line and has an end there or in the lines after it; 0 = there is none.
func fenceInside(line string, after []string) int {
	for at := 1; at < len(line); at++ {
		if line[at] != '{' || line[at-1] == '\\' {
			continue
		}
		for _, name := range fences() {
			_, rest, found := fenceTag(line[at:], name)
			ends := func(s string) bool { return strings.Contains(s, "{"+name+"}") }
			if found && (ends(rest) || slices.ContainsFunc(after, ends)) {
				return at
			}
		}
	}
	return 0
}

// fenced reads {code}…{code} and the like. Without an end the rest of the text belongs to it.
func fenced(lines []string, depth int) (block *node, after []string) {
	first := strings.TrimSpace(lines[0])
	for _, name := range fences() {
		if params, rest, found := fenceTag(first, name); found && depth < deepest {
			body, after := fenceBody(rest, lines[1:], "{"+name+"}")
			return fence(name, params, body, depth), after
		}
	}
	return nil, nil
}

// fenceBody cuts the text before the end tag off; what follows the tag on its line is read on as a line.
func fenceBody(rest string, lines []string, end string) (body string, after []string) {
	all := strings.Join(append([]string{rest}, lines...), "\n")
	body, tail, ended := strings.Cut(all, end)
	body = strings.TrimSuffix(strings.TrimPrefix(body, "\n"), "\n")
	if !ended {
		return body, []string{}
	}
	if line, more, found := strings.Cut(tail, "\n"); strings.TrimSpace(line) == "" {
		if !found {
			return body, []string{}
		}
		tail = more
	}
	return body, strings.Split(tail, "\n")
}

func fence(name, params, body string, depth int) *node {
	switch name {
	case "quote":
		return &node{Type: "blockquote", Content: filled(parseBlocksIn(body, depth+1))}
	case "panel":
		content := parseBlocksIn(body, depth+1)
		if title := param(params, "title"); title != "" {
			heading := &node{Type: "heading", Attrs: object{"level": 3}, Content: []*node{{Type: "text", Text: title}}}
			content = append([]*node{heading}, content...)
		}
		return &node{Type: "panel", Attrs: object{"panelType": "info"}, Content: filled(content)}
	}
	n := &node{Type: "codeBlock", Attrs: object{}}
	if lang, _, _ := strings.Cut(params, "|"); name == "code" && lang != "" && !strings.Contains(lang, "=") {
		n.Attrs["language"] = lang
	}
	if body != "" {
		n.Content = []*node{{Type: "text", Text: body}}
	}
	return n
}

// param reads one of the parameters of a macro: {panel:title=Facts|bgColor=#fff}.
func param(params, key string) string {
	for p := range strings.SplitSeq(params, "|") {
		if v, found := strings.CutPrefix(p, key+"="); found {
			return strings.TrimSpace(v)
		}
	}
	return ""
}

func filled(list []*node) []*node {
	if len(list) == 0 {
		return []*node{{Type: "paragraph"}}
	}
	return list
}
