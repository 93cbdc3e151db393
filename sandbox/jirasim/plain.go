package jirasim

import "strings"

// RenderWiki turns wiki markup into plain text for a terminal: no marks, lists with bullets, links with their address,
// mentions as @accountid. It is simple and not meant for machines.
func RenderWiki(text string) string {
	return strings.TrimRight(plainBlocks(parseBlocks(text), ""), "\n")
}

func plainBlocks(list []*node, indent string) string {
	var b strings.Builder
	for i, n := range list {
		if i > 0 && indent == "" {
			b.WriteString("\n")
		}
		switch n.Type {
		case "bulletList", "orderedList":
			for k, item := range n.Content {
				sign := "• "
				if n.Type == "orderedList" {
					sign = string(rune('1'+k%9)) + ". "
				}
				b.WriteString(indent + sign + strings.TrimLeft(plainBlocks(item.Content, indent+"  "), " "))
			}
		case "table":
			for _, row := range n.Content {
				var cells []string
				for _, cell := range row.Content {
					cells = append(cells, strings.TrimSpace(plainBlocks(cell.Content, "  ")))
				}
				b.WriteString(indent + strings.Join(cells, " | ") + "\n")
			}
		case "blockquote", "panel":
			for line := range strings.SplitSeq(strings.TrimRight(plainBlocks(n.Content, ""), "\n"), "\n") {
				b.WriteString(indent + "> " + line + "\n")
			}
		case "rule":
			b.WriteString(indent + strings.Repeat("─", 20) + "\n")
		default:
			b.WriteString(indent + strings.ReplaceAll(plainInline(n.Content), "\n", "\n"+indent) + "\n")
		}
	}
	return b.String()
}

func plainInline(list []*node) string {
	var b strings.Builder
	for _, n := range list {
		switch n.Type {
		case "hardBreak":
			b.WriteString("\n")
		case "text":
			b.WriteString(n.Text)
			for _, m := range n.Marks {
				if href := m.attr("href"); m.Type == "link" && !strings.HasSuffix(n.Text, href) {
					b.WriteString(" (" + href + ")")
				}
			}
		default:
			b.WriteString(n.attr("text"))
		}
	}
	return b.String()
}
