package bot

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/slack-go/slack"

	"usher/access"
)

// The elements of the Home tab.
const (
	actionOpen   = "request_open"
	actionSearch = "home_search"
	actionPage   = "page"
	homePage     = 8 // Items of a section on one page: five sections stay below Slack's 100 blocks.
)

// pages says which page of each section is shown.
type pages map[string]int

// homes draws Home tabs one at a time per person and merges wishes that come meanwhile.
type homes struct {
	bot  *Bot
	wake chan struct{}

	mu    sync.Mutex
	dirty map[access.SlackID]bool
	pages map[access.SlackID]pages
}

func newHomes(b *Bot) *homes {
	return &homes{bot: b, wake: make(chan struct{}, 1), dirty: map[access.SlackID]bool{}, pages: map[access.SlackID]pages{}}
}

// opened notes that somebody opened their tab and has it drawn.
func (h *homes) opened(p access.SlackID) {
	h.bot.notifier.looked(p)
	h.mu.Lock()
	delete(h.pages, p)
	h.mu.Unlock()
	h.mark(p)
}

// mark wishes for a tab to be drawn. It never blocks.
func (h *homes) mark(p access.SlackID) {
	h.mu.Lock()
	h.dirty[p] = true
	h.mu.Unlock()
	select {
	case h.wake <- struct{}{}:
	default:
	}
}

// turn shows another page of one section.
func (h *homes) turn(_ context.Context, w who, value string) {
	name, page, ok := strings.Cut(value, ":")
	n, err := strconv.Atoi(page)
	if !ok || err != nil || n < 0 || n > 10_000 {
		return
	}
	p := access.SlackID(w.slack)
	h.mu.Lock()
	if h.pages[p] == nil {
		h.pages[p] = pages{}
	}
	h.pages[p][name] = n
	h.mu.Unlock()
	h.mark(p)
}

// run draws what is marked until ctx ends.
func (h *homes) run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-h.wake:
		}
		for {
			p, shown, ok := h.next()
			if !ok {
				break
			}
			if err := h.draw(ctx, p, shown); err != nil && ctx.Err() == nil {
				h.bot.log.Warn("draw home tab", "slack", p, "err", errorWord(err))
			}
		}
	}
}

func (h *homes) next() (access.SlackID, pages, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for p := range h.dirty {
		delete(h.dirty, p)
		shown := pages{}
		for k, v := range h.pages[p] {
			shown[k] = v
		}
		return p, shown, true
	}
	return "", nil, false
}

func (h *homes) draw(ctx context.Context, p access.SlackID, shown pages) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	b := h.bot
	var view slack.HomeTabViewRequest
	profile, err := b.people.profile(ctx, string(p))
	if err != nil {
		return err
	}
	person, err := b.core.Identify(ctx, profile)
	if err != nil {
		view = homeSays(access.Sentence(err))
	} else {
		state, err := b.core.Home(ctx, person)
		if err != nil {
			return err
		}
		view = homeView(state, shown)
	}
	_, err = b.api.PublishViewContext(ctx, slack.PublishViewContextRequest{UserID: string(p), View: view})
	return err
}

func homeSays(sentence string) slack.HomeTabViewRequest {
	return slack.HomeTabViewRequest{Type: slack.VTHomeTab, Blocks: slack.Blocks{BlockSet: []slack.Block{
		header("title", "Usher"), section("said", escape(cut(sentence, 2900))),
	}}}
}

// homeView draws the tab: what is needed most comes first.
func homeView(h access.Home, shown pages) slack.HomeTabViewRequest {
	blocks := homeTop(h)
	blocks = append(blocks, homeDecisions(h, shown)...)
	blocks = append(blocks, homeGrants(h, shown)...)
	blocks = append(blocks, homePending(h, shown)...)
	blocks = append(blocks, homeRecent(h)...)
	if h.Admin {
		blocks = append(blocks, homeAdmin(h, shown)...)
	}
	return slack.HomeTabViewRequest{Type: slack.VTHomeTab, Blocks: slack.Blocks{BlockSet: blocks}}
}

func homeTop(h access.Home) []slack.Block {
	zero := 0
	search := &slack.SelectBlockElement{
		Type: slack.OptTypeExternal, ActionID: actionSearch, Placeholder: plain("Search the catalog", 150), MinQueryLength: &zero,
	}
	actions := []slack.BlockElement{search, button(actionOpen, "open", "Request access", slack.StylePrimary)}
	if h.CanRevoke {
		actions = append(actions, button(actionRevoke, "open", "Revoke access…", ""))
	}
	return []slack.Block{header("title", "Your access"), slack.NewActionBlock("top", actions...)}
}

// paged draws one section of the tab, page by page. Each item may take up to two blocks.
func paged[T any](name, title, empty string, items []T, shown pages, draw func(i int, item T) []slack.Block) []slack.Block {
	blocks := []slack.Block{slack.NewDividerBlock(), section(name+"-title", "*"+title+"*")}
	if len(items) == 0 {
		if empty == "" {
			return nil
		}
		return append(blocks, contextLine(name+"-empty", empty))
	}
	last := (len(items) - 1) / homePage
	page := min(shown[name], last)
	for i := page * homePage; i < min(len(items), (page+1)*homePage); i++ {
		blocks = append(blocks, draw(i, items[i])...)
	}
	if last == 0 {
		return blocks
	}
	var turn []slack.BlockElement
	if page > 0 {
		turn = append(turn, button(actionPage, fmt.Sprintf("%s:%d", name, page-1), "Earlier", ""))
	}
	if page < last {
		turn = append(turn, button(actionPage+"_next", fmt.Sprintf("%s:%d", name, page+1), "More", ""))
	}
	return append(blocks,
		contextLine(name+"-page", fmt.Sprintf("%d to %d of %d", page*homePage+1, min(len(items), (page+1)*homePage), len(items))),
		slack.NewActionBlock(name+"-turn", turn...))
}

func homeDecisions(h access.Home, shown pages) []slack.Block {
	return paged("decisions", "Waiting for your decision", "", h.Decisions, shown, func(_ int, r access.Request) []slack.Block {
		verb := "asks for"
		if r.Kind == access.KindExtension {
			verb = "asks to extend"
		}
		id := string(r.ID)
		text := fmt.Sprintf("*%s* %s *%s* %s.\n%s Lapses %s.%s", escape(cut(r.Requester.String(), 80)), verb,
			escape(r.Role.String()), length(r.Duration), escape(cut(r.Justification, 300)), when(r.Deadline), issueTail(r.Issue))
		return []slack.Block{
			section("decision-"+id, text),
			slack.NewActionBlock("decide-"+id,
				button("approve", id, "Approve", slack.StylePrimary), button("deny", id, "Deny…", slack.StyleDanger)),
		}
	})
}

func homeGrants(h access.Home, shown pages) []slack.Block {
	return paged("grants", "What you have now", "Nothing through Usher at the moment.", h.Grants, shown, func(_ int, g access.HomeGrant) []slack.Block {
		id := string(g.Grant.ID)
		line, buttons := grantLine(g.Grant, g.Extension)
		if g.Grant.State == access.GrantActive && !g.Grant.DueAt.IsZero() {
			line = "*" + left(h.Now, g.Grant.DueAt) + "* left, until " + when(g.Grant.DueAt) + "." + beforeUsher(g.Grant)
		}
		text := "*" + escape(g.Grant.Role.String()) + "*\n" + line + issueTail(g.Issue)
		if g.Grant.Trouble != "" {
			text += "\n:warning: " + escape(g.Grant.Trouble)
		}
		blocks := []slack.Block{section("grant-"+id, text)}
		if len(buttons) > 0 {
			blocks = append(blocks, slack.NewActionBlock("act-"+id, buttons...))
		}
		return blocks
	})
}

func homePending(h access.Home, shown pages) []slack.Block {
	return paged("pending", "Your requests", "", h.Pending, shown, func(_ int, r access.Request) []slack.Block {
		id := string(r.ID)
		s := section("pending-"+id, "*"+escape(r.Role.String())+"*, "+length(r.Duration)+"\n"+waiting(r)+issueTail(r.Issue))
		s.Accessory = slack.NewAccessory(button("cancel", id, "Cancel request", ""))
		return []slack.Block{s}
	})
}

func homeRecent(h access.Home) []slack.Block {
	return paged("recent", "Recently ended", "", h.Recent, nil, func(_ int, x access.HomeRecent) []slack.Block {
		line, _ := statusLine(access.Message{Request: x.Request, Grant: x.Grant})
		return []slack.Block{contextLine("recent-"+string(x.Request.ID), escape(x.Request.Role.String())+": "+cut(line, 1800)+issueTail(x.Request.Issue))}
	})
}

// homeAdmin shows what needs an admin.
func homeAdmin(h access.Home, shown pages) []slack.Block {
	blocks := []slack.Block{
		slack.NewDividerBlock(), header("admin-title", "For admins"),
		contextLine("admin-totals", fmt.Sprintf("%d active grants · %d requests waiting · %d failures · %d overdue removals",
			h.ActiveGrants, h.OpenRequests, len(h.Failures), len(h.Overdue))),
	}
	blocks = append(blocks, paged("failures", "Failures", "", h.Failures, shown, func(i int, f access.Failure) []slack.Block {
		return []slack.Block{section("failure-"+strconv.Itoa(i), fmt.Sprintf("*%s* of %s for %s failed %d times: %s. Next try %s.%s",
			failing(f.Effect.Kind), escape(f.Role.String()), escape(cut(f.Person.String(), 80)), f.Effect.Attempts,
			escape(cut(f.Effect.LastError, 500)), when(f.Effect.NotBefore), issueTail(f.Issue)))}
	})...)
	return append(blocks, paged("overdue", "Overdue removals", "", h.Overdue, shown, func(_ int, g access.Grant) []slack.Block {
		return []slack.Block{section("overdue-"+string(g.ID), fmt.Sprintf("*%s* of %s was due %s, %s ago.",
			escape(g.Role.String()), escape(cut(g.Subject.String(), 80)), when(g.DueAt), left(g.DueAt, h.Now)))}
	})...)
}

func failing(k access.EffectKind) string {
	switch k {
	case access.EffectOpen:
		return "Opening the issue"
	case access.EffectMirror:
		return "Updating the issue"
	case access.EffectInspect, access.EffectAdd:
		return "Giving access"
	case access.EffectRemove:
		return "Removing access"
	case access.EffectRoute:
		return "Finding approvers"
	case access.EffectAsk, access.EffectStatus, access.EffectNotice:
	}
	return "Sending a message"
}
