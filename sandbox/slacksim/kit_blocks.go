package slacksim

import "maps"

// blockChecks are the blocks by type.
func blockChecks() map[string]check {
	el := elements()
	action := oneOf(among(el, "button", "channels_select", "checkboxes", "conversations_select", "datepicker", "datetimepicker",
		"external_select", "multi_channels_select", "multi_conversations_select", "multi_external_select", "multi_static_select",
		"multi_users_select", "overflow", "radio_buttons", "rich_text_input", "static_select", "timepicker", "users_select", "workflow_button"))
	input := oneOf(among(el, "channels_select", "checkboxes", "conversations_select", "datepicker", "datetimepicker", "email_text_input",
		"external_select", "file_input", "multi_channels_select", "multi_conversations_select", "multi_external_select", "multi_static_select",
		"multi_users_select", "number_input", "plain_text_input", "radio_buttons", "rich_text_input", "static_select", "timepicker",
		"url_text_input", "users_select"))
	all := map[string]check{
		"section": section(el),
		"header":  tagged("header", must("text", plain(150)), blockID()),
		"divider": tagged("divider", blockID()),
		"context": tagged("context", must("elements", list(1, 10, contextElement())), blockID()),
		"actions": tagged("actions", must("elements", list(1, 25, action)), blockID()),
		"context_actions": tagged("context_actions",
			must("elements", list(1, 5, oneOf(among(el, "feedback_buttons", "icon_button")))), blockID()),
		"input": tagged("input", must("label", plain(2000)), must("element", input), may("hint", plain(2000)),
			may("optional", truth), may("dispatch_action", truth), blockID()),
		"image":     image(2000, may("title", plain(2000)), blockID()),
		"rich_text": richText(),
		"markdown":  tagged("markdown", must("text", text(0, 12000)), blockID()),
		"alert":     tagged("alert", must("text", anyText(200)), may("level", enum("default", "info", "warning", "error", "success")), blockID()),
		"file":      tagged("file", must("source", text(0, 0)), must("external_id", text(0, 0)), blockID()),
		"video": tagged("video", must("alt_text", text(0, 0)), must("title", plain(3000)), must("video_url", text(0, 0)),
			must("thumbnail_url", text(0, 0)), may("title_url", text(0, 0)), may("author_name", text(0, 0)),
			may("description", plain(3000)), may("provider_icon_url", text(0, 0)), may("provider_name", text(0, 0)), blockID()),
	}
	addTables(all)
	addCards(all, el)
	addTasks(all)
	all["container"] = container(maps.Clone(all))
	return all
}

func contextElement() check {
	return oneOf(map[string]check{"image": imageElement(), "mrkdwn": mrkdwn(3000), "plain_text": plain(3000)})
}

func section(el map[string]check) check {
	accessories := among(el, "button", "checkboxes", "datepicker", "multi_channels_select", "multi_conversations_select",
		"multi_external_select", "multi_static_select", "multi_users_select", "overflow", "radio_buttons", "channels_select",
		"conversations_select", "external_select", "static_select", "users_select", "timepicker", "workflow_button")
	accessories["image"] = imageElement()
	shape := tagged("section", may("text", anyText(3000)), may("fields", list(1, 10, anyText(2000))),
		may("accessory", oneOf(accessories)), may("expand", truth), blockID())
	return func(f *faults, v any, at string) {
		shape(f, v, at)
		if o, ok := v.(map[string]any); ok {
			_, hasText := o["text"]
			_, hasFields := o["fields"]
			if !hasText && !hasFields {
				f.add(at, "must define either `text` or `fields`")
			}
		}
	}
}

func addTables(all map[string]check) {
	cell := oneOf(map[string]check{
		"raw_text":   tagged("raw_text", must("text", text(0, 0))),
		"raw_number": tagged("raw_number", must("text", text(0, 0)), must("value", anyNumber)),
		"rich_text":  richText(),
	})
	setting := object(may("align", enum("left", "center", "right")), may("is_wrapped", truth))
	all["table"] = tagged("table", must("rows", list(1, 100, list(0, 0, cell))), may("column_settings", list(0, 0, setting)), blockID())
	all["data_table"] = tagged("data_table", must("caption", text(0, 0)), must("rows", list(0, 0, list(0, 0, cell))),
		may("page_size", numberIn(1, 100)), may("row_header_column_index", anyNumber), blockID())
}

func addCards(all, el map[string]check) {
	card := tagged("card", may("title", mrkdwn(150)), may("subtitle", mrkdwn(150)), may("body", mrkdwn(200)),
		may("hero_image", imageElement()), may("icon", imageElement()), may("actions", list(0, 0, el["button"])), blockID())
	all["card"] = card
	all["carousel"] = tagged("carousel", must("elements", list(1, 10, card)), blockID())
}

func addTasks(all map[string]check) {
	source := tagged("url", must("url", text(0, 0)), must("text", text(0, 0)))
	all["task_card"] = tagged("task_card", must("task_id", text(0, 0)), must("title", text(0, 0)),
		must("status", enum("pending", "in_progress", "complete", "error")), may("details", richText()), may("output", richText()),
		may("sources", list(0, 0, source)), blockID())
	all["plan"] = tagged("plan", must("title", text(0, 0)), may("tasks", list(0, 0, func(f *faults, v any, at string) {
		if _, ok := v.(map[string]any); !ok {
			f.add(at, "must provide an object") // the published types leave tasks open
		}
	})), blockID())
}

func container(all map[string]check) check {
	children := among(all, "actions", "context", "divider", "file", "header", "image", "input", "rich_text", "section", "table", "video")
	return tagged("container", must("child_blocks", list(0, 10, oneOf(children))), may("title", plain(150)), may("subtitle", anyText(3000)),
		may("rich_text_title", richText()), may("icon", imageElement()), may("is_collapsible", truth), may("default_collapsed", truth),
		may("has_header_divider", truth), may("width", enum("narrow", "standard", "wide", "full")), blockID())
}
