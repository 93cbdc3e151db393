package slacksim

// Shared parts of Block Kit: text objects, options, confirmation dialogs, images.

// textSized is a text object of one of the kinds, with least to most characters.
func textSized(least, most int, kinds ...string) check {
	byKind := map[string]check{}
	for _, k := range kinds {
		if k == "plain_text" {
			byKind[k] = tagged(k, must("text", text(least, most)), may("emoji", truth))
		} else {
			byKind[k] = tagged(k, must("text", text(least, most)), may("verbatim", truth))
		}
	}
	return oneOf(byKind)
}

func plain(most int) check   { return textSized(1, most, "plain_text") }
func mrkdwn(most int) check  { return textSized(1, most, "mrkdwn") }
func anyText(most int) check { return textSized(1, most, "plain_text", "mrkdwn") }

func blockID() field  { return may("block_id", text(1, 255)) }
func actionID() field { return may("action_id", text(1, 255)) }

func confirm() check {
	return object(
		must("text", anyText(300)), may("title", plain(100)), may("confirm", plain(30)), may("deny", plain(30)),
		may("style", style()),
	)
}

func style() check { return enum("primary", "danger") }

func option(label check) check {
	return object(
		must("text", label), may("value", text(0, 150)), may("description", plain(75)), may("url", text(0, 3000)),
	)
}

func plainOption() check { return option(plain(75)) }

// richOption is an option of checkboxes and radio buttons, whose label may be mrkdwn.
func richOption() check { return option(anyText(75)) }

func optionGroups() check {
	return list(1, 100, object(must("label", plain(75)), must("options", list(1, 100, plainOption()))))
}

// image is what image blocks and image elements share: a web address or a file in Slack, not both.
func image(altMax int, more ...field) check {
	with := func(source field) check {
		return tagged("image", append([]field{must("alt_text", text(0, altMax)), source}, more...)...)
	}
	file := anyOf(object(must("url", text(0, 0))), object(must("id", text(0, 0))))
	byURL, byFile := with(must("image_url", text(0, 0))), with(must("slack_file", file))
	return func(f *faults, v any, at string) {
		if o, ok := v.(map[string]any); ok && o["slack_file"] != nil && o["image_url"] == nil {
			byFile(f, v, at)
			return
		}
		byURL(f, v, at)
	}
}

func imageElement() check { return image(0) }
