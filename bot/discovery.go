package bot

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/slack-go/slack"

	"usher/access"
	"usher/catalog"
)

// unassignedSection lists the groups that the directories have and no catalog names.
func unassignedSection(h access.Home) homeSection {
	s := homeSection{name: pageUnassigned, title: "Unassigned: groups that no catalog names", longest: 5}
	d := h.Discovery
	switch {
	case d == nil && h.Looking:
		s.empty = "Usher looks through the directories now and shows here what it finds."
	case d == nil:
		s.empty = "Nobody has looked through the directories yet."
	case h.Looking:
		s.note = "Usher looks again now and then draws this anew. What stands here was seen " + when(d.At) + "."
	default:
		s.note = "Seen " + when(d.At) + "."
	}
	if d != nil && len(d.Found) > 0 {
		s.note += " Nobody can ask for these groups until they are in the catalog and a person has approved them there."
	}
	if !h.Looking {
		s.more = []slack.BlockElement{said(button(actionDiscover, "home", "Look now"), "Look now for groups that no catalog names")}
	}
	if d == nil {
		return s
	}
	if s.empty = "None: the catalog names every group that Usher could govern."; len(d.Troubles)+len(d.Silent)+d.More > 0 {
		s.empty = "None is known, but not everything could be seen:"
	}
	for _, name := range slices.Sorted(maps.Keys(d.Troubles)) {
		s.note += "\n:warning: " + lit(name, 40) + ": " + lit(d.Troubles[name], 300)
	}
	if len(d.Silent) > 0 {
		s.note += "\n" + lit(strings.Join(d.Silent, ", "), 200) + " cannot list groups."
	}
	if d.More > 0 {
		s.note += fmt.Sprintf("\n%d more, with fewer members: `usher catalog discover` lists all.", d.More)
	}
	for _, f := range d.Found {
		b := section("*" + lit(f.Name, 80) + "*\n" + strings.Join(foundFacts(f), " · "))
		b.BlockID = foundBlock(f.Group)
		b.Accessory = slack.NewAccessory(said(button(actionSuggest, f.Group.String(), "Suggested entry"), "Suggested entry for "+f.Name))
		s.items = append(s.items, []slack.Block{b})
	}
	return s
}

// foundBlock is the same over redraws, so that a click in between still finds the block, and another for each group: ids may be
// longer than what Slack takes.
func foundBlock(g catalog.Group) string {
	sum := sha256.Sum256([]byte(g.String()))
	return "found/" + hex.EncodeToString(sum[:12])
}

// foundFacts are what is known of a group that was found.
func foundFacts(f access.FoundGroup) []string {
	facts := []string{lit(f.Group.Provider, 40)}
	if f.App != "" && f.App != f.Name {
		facts = append(facts, "opens "+lit(f.App, 60))
	}
	if f.Members >= 0 {
		facts = append(facts, number(f.Members, "member"))
	}
	switch n := len(f.Owners) + f.MoreOwners; {
	case n == 1:
		facts = append(facts, "owner "+lit(f.Owners[0], 80))
	case n > 1:
		facts = append(facts, fmt.Sprintf("owners %s and %d more", lit(f.Owners[0], 80), n-1))
	}
	if !f.LastUse.IsZero() {
		facts = append(facts, "app last used "+when(f.LastUse))
	}
	if f.Description != "" {
		facts = append(facts, lit(f.Description, 120))
	}
	return facts
}

func (b *Bot) askDiscovery(ctx context.Context, c slack.InteractionCallback) {
	by, err := b.who(ctx, c.User.ID)
	if err == nil {
		err = b.core.AskDiscovery(ctx, by)
	}
	if err != nil {
		b.logFault(actionDiscover, err)
		b.tell(ctx, c, sentenceFor(err))
	}
	b.notifier.home.used(access.SlackID(c.User.ID))
}

func (b *Bot) showSuggestion(ctx context.Context, c slack.InteractionCallback, group string) {
	by, err := b.who(ctx, c.User.ID)
	var f access.FoundGroup
	var entry string
	if err == nil {
		f, entry, err = b.core.Suggestion(ctx, by, group)
	}
	if err == nil {
		_, err = b.openView(ctx, c.TriggerID, suggestionView(f, entry))
	}
	if err != nil {
		b.logFault(actionSuggest, err)
		b.tell(ctx, c, sentenceFor(err))
	}
	b.notifier.home.used(access.SlackID(c.User.ID))
}

// suggestionView shows a catalog entry to be copied, whole or not at all.
func suggestionView(f access.FoundGroup, entry string) slack.ModalViewRequest {
	if len(entry) > 2900 {
		return sentenceView("Suggested entry", "The entry for this group is too long for Slack. usher catalog discover prints it.")
	}
	return modal(callbackDone, "Suggested entry", "Close",
		section("*"+lit(f.Name, 80)+"*\n"+strings.Join(foundFacts(f), " · ")),
		slack.NewRichTextBlock("", &slack.RichTextPreformatted{
			Type: slack.RTEPreformatted, Elements: []slack.RichTextSectionElement{slack.NewRichTextSectionTextElement(entry, nil)},
		}),
		section("Put it into the catalog file, and choose owners, risk and policy. Nobody can ask for it before somebody writes `status: approved` there."),
	)
}
