package blockkit

import (
	_ "embed" // The style sheet.
	"encoding/json"
	"strconv"
	"time"
)

//go:embed blockkit.css
var css []byte

// CSS is the style sheet of what this package draws, all of it scoped under the class bk. The caller must not change it.
func CSS() []byte { return css }

// HTML may be shown as it is: every text in it is escaped.
type HTML string

// Surface is where blocks stand.
type Surface string

// The places that Slack has for blocks. They differ in width only; what Slack refuses at a place is the sender's mistake
// and is found when it is sent.
const (
	InMessage Surface = "message"
	InModal   Surface = "modal"
	InHome    Surface = "home"
)

// Person is somebody whom a users_select offers.
type Person struct{ ID, Name string }

// Options say to whom and when blocks are shown. The zero value is usable: it shows ids for names, and times in UTC.
type Options struct {
	// Now tells today from tomorrow in dates. The zero time means that no date is near.
	Now time.Time
	// Zone is the reader's; nil means UTC.
	Zone *time.Location
	// Name is a user's display name, "" if unknown; nil knows nobody.
	Name func(id string) string
	// Channel is a channel's name without the #, "" if unknown; nil knows none.
	Channel func(id string) string
	// People are offered by users_select and multi_users_select, in this order.
	People []Person
	// State is view.state.values: what was entered so far. Where it has an element, it wins over the initial value, even
	// if it says that the element is empty. It may be nil.
	State json.RawMessage
	// Errors are sentences of a refused submission by block id.
	Errors map[string]string
	// Prefix begins every element id and has to be unique on the page, "m-1712.1" for example; "" means "bk".
	Prefix string
}

// Message draws a message: its blocks, or the text as mrkdwn when there are none.
func Message(text string, blocks json.RawMessage, o Options) HTML {
	var list []json.RawMessage
	if err := json.Unmarshal(blocks, &list); len(blocks) == 0 || err == nil && len(list) == 0 {
		p := newPage(InMessage, o)
		return p.root(div("bk-block bk-text", p.mrkdwn(text, false)))
	}
	return Blocks(InMessage, blocks, o)
}

// Blocks draws an array of blocks.
func Blocks(surface Surface, blocks json.RawMessage, o Options) HTML {
	p := newPage(surface, o)
	var list []json.RawMessage
	if err := json.Unmarshal(blocks, &list); err != nil {
		return p.root(unknown("blocks", "", blocks, err))
	}
	return p.root(p.blocks(list, ""))
}

// Mrkdwn draws a text in Slack's own markup. It may hold <pre> and <blockquote>, so it belongs into a div.
func Mrkdwn(text string, o Options) HTML {
	return HTML(newPage(InMessage, o).mrkdwn(text, false))
}

// Plain draws a plain_text, in which :codes: of emoji become emoji. It is fit for inside of a line.
func Plain(text string) HTML {
	return HTML(plain(text, true))
}

// page is one drawing.
type page struct {
	Options
	surface Surface
	state   map[string]map[string]json.RawMessage // by block and action
}

func newPage(surface Surface, o Options) *page {
	if o.Zone == nil {
		o.Zone = time.UTC
	}
	if o.Prefix == "" {
		o.Prefix = "bk"
	}
	p := &page{Options: o, surface: surface}
	_ = json.Unmarshal(o.State, &p.state) // What cannot be read was not entered.
	return p
}

func (p *page) root(inner string) HTML {
	return HTML(div("bk bk-in-"+string(p.surface), inner))
}

// blocks draws blocks, which may stand inside of another one. Those without an id get one from their place.
func (p *page) blocks(list []json.RawMessage, within string) string {
	out := ""
	for i, raw := range list {
		out += p.block(raw, within+strconv.Itoa(i))
	}
	return out
}
