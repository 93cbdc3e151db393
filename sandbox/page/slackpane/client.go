package slackpane

import "time"

// notesMost is how many sentences of Slackbot are kept for one person.
const notesMost = 20

// client is what the Slack client of one person keeps besides what Slack itself stores.
type client struct {
	read  map[string]string // by tab, the ts up to which the person has read
	notes []note
}

// note is a sentence of Slackbot that only the person sees.
type note struct {
	at   time.Time
	text string
}

// of runs f on a person's client, which exists afterwards, with the lock held.
func (p *Pane) of(handle string, f func(*client)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.clients[handle]
	if c == nil {
		c = &client{read: map[string]string{}}
		p.clients[handle] = c
	}
	f(c)
}

// readUpTo is the ts up to which a person has read a tab.
func (p *Pane) readUpTo(handle, tab string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if c := p.clients[handle]; c != nil {
		return c.read[tab]
	}
	return ""
}

// notesOf returns Slackbot's sentences to a person, oldest first.
func (p *Pane) notesOf(handle string) []note {
	p.mu.Lock()
	defer p.mu.Unlock()
	if c := p.clients[handle]; c != nil {
		return append([]note{}, c.notes...)
	}
	return nil
}

// tell has Slackbot say something to a person.
func (p *Pane) tell(handle, text string) {
	p.of(handle, func(c *client) {
		c.notes = append(c.notes, note{at: p.w.Clock.Now(), text: text})
		c.notes = c.notes[max(0, len(c.notes)-notesMost):]
	})
}
