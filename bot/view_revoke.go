package bot

import (
	"fmt"
	"slices"
	"time"

	"github.com/slack-go/slack"

	"usher/access"
)

// holderView asks owners and admins whose access ends, which, and why. An empty holder shows the first question alone.
func holderView(holder string, list []access.Grant, now time.Time) slack.ModalViewRequest {
	pick := slack.NewOptionsSelectBlockElement(slack.OptTypeUser, plain("Choose a person", 150), actionHolder)
	pick.InitialUser = holder
	who := slack.NewInputBlock(blockHolder, plain("Whose access?", 2000), nil, pick)
	who.DispatchAction = true
	v := modal(callbackHolder, "Revoke access", "Go back", who)
	v.Submit = plain("Revoke now", 24)
	switch {
	case holder == "":
		return v
	case len(list) == 0:
		v.Blocks.BlockSet = append(v.Blocks.BlockSet, section("This person holds nothing that you may revoke."))
		return v
	}
	var options []*slack.OptionBlockObject
	for _, g := range list {
		about := "no end"
		if !g.DueAt.IsZero() {
			about = "ends in " + left(g.DueAt.Sub(now))
		}
		options = append(options, option(string(g.ID), g.Role.String(), about))
	}
	which := slack.NewInputBlock(blockGrant+"/"+holder, plain("Which?", 2000), nil, grantChoice(options))
	v.Blocks.BlockSet = append(v.Blocks.BlockSet, which, why("Why?", "The holder reads this, and it stays on the record."))
	return v
}

// grantChoice is a list to choose from. Slack takes optionsMost options in a list, and as many groups of as many.
func grantChoice(options []*slack.OptionBlockObject) *slack.SelectBlockElement {
	if len(options) <= optionsMost {
		return slack.NewOptionsSelectBlockElement(slack.OptTypeStatic, plain("Choose", 150), actionGrant, options...)
	}
	var groups []*slack.OptionGroupBlockObject
	from := 1
	for part := range slices.Chunk(options, optionsMost) {
		label := fmt.Sprintf("%d to %d", from, from+len(part)-1)
		groups = append(groups, slack.NewOptionGroupBlockElement(plain(label, 75), part...))
		from += len(part)
	}
	return slack.NewOptionsGroupSelectBlockElement(slack.OptTypeStatic, plain("Choose", 150), actionGrant, groups[:min(len(groups), optionsMost)]...)
}
