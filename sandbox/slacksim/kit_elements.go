package slacksim

// elements are the interactive elements by type.
func elements() map[string]check {
	all := map[string]check{
		"button": tagged("button", must("text", plain(75)), actionID(), may("url", text(0, 3000)), may("value", text(0, 2000)),
			may("style", style()), may("confirm", confirm()), may("accessibility_label", text(0, 75))),
		"checkboxes": tagged("checkboxes", actionID(), must("options", list(1, 10, richOption())),
			may("initial_options", list(0, 0, richOption())), may("confirm", confirm()), focus()),
		"radio_buttons": tagged("radio_buttons", actionID(), must("options", list(1, 10, richOption())),
			may("initial_option", richOption()), may("confirm", confirm()), focus()),
		"overflow": tagged("overflow", actionID(), must("options", list(1, 5, plainOption())), may("confirm", confirm())),
		"datepicker": tagged("datepicker", actionID(), may("initial_date", pattern(`^\d{4}-\d{2}-\d{2}$`)),
			may("confirm", confirm()), focus(), placeholder()),
		"timepicker": tagged("timepicker", actionID(), may("initial_time", pattern(`^([01]\d|2[0-3]):[0-5]\d$`)),
			may("timezone", text(0, 0)), may("confirm", confirm()), focus(), placeholder()),
		"datetimepicker": tagged("datetimepicker", actionID(), may("initial_date_time", anyNumber), may("confirm", confirm()), focus()),
		"workflow_button": tagged("workflow_button", must("text", plain(3000)), actionID(), may("style", style()),
			may("confirm", confirm()), may("accessibility_label", text(0, 0)), must("workflow", workflow())),
		"feedback_buttons": tagged("feedback_buttons", actionID(),
			must("positive_button", feedbackButton()), must("negative_button", feedbackButton())),
		"icon_button": tagged("icon_button", actionID(), must("icon", text(0, 0)), must("text", plain(3000)), may("value", text(0, 0)),
			may("confirm", confirm()), may("accessibility_label", text(0, 0)), may("visible_to_user_ids", list(0, 0, text(0, 0)))),
	}
	addInputs(all)
	addSelects(all)
	return all
}

func focus() field       { return may("focus_on_load", truth) }
func placeholder() field { return may("placeholder", plain(150)) }

func workflow() check {
	parameter := object(must("name", text(0, 0)), must("value", text(0, 0)))
	return object(must("trigger", object(must("url", text(0, 0)), may("customizable_input_parameters", list(0, 0, parameter)))))
}

func feedbackButton() check {
	return object(must("text", plain(3000)), must("value", text(0, 0)), may("accessibility_label", text(0, 0)))
}

// addInputs adds the elements for typing.
func addInputs(all map[string]check) {
	dispatch := may("dispatch_action_config",
		object(may("trigger_actions_on", list(0, 0, enum("on_enter_pressed", "on_character_entered")))))
	all["plain_text_input"] = tagged("plain_text_input", actionID(), may("initial_value", text(0, 3000)), may("multiline", truth),
		may("min_length", numberIn(0, 3000)), may("max_length", numberIn(1, 3000)), dispatch, focus(), placeholder())
	all["email_text_input"] = tagged("email_text_input", actionID(), may("initial_value", text(0, 0)), dispatch, focus(), placeholder())
	all["url_text_input"] = tagged("url_text_input", actionID(), may("initial_value", text(0, 0)), dispatch, focus(), placeholder())
	all["number_input"] = tagged("number_input", actionID(), must("is_decimal_allowed", truth), may("initial_value", text(0, 0)),
		may("min_value", text(0, 0)), may("max_value", text(0, 0)), dispatch, focus(), placeholder())
	all["rich_text_input"] = tagged("rich_text_input", actionID(), may("initial_value", richText()), may("min_lines", anyNumber),
		may("max_lines", anyNumber), dispatch, focus(), placeholder())
	all["file_input"] = tagged("file_input", actionID(), may("filetypes", list(0, 0, text(0, 0))), may("max_files", anyNumber))
}

// addSelects adds the menus: five kinds, each for one choice and for many.
func addSelects(all map[string]check) {
	filter := object(may("exclude_bot_users", truth), may("exclude_external_shared_channels", truth),
		may("include", list(0, 0, enum("im", "mpim", "private", "public"))))
	options := []field{may("options", list(1, 100, plainOption())), may("option_groups", optionGroups())}
	query := []field{may("min_query_length", anyNumber)}
	here := []field{may("default_to_current_conversation", truth), may("filter", filter)}
	for _, k := range []struct {
		name    string
		more    []field
		initial string
		value   check
		replies bool // response_url_enabled is there for the single kind
	}{
		{"static_select", options, "initial_option", plainOption(), false},
		{"external_select", query, "initial_option", plainOption(), false},
		{"users_select", nil, "initial_user", text(0, 0), false},
		{"channels_select", nil, "initial_channel", text(0, 0), true},
		{"conversations_select", here, "initial_conversation", text(0, 0), true},
	} {
		common := append([]field{actionID(), may("confirm", confirm()), focus(), placeholder()}, k.more...)
		one := append([]field{may(k.initial, k.value)}, common...)
		if k.replies {
			one = append(one, may("response_url_enabled", truth))
		}
		all[k.name] = tagged(k.name, one...)
		many := append([]field{may(k.initial+"s", list(0, 0, k.value)), may("max_selected_items", anyNumber)}, common...)
		all["multi_"+k.name] = tagged("multi_"+k.name, many...)
	}
}

// among picks the checks of some types.
func among(all map[string]check, kinds ...string) map[string]check {
	out := map[string]check{}
	for _, k := range kinds {
		out[k] = all[k]
	}
	return out
}
