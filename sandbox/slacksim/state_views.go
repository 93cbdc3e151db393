package slacksim

import (
	"encoding/json"
	"maps"
	"slices"
	"time"
)

// pushDepth is how many views a modal may stack.
const pushDepth = 3

// trigger is a trigger_id: permission to open a modal for one person, once, soon.
type trigger struct {
	user string
	born time.Time // real time
	used bool
	view string // the view in which it was made, if any
}

// newTrigger makes a trigger_id. The lock must be held.
func (s *Server) newTrigger(user, viewID string) string {
	id := s.ts() + "." + secret()
	s.triggers[id] = &trigger{user: user, born: time.Now(), view: viewID}
	return id
}

// exchange finds a usable trigger. The caller sets used once everything else is right.
func (s *Server) exchange(r *request) (*trigger, error) {
	id := r.text("trigger_id")
	if id == "" {
		id = r.text("interactivity_pointer")
	}
	if id == "" {
		return nil, badArgs("missing required field: trigger_id")
	}
	t := s.triggers[id]
	switch {
	case t == nil:
		return nil, fail("invalid_trigger_id")
	case t.used:
		return nil, fail("exchanged_trigger_id")
	case time.Since(t.born) > s.cfg.TriggerLife:
		return nil, fail("expired_trigger_id")
	}
	return t, nil
}

// view is a modal or a Home tab with what the person has entered so far.
type view struct {
	id, hash       string
	user           string
	root, previous string
	source         map[string]any // as the app sent it, settled
	blocks         []any
	input          map[string]map[string]any // block id, action id: the stateful value
	offered        map[string][]any          // block id + "/" + action id: options that an external select showed last
	closed         bool
	errors         map[string]string // what is shown beside the inputs, by block id
	trouble        string            // what is shown above the view
}

func (v *view) text(name string) string { s, _ := v.source[name].(string); return s }
func (v *view) flag(name string) bool   { b, _ := v.source[name].(bool); return b }
func (v *view) kind() string            { return v.text("type") }

// newView makes a view of what the app sent. The lock must be held.
func (s *Server) newView(user string, source map[string]any) *view {
	v := &view{id: s.id("V"), user: user, offered: map[string][]any{}}
	v.root = v.id
	s.fill(v, source)
	s.views[v.id] = v
	return v
}

// fill gives a view new contents. Input whose block and action ids and type stay is kept; what was wrong with it is not.
func (s *Server) fill(v *view, source map[string]any) {
	before := v.input
	v.errors, v.trouble = nil, ""
	v.source, _ = s.settleValue(source).(map[string]any)
	blocks, _ := source["blocks"].([]any)
	v.blocks = s.settle(blocks)
	v.source["blocks"] = v.blocks
	s.ids++
	v.hash = s.ts() + "." + secret()[:8]
	v.input = map[string]map[string]any{}
	for _, e := range statefulElements(v.blocks) {
		var state any = initialState(e.element)
		if old, ok := before[e.block][e.action]; ok && sameType(old, state) {
			state = old
		}
		if v.input[e.block] == nil {
			v.input[e.block] = map[string]any{}
		}
		v.input[e.block][e.action] = state
	}
}

func sameType(a, b any) bool {
	x, _ := a.(map[string]any)
	y, _ := b.(map[string]any)
	return x["type"] == y["type"]
}

// object is a view as answers and payloads show it.
func (s *Server) viewObject(v *view) map[string]any {
	o := map[string]any{
		"id": v.id, "team_id": s.cfg.Team.ID, "type": v.kind(), "blocks": v.blocks, "private_metadata": v.text("private_metadata"),
		"callback_id": v.text("callback_id"), "external_id": v.text("external_id"), "hash": v.hash,
		"state": map[string]any{"values": v.input}, "title": v.source["title"], "submit": v.source["submit"], "close": v.source["close"],
		"clear_on_close": v.flag("clear_on_close"), "notify_on_close": v.flag("notify_on_close"),
		"previous_view_id": nil, "root_view_id": v.root, "app_id": s.cfg.AppID, "app_installed_team_id": s.cfg.Team.ID, "bot_id": s.cfg.BotID,
	}
	if v.previous != "" {
		o["previous_view_id"] = v.previous
	}
	return o
}

// openStack puts a view up as the only one.
func (s *Server) openStack(v *view) {
	for _, old := range s.stacks[v.user] {
		old.closed = true
	}
	s.stacks[v.user] = []*view{v}
}

// push puts a view on top of the stack.
func (s *Server) push(v *view) {
	stack := s.stacks[v.user]
	v.root, v.previous = stack[0].id, stack[len(stack)-1].id
	s.stacks[v.user] = append(stack, v)
}

// pop closes the top view, or all of them.
func (s *Server) pop(user string, all bool) {
	stack := s.stacks[user]
	keep := len(stack) - 1
	if all {
		keep = 0
	}
	for _, v := range stack[max(keep, 0):] {
		v.closed = true
	}
	s.stacks[user] = stack[:max(keep, 0)]
}

func (s *Server) top(user string) *view {
	stack := s.stacks[user]
	if len(stack) == 0 {
		return nil
	}
	return stack[len(stack)-1]
}

// View is a modal or Home tab as a person sees it.
type View struct {
	ID, ExternalID, CallbackID, Hash string
	Type                             string // modal or home
	User                             string
	RootID, PreviousID               string
	PrivateMetadata                  string
	Title, Submit, Close             string
	Blocks                           json.RawMessage
	State                            json.RawMessage // state.values: what was entered so far
	Raw                              json.RawMessage // the whole view as payloads show it
	// Errors are the sentences that the last submission left beside inputs, by block id: until the input or the view is
	// changed. Trouble is Slack's own sentence above the view. Only the person's client knows of either.
	Errors  map[string]string
	Trouble string
}

// Plain renders the view for a terminal.
func (v View) Plain() string { return PlainText(v.Raw) }

func (s *Server) export(v *view) View {
	return View{
		ID: v.id, ExternalID: v.text("external_id"), CallbackID: v.text("callback_id"), Hash: v.hash, Type: v.kind(), User: v.user,
		RootID: v.root, PreviousID: v.previous, PrivateMetadata: v.text("private_metadata"),
		Title: labelOf(v.source["title"]), Submit: labelOf(v.source["submit"]), Close: labelOf(v.source["close"]),
		Blocks: encode(v.blocks), State: encode(v.input), Raw: encode(s.viewObject(v)),
		Errors: maps.Clone(v.errors), Trouble: v.trouble,
	}
}

// labelOf gives the words of a text object.
func labelOf(v any) string {
	o, _ := v.(map[string]any)
	t, _ := o["text"].(string)
	return t
}

// View returns the modal view that a person has in front.
func (s *Server) View(userID string) (View, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.top(userID)
	if v == nil {
		return View{}, false
	}
	return s.export(v), true
}

// Stack returns the open modal views of a person, bottom first.
func (s *Server) Stack(userID string) []View {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := []View{}
	for _, v := range s.stacks[userID] {
		out = append(out, s.export(v))
	}
	return out
}

// Home returns what the app has published on a person's Home tab.
func (s *Server) Home(userID string) (View, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.homes[userID]
	if v == nil {
		return View{}, false
	}
	return s.export(v), true
}

// open reports a view that is on somebody's screen. The lock must be held.
func (s *Server) openView(id string) *view {
	v := s.views[id]
	if v == nil || v.closed {
		return nil
	}
	if v.kind() == "home" || slices.Contains(s.stacks[v.user], v) {
		return v
	}
	return nil
}
