package bot

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"usher/access"
)

// The sections of the Home tab that have pages.
const (
	pageDecisions = "decisions"
	pageGrants    = "grants"
	pagePending   = "pending"
	pageFailures  = "failures"
	pageOverdue   = "overdue"

	pageUnassigned = "unassigned"
)

// homeMost is the most items of one section on one page, homeBlocks the most blocks that all sections may fill together;
// Slack takes 100 and the rest of the tab needs a few.
const (
	homeMost   = 20
	homeBlocks = 84
)

// pages is how many items of each section are passed over.
type pages map[string]int

// homeSection is one list on the Home tab.
type homeSection struct {
	name, title, empty string
	note               string               // Under the list.
	more               []slack.BlockElement // Buttons under the list, beside those that turn the page.
	items              [][]slack.Block
	longest            int // The most items on a page; 0 stands for homeMost.
	size               int // Items on a page.
	most               int // Blocks of the largest item.
}

// homeView draws somebody's Home tab.
func homeView(h access.Home, at pages) slack.HomeTabViewRequest {
	top := []slack.BlockElement{
		homeSearch(), button(actionRequest, "home", "Request access").WithStyle(stylePrimaryIf(len(h.Decisions) == 0)),
	}
	if h.CanRevoke {
		top = append(top, button(actionRevoke, "home", "Revoke access…"))
	}
	blocks := []slack.Block{header("Your access"), slack.NewActionBlock("home_search", top...)}
	sections := []homeSection{decisionsSection(h), grantsSection(h), pendingSection(h)}
	if h.Admin {
		sections = append(sections, failuresSection(h), overdueSection(h), unassignedSection(h))
	}
	fit(sections)
	for _, s := range sections {
		blocks = append(blocks, s.draw(at[s.name])...)
	}
	if h.Admin {
		blocks = append(blocks, small(adminText(h)))
		if text := groupsText(h); text != "" {
			blocks = append(blocks, small(text))
		}
	}
	blocks = append(blocks, recentBlocks(h)...)
	blocks = append(blocks, small("As of "+when(h.Now)))
	return slack.HomeTabViewRequest{Type: slack.VTHomeTab, Blocks: slack.Blocks{BlockSet: blocks}}
}

// unassignedMost is how many unassigned apps are named.
const unassignedMost = 8

// adminText are the numbers of the whole installation, with a line on each provider that expiries were carried out in.
func adminText(h access.Home) string {
	lines := []string{fmt.Sprintf("For admins: %s · %s waiting · %d failing · %d overdue",
		number(h.ActiveGrants, "active grant"), number(h.OpenRequests, "request"), len(h.Failures), len(h.Overdue))}
	if n := len(h.Unassigned); n > 0 {
		names := make([]string, 0, unassignedMost)
		for _, name := range h.Unassigned[:min(n, unassignedMost)] {
			names = append(names, lit(name, 60))
		}
		more := ""
		if n > unassignedMost {
			more = fmt.Sprintf(" and %d more", n-unassignedMost)
		}
		lines = append(lines, fmt.Sprintf("Unassigned apps: %s%s. Nobody can ask for them until the catalog says approved.", strings.Join(names, ", "), more))
	}
	for _, name := range slices.Sorted(maps.Keys(h.Lateness)) {
		if l := h.Lateness[name]; l.Count > 0 {
			lines = append(lines, fmt.Sprintf("Expiries in %s since the start: %d; late by %s (p50), %s (p99), %s at most",
				lit(name, 40), l.Count, lateBy(l.P50), lateBy(l.P99), lateBy(l.Max)))
		}
	}
	return strings.Join(lines, "\n")
}

// groupsMost is how many groups are named that somebody should look at.
const groupsMost = 5

// groupsText names the groups of the catalog that are gone or were renamed.
func groupsText(h access.Home) string {
	var lines []string
	for _, g := range h.Groups[:min(len(h.Groups), groupsMost)] {
		what := lit(g.Group.String(), 80) + " (" + lit(g.Role, 80) + ")"
		switch {
		case !g.Gone.IsZero() && g.Name == "":
			lines = append(lines, ":warning: There is no group "+what+". Requests for it fail.")
		case !g.Gone.IsZero():
			lines = append(lines, ":warning: There is no group "+what+" any more; it was called "+lit(g.Name, 80)+". Requests for it fail.")
		default:
			lines = append(lines, "The group "+what+" was called "+lit(g.Was, 80)+" and is called "+lit(g.Name, 80)+" now. See whether it still stands for the same.")
		}
	}
	if more := len(h.Groups) - groupsMost; more > 0 {
		lines = append(lines, "And "+number(more, "more group")+"; usher doctor names them.")
	}
	return strings.Join(lines, "\n")
}

// number counts things by a name that takes an s.
func number(n int, of string) string {
	if n == 1 {
		return "1 " + of
	}
	return fmt.Sprintf("%d %ss", n, of)
}

// lateBy spells how late something was, from tenths of a second to days.
func lateBy(d time.Duration) string {
	switch {
	case d < 10*time.Second:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case d < 2*time.Minute:
		return fmt.Sprintf("%.0f s", d.Seconds())
	}
	return left(d)
}

// homeSentence is the Home tab of somebody whom Usher cannot serve.
func homeSentence(text string) slack.HomeTabViewRequest {
	return slack.HomeTabViewRequest{Type: slack.VTHomeTab, Blocks: slack.Blocks{BlockSet: []slack.Block{
		header("Your access"), slack.NewSectionBlock(plain(text, 2900), nil, nil),
	}}}
}

func stylePrimaryIf(yes bool) slack.Style {
	if yes {
		return slack.StylePrimary
	}
	return slack.StyleDefault
}

func homeSearch() *slack.SelectBlockElement {
	none := 0
	return &slack.SelectBlockElement{
		Type: slack.OptTypeExternal, ActionID: actionHomeSearch, MinQueryLength: &none, Placeholder: plain("Search apps and roles", 150),
	}
}

// fit makes the pages of all sections together small enough, the hungriest first.
func fit(sections []homeSection) {
	for i := range sections {
		for _, item := range sections[i].items {
			sections[i].most = max(sections[i].most, len(item))
		}
		sections[i].size = min(cmp.Or(sections[i].longest, homeMost), len(sections[i].items))
	}
	for {
		total, hungriest := 0, 0
		for i, s := range sections {
			total += 3 + s.size*s.most // Header, divider and buttons.
			if s.note != "" {
				total++
			}
			if s.size*s.most > sections[hungriest].size*sections[hungriest].most {
				hungriest = i
			}
		}
		if total <= homeBlocks || sections[hungriest].size <= 1 {
			return
		}
		sections[hungriest].size--
	}
}

// draw shows one page, beginning near the given item.
func (s homeSection) draw(from int) []slack.Block {
	n := len(s.items)
	if n == 0 {
		if s.empty == "" {
			return nil
		}
		return append([]slack.Block{divider(), section("*" + s.title + "*\n" + s.empty)}, s.foot(nil)...)
	}
	from = max(0, min(from, n-1)) / s.size * s.size
	to := min(n, from+s.size)
	title := fmt.Sprintf("*%s* (%d)", s.title, n)
	if n > s.size {
		title += fmt.Sprintf(", %d to %d", from+1, to)
	}
	blocks := []slack.Block{divider(), section(title)}
	for _, item := range s.items[from:to] {
		blocks = append(blocks, item...)
	}
	var turn []slack.BlockElement
	if from > 0 {
		turn = append(turn, said(button(actionPagePrev, pageValue(s.name, from-s.size), "Previous"), "Previous of "+s.title))
	}
	if to < n {
		turn = append(turn, said(button(actionPage, pageValue(s.name, to), "Next"), "Next of "+s.title))
	}
	return append(blocks, s.foot(turn)...)
}

// foot is what stands under a list.
func (s homeSection) foot(turn []slack.BlockElement) (blocks []slack.Block) {
	if s.note != "" {
		blocks = append(blocks, small(s.note))
	}
	if buttons := append(turn, s.more...); len(buttons) > 0 {
		blocks = append(blocks, slack.NewActionBlock("page/"+s.name, buttons...))
	}
	return blocks
}

func pageValue(section string, from int) string { return fmt.Sprintf("%s:%d", section, max(0, from)) }

// parsePage reads what pageValue wrote.
func parsePage(s string) (string, int, bool) {
	name, rest, ok := strings.Cut(s, ":")
	switch name {
	case pageDecisions, pageGrants, pagePending, pageFailures, pageOverdue, pageUnassigned:
	default:
		return "", 0, false
	}
	n := 0
	for _, c := range rest {
		if c < '0' || c > '9' || n > 1e6 {
			return "", 0, false
		}
		n = n*10 + int(c-'0')
	}
	return name, n, ok && rest != ""
}

func decisionsSection(h access.Home) homeSection {
	s := homeSection{name: pageDecisions, title: "Waiting for your decision"}
	for _, r := range h.Decisions {
		what := fmt.Sprintf("*%s* asks for *%s*, %s", lit(r.Requester.String(), 80), roleText(r.Role), lengthText(r))
		if r.Kind == access.KindExtension {
			what = fmt.Sprintf("*%s* asks to extend *%s* by %s", lit(r.Requester.String(), 80), roleText(r.Role), r.Duration)
		}
		facts := []string{riskText(r.Role), "expires " + when(r.Deadline)}
		if l := issueLink(r.Issue); l != "" {
			facts = append(facts, l)
		}
		s.items = append(s.items, []slack.Block{
			section(what + "\n" + strings.Join(facts, " · ")),
			quote("Reason given by "+r.Requester.String(), cut(line(r.Justification), 400)),
			decideButtons(r),
		})
	}
	return s
}

func grantsSection(h access.Home) homeSection {
	s := homeSection{
		name: pageGrants, title: "What you have",
		empty: "Nothing through Usher at the moment. Ask for access with the button above.",
	}
	for _, g := range h.Grants {
		s.items = append(s.items, grantItem(g, h.Now))
	}
	return s
}

func grantItem(g access.HomeGrant, now time.Time) []slack.Block {
	var facts []string
	switch d := g.Grant.DueAt; {
	case g.Grant.State == access.GrantProvisioning:
		facts = append(facts, "is being given to you")
	case g.Grant.State == access.GrantRevoking:
		facts = append(facts, "is being removed")
	case d.IsZero():
		facts = append(facts, "no end")
	case !now.Before(d):
		facts = append(facts, "its time is up")
	default:
		facts = append(facts, "*"+left(d.Sub(now))+" left*", "until "+when(d))
	}
	if l := issueLink(g.Issue); l != "" {
		facts = append(facts, l)
	}
	text := "*" + roleText(g.Grant.Role) + "*\n" + strings.Join(facts, " · ")
	if t := g.Grant.Trouble; t != "" {
		text += "\n:warning: " + lit(t, 400)
	}
	blocks := []slack.Block{section(text)}
	if g.Grant.State == access.GrantActive {
		blocks = append(blocks, slack.NewActionBlock("grant/"+string(g.Grant.ID), grantButtons(g.Grant, g.Extension, "Release")...))
	}
	return blocks
}

func pendingSection(h access.Home) homeSection {
	s := homeSection{name: pagePending, title: "What you asked for"}
	for _, r := range h.Pending {
		facts := []string{lengthText(r)}
		if who := askedNow(r); who != "" && r.Issue.Key != "" {
			facts = append(facts, "waits for "+who)
		}
		facts = append(facts, "expires "+when(r.Deadline))
		if l := issueLink(r.Issue); l != "" {
			facts = append(facts, l)
		}
		text := "*" + roleText(r.Role) + "*\n" + strings.Join(facts, " · ")
		if r.Trouble != "" {
			text += "\n:warning: " + lit(r.Trouble, 400)
		}
		s.items = append(s.items, []slack.Block{section(text), slack.NewActionBlock("request/"+string(r.ID), cancelButton(r))})
	}
	return s
}

func failuresSection(h access.Home) homeSection {
	s := homeSection{name: pageFailures, title: "Failing at the moment"}
	for i, f := range h.Failures {
		facts := []string{
			lit(string(f.Effect.Kind), 30) + " in " + lit(f.Effect.Target, 40),
			fmt.Sprintf("%d tries", f.Effect.Attempts), lit(f.Effect.LastError, 300),
		}
		if l := issueLink(f.Issue); l != "" {
			facts = append(facts, l)
		}
		b := section(fmt.Sprintf(":warning: *%s* for *%s*\n%s", roleText(f.Role), lit(f.Person.String(), 80), strings.Join(facts, " · ")))
		b.BlockID = fmt.Sprintf("failure/%d", i) // The same over redraws, so that a click in between still finds it.
		b.Accessory = slack.NewAccessory(adminMenu(string(f.Effect.Request), string(f.Effect.Grant)))
		s.items = append(s.items, []slack.Block{b})
	}
	return s
}

func overdueSection(h access.Home) homeSection {
	s := homeSection{name: pageOverdue, title: "Overdue removals"}
	for _, g := range h.Overdue {
		text := fmt.Sprintf(":rotating_light: *%s* of *%s*\nended %s, still there %s later",
			roleText(g.Role), lit(g.Subject.String(), 80), when(g.DueAt), left(h.Now.Sub(g.DueAt)))
		if g.Trouble != "" {
			text += "\n" + lit(g.Trouble, 400)
		}
		b := section(text)
		b.BlockID = "overdue/" + string(g.ID)
		b.Accessory = slack.NewAccessory(adminMenu(string(g.Request), string(g.ID)))
		s.items = append(s.items, []slack.Block{b})
	}
	return s
}

// What the overflow menu of an admin can do; the id follows a colon.
const (
	menuShow   = "show"
	menuRevoke = "revoke"
)

func adminMenu(request, grant string) *slack.OverflowBlockElement {
	options := []*slack.OptionBlockObject{option(menuShow+":"+request, "Details", "")}
	if grant != "" {
		options = append(options, option(menuRevoke+":"+grant, "Revoke…", ""))
	}
	return &slack.OverflowBlockElement{Type: slack.METOverflow, ActionID: actionAdmin, Options: options}
}

// parseMenu reads the value of an admin's menu.
func parseMenu(s string) (verb, id string, ok bool) {
	verb, id, _ = strings.Cut(s, ":")
	if verb != menuShow && verb != menuRevoke {
		return "", "", false
	}
	id, ok = parseID(id)
	return verb, id, ok
}

func recentBlocks(h access.Home) []slack.Block {
	if len(h.Recent) == 0 {
		return nil
	}
	var lines []string
	for i, r := range h.Recent {
		if i == 5 {
			break
		}
		s := statusOf(r.Request, r.Grant)
		l := s.icon + " " + lit(s.title, 200)
		if k := issueLink(r.Request.Issue); k != "" {
			l += " · " + k
		}
		lines = append(lines, l)
	}
	return []slack.Block{divider(), section("*Lately*\n" + strings.Join(lines, "\n"))}
}
