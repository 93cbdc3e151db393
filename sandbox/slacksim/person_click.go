package slacksim

import (
	"context"
	"slices"
)

// Place is where on the screen a person acts: a modal view, a message, or the Home tab.
type Place struct {
	View        string // view id
	Channel, TS string // message
	Home        bool
}

// InView is the place of a modal view.
func InView(id string) Place { return Place{View: id} }

// InMessage is the place of a message.
func InMessage(channel, ts string) Place { return Place{Channel: channel, TS: ts} }

// InHome is the place of the person's own Home tab.
func InHome() Place { return Place{Home: true} }

// Pick narrows a click when an action_id is on the screen more than once. Empty fields do not narrow.
type Pick struct {
	BlockID string
	Value   string // value of the button; of an overflow menu, that of the option to choose
	Label   string // words on the button
}

// ConfirmDialog is the question that Slack asks before it sends a click.
type ConfirmDialog struct {
	Title, Text, Confirm, Deny string
}

// ClickResult tells how a click went.
type ClickResult struct {
	Confirm  *ConfirmDialog // dialog that the person agreed to, if the element has one
	Delivery Delivery
}

// Click presses a button, or chooses from an overflow menu with Pick.Value, and waits for the acknowledgement.
// A *NotThereError means that the element is not on the screen; a *UserError is the warning mark that Slack shows.
func (s *Server) Click(ctx context.Context, userID string, at Place, actionID string, pick ...Pick) (ClickResult, error) {
	var out ClickResult
	d, err := s.ask(ctx, "interactive", func() (map[string]any, error) {
		u, err := s.person(userID)
		if err != nil {
			return nil, err
		}
		if err := s.interactive(); err != nil {
			return nil, err
		}
		screen, err := s.screen(u, at)
		if err != nil {
			return nil, err
		}
		return s.press(u, screen, actionID, pick, &out)
	})
	out.Delivery = d
	return out, clickError(err)
}

// ClickStale presses a button on an older copy of a message, as a client does that has not seen the update yet.
func (s *Server) ClickStale(ctx context.Context, userID string, snapshot Message, actionID string, pick ...Pick) (ClickResult, error) {
	var out ClickResult
	d, err := s.ask(ctx, "interactive", func() (map[string]any, error) {
		return s.pressStale(userID, snapshot, actionID, pick, &out)
	})
	out.Delivery = d
	return out, clickError(err)
}

func (s *Server) pressStale(userID string, snapshot Message, actionID string, pick []Pick, out *ClickResult) (map[string]any, error) {
	u, err := s.person(userID)
	if err != nil {
		return nil, err
	}
	old := &message{
		ts: snapshot.TS, user: snapshot.User, byApp: true, text: snapshot.Text, to: snapshot.To, posted: snapshot.PostedAt,
		threadTS: snapshot.ThreadTS,
	}
	blocks, err := decode(snapshot.Blocks)
	if err != nil {
		return nil, err
	}
	old.blocks, _ = blocks.([]any)
	c := s.channels[snapshot.Channel]
	if c == nil {
		return nil, notThere("channel %s", snapshot.Channel)
	}
	return s.press(u, &screen{channel: c, message: old, blocks: old.blocks}, actionID, pick, out)
}

func clickError(err error) error {
	if unanswered(err) {
		return &UserError{Code: "operation_timeout", Text: "This app responded too slowly or not at all. Try again?"}
	}
	return err
}

// screen is what a place shows: a view, or a message in its channel.
type screen struct {
	view    *view
	channel *channel
	message *message
	blocks  []any
}

// screen finds what a person sees at a place. The lock must be held.
func (s *Server) screen(u *User, at Place) (*screen, error) {
	switch {
	case at.Home:
		v := s.homes[u.ID]
		if v == nil {
			return nil, notThere("Home tab of %s", u.ID)
		}
		return &screen{view: v, blocks: v.blocks}, nil
	case at.View != "":
		v := s.openView(at.View)
		if v == nil || v.user != u.ID {
			return nil, notThere("view %s", at.View)
		}
		if v.kind() == "modal" && s.top(u.ID) != v {
			return nil, notThere("view %s, which another one covers,", at.View)
		}
		return &screen{view: v, blocks: v.blocks}, nil
	}
	if s.users[at.Channel] != nil {
		at.Channel = s.dm(at.Channel).id
	}
	c, m := s.find(at.Channel, at.TS)
	if m == nil || !c.has(u.ID) || (m.to != "" && m.to != u.ID) {
		return nil, notThere("message %s in %s", at.TS, at.Channel)
	}
	return &screen{channel: c, message: m, blocks: m.blocks}, nil
}

// press builds the payload of a click on one element.
func (s *Server) press(u *User, at *screen, actionID string, pick []Pick, out *ClickResult) (map[string]any, error) {
	want := Pick{}
	if len(pick) > 0 {
		want = pick[0]
	}
	found, err := choose(at.blocks, actionID, want)
	if err != nil {
		return nil, err
	}
	out.Confirm = confirmOf(found.element)
	action := map[string]any{"value": found.element["value"], "text": found.element["text"]}
	switch found.kind() {
	case "button":
		for _, name := range []string{"style", "url"} {
			if v, ok := found.element[name]; ok {
				action[name] = v
			}
		}
	case "overflow":
		option, err := pickOption(found.element, want.Value, nil)
		if err != nil {
			return nil, err
		}
		action = map[string]any{"selected_option": option}
	case "feedback_buttons", "icon_button", "workflow_button":
	default:
		return nil, notThere("button %s: it is a %s", actionID, found.kind())
	}
	for name, v := range action {
		if v == nil {
			delete(action, name)
		}
	}
	return s.blockActions(u, at, found, action), nil
}

// choose finds the one element that the caller means.
func choose(blocks []any, actionID string, want Pick) (placed, error) {
	fits := slices.DeleteFunc(actionElements(blocks), func(p placed) bool {
		value, _ := p.element["value"].(string)
		return p.action != actionID || (want.BlockID != "" && p.block != want.BlockID) ||
			(want.Value != "" && p.kind() != "overflow" && value != want.Value) ||
			(want.Label != "" && emojiShown(labelOf(p.element["text"])) != want.Label)
	})
	switch len(fits) {
	case 1:
		return fits[0], nil
	case 0:
		return placed{}, notThere("element %s", actionID)
	}
	return placed{}, notThere("element %s by itself: there are %d, so pick one", actionID, len(fits))
}

func confirmOf(element map[string]any) *ConfirmDialog {
	c, ok := element["confirm"].(map[string]any)
	if !ok {
		return nil
	}
	d := &ConfirmDialog{
		Title: labelOf(c["title"]), Text: labelOf(c["text"]), Confirm: labelOf(c["confirm"]), Deny: labelOf(c["deny"]),
	}
	setWords := func(field *string, standard string) {
		if *field == "" {
			*field = standard
		}
	}
	setWords(&d.Title, "Are you sure?")
	setWords(&d.Confirm, "Yes")
	setWords(&d.Deny, "Cancel")
	return d
}

// blockActions builds a block_actions payload. The lock must be held.
func (s *Server) blockActions(u *User, at *screen, el placed, action map[string]any) map[string]any {
	action["type"], action["action_id"], action["block_id"], action["action_ts"] = el.kind(), el.action, el.block, s.ts()
	p := s.interaction("block_actions", u)
	p["actions"] = []any{action}
	if v := at.view; v != nil {
		p["container"] = map[string]any{"type": "view", "view_id": v.id}
		p["view"] = s.viewObject(v)
		p["trigger_id"] = s.newTrigger(u.ID, v.id)
		return p
	}
	m := at.message
	container := map[string]any{
		"type": "message", "message_ts": m.ts, "channel_id": at.channel.id, "is_ephemeral": m.to != "",
	}
	if m.threadTS != "" && m.threadTS != m.ts {
		container["thread_ts"] = m.threadTS
	}
	p["container"] = container
	p["channel"] = map[string]any{"id": at.channel.id, "name": at.channel.payloadName()}
	if m.to == "" {
		p["message"] = s.object(m)
	}
	p["state"] = map[string]any{"values": m.state()}
	p["response_url"] = s.newHook("actions", &hook{user: u.ID, channel: at.channel.id, ts: m.ts})
	p["trigger_id"] = s.newTrigger(u.ID, "")
	return p
}

// state is state.values of a message: nothing but what the app preset, for each click starts from there.
func (m *message) state() map[string]any {
	values := map[string]any{}
	for _, e := range statefulElements(m.blocks) {
		block, ok := values[e.block].(map[string]any)
		if !ok {
			block = map[string]any{}
			values[e.block] = block
		}
		block[e.action] = initialState(e.element)
	}
	return values
}
