package slacksim

// richText is the rich_text block.
func richText() check {
	section := tagged("rich_text_section", must("elements", list(0, 0, oneOf(richElements()))))
	border := may("border", func(f *faults, v any, at string) {
		anyNumber(f, v, at)
		if n, ok := v.(interface{ String() string }); ok && n.String() != "0" && n.String() != "1" {
			f.add(at, "must be a valid enum value")
		}
	})
	parts := map[string]check{
		"rich_text_section": section,
		"rich_text_list": tagged("rich_text_list", must("elements", list(0, 0, section)), must("style", enum("bullet", "ordered")),
			may("indent", anyNumber), border),
		"rich_text_quote": tagged("rich_text_quote", must("elements", list(0, 0, oneOf(richElements()))), border),
		"rich_text_preformatted": tagged("rich_text_preformatted",
			must("elements", list(0, 0, oneOf(among(richElements(), "link", "text")))), border),
	}
	return tagged("rich_text", must("elements", list(0, 0, oneOf(parts))), blockID())
}

func richElements() map[string]check {
	word := text(0, 0)
	look := may("style", object(may("bold", truth), may("code", truth), may("italic", truth), may("strike", truth), may("underline", truth)))
	out := map[string]check{}
	add := func(kind string, fields ...field) { out[kind] = tagged(kind, append(fields, look)...) }
	add("broadcast", must("range", enum("here", "channel", "everyone")))
	add("channel", must("channel_id", word))
	add("color", must("value", word))
	add("date", must("timestamp", anyNumber), must("format", word), may("url", word), may("fallback", word))
	add("emoji", must("name", word), may("unicode", word), may("url", word))
	add("link", must("url", word), may("text", word), may("unsafe", truth))
	add("team", must("team_id", word))
	add("text", must("text", word))
	add("user", must("user_id", word))
	add("usergroup", must("usergroup_id", word))
	return out
}
