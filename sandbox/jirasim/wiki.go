package jirasim

import (
	"strings"
)

// parseBlocks reads wiki markup into the block nodes of a document.
func parseBlocks(wiki string) []*node {
	lines := strings.Split(strings.ReplaceAll(wiki, "\r\n", "\n"), "\n")
	var out []*node
	var para []string
	flush := func() {
		if len(para) > 0 {
			out = append(out, &node{Type: "paragraph", Content: parseInline(strings.Join(para, "\n"))})
			para = nil
		}
	}
	for i := 0; i < len(lines); {
		block, used := startBlock(lines[i:])
		switch {
		case used > 0:
			flush()
			out = append(out, block...)
			i += used
			continue
		case strings.TrimSpace(lines[i]) == "":
			flush()
		default:
			para = append(para, lines[i])
		}
		i++
	}
	flush()
	return out
}

// startBlock reads a block other than a paragraph and says how many lines it took; 0 = there is none.
func startBlock(lines []string) ([]*node, int) {
	line := strings.TrimSpace(lines[0])
	for _, fence := range []string{"code", "noformat", "quote", "panel"} {
		if n, used := fenced(lines, fence); used > 0 {
			return []*node{n}, used
		}
	}
	switch {
	case line == "----":
		return []*node{{Type: "rule"}}, 1
	case len(line) > 4 && line[0] == 'h' && line[1] >= '1' && line[1] <= '6' && line[2:4] == ". ":
		return []*node{{Type: "heading", Attrs: object{"level": int(line[1] - '0')}, Content: parseInline(line[4:])}}, 1
	case strings.HasPrefix(line, "bq. "):
		p := &node{Type: "paragraph", Content: parseInline(line[4:])}
		return []*node{{Type: "blockquote", Content: []*node{p}}}, 1
	case strings.HasPrefix(line, "|"):
		return tableBlock(lines)
	}
	if bullet(line) != "" {
		used := 1
		for used < len(lines) && bullet(strings.TrimSpace(lines[used])) != "" {
			used++
		}
		return listBlocks(lines[:used], 1), used
	}
	return nil, 0
}

// fenced reads {code}…{code} and the like. Without an end the rest of the text belongs to it.
func fenced(lines []string, name string) (*node, int) {
	first := strings.TrimSpace(lines[0])
	if !strings.HasPrefix(first, "{"+name) {
		return nil, 0
	}
	param, rest, closed := strings.Cut(first[len(name)+1:], "}")
	if !closed || param != "" && param[0] != ':' {
		return nil, 0
	}
	end := "{" + name + "}"
	var body []string
	used := 1
	if inner, _, same := strings.Cut(rest, end); same {
		body = []string{inner}
	} else {
		if rest != "" {
			body = append(body, rest)
		}
		for ; used < len(lines); used++ {
			before, _, ends := strings.Cut(lines[used], end)
			if !ends {
				body = append(body, lines[used])
				continue
			}
			if before != "" {
				body = append(body, before)
			}
			used++
			break
		}
	}
	content := strings.Join(body, "\n")
	switch name {
	case "quote":
		return &node{Type: "blockquote", Content: filled(parseBlocks(content))}, used
	case "panel":
		return &node{Type: "panel", Attrs: object{"panelType": "info"}, Content: filled(parseBlocks(content))}, used
	}
	n := &node{Type: "codeBlock", Attrs: object{}}
	if lang := strings.TrimPrefix(param, ":"); name == "code" && lang != "" {
		n.Attrs["language"], _, _ = strings.Cut(lang, "|")
	}
	if content != "" {
		n.Content = []*node{{Type: "text", Text: content}}
	}
	return n, used
}

func filled(list []*node) []*node {
	if len(list) == 0 {
		return []*node{{Type: "paragraph"}}
	}
	return list
}

// bullet returns the marks of a list item, such as "**" or "#"; empty = not an item.
func bullet(line string) string {
	marks, _, found := strings.Cut(line, " ")
	if !found || marks == "" || strings.Trim(marks, "*#") != "" && marks != "-" {
		return ""
	}
	return marks
}

// listBlocks reads item lines; lines with more marks than level belong to a list inside the item before.
func listBlocks(lines []string, level int) []*node {
	var out []*node
	for i := 0; i < len(lines); {
		marks, content, _ := strings.Cut(strings.TrimSpace(lines[i]), " ")
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
		for deeper < len(lines) && len(bullet(strings.TrimSpace(lines[deeper]))) > level {
			deeper++
		}
		if deeper > i+1 {
			item.Content = append(item.Content, listBlocks(lines[i+1:deeper], level+1)...)
		}
		i = deeper
	}
	return out
}

func tableBlock(lines []string) ([]*node, int) {
	table := &node{Type: "table"}
	used := 0
	for ; used < len(lines); used++ {
		line := strings.TrimSpace(lines[used])
		if !strings.HasPrefix(line, "|") {
			break
		}
		kind := "tableCell"
		if strings.HasPrefix(line, "||") {
			kind = "tableHeader"
			line = strings.ReplaceAll(line, "||", "|")
		}
		row := &node{Type: "tableRow"}
		for _, cell := range cells(line) {
			p := &node{Type: "paragraph", Content: parseInline(strings.TrimSpace(cell))}
			row.Content = append(row.Content, &node{Type: kind, Attrs: object{}, Content: []*node{p}})
		}
		table.Content = append(table.Content, row)
	}
	return []*node{table}, used
}

// cells splits a table row at bars that are neither escaped nor inside a link.
func cells(line string) []string {
	line = strings.TrimSuffix(strings.TrimPrefix(line, "|"), "|")
	var out []string
	var cell strings.Builder
	depth := 0
	for i := 0; i < len(line); i++ {
		switch ch := line[i]; {
		case ch == '\\' && i+1 < len(line):
			cell.WriteString(line[i : i+2])
			i++
			continue
		case ch == '|' && depth == 0:
			out = append(out, cell.String())
			cell.Reset()
			continue
		case ch == '[':
			depth++
		case ch == ']' && depth > 0:
			depth--
		}
		cell.WriteByte(line[i])
	}
	return append(out, cell.String())
}
