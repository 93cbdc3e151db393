package bot

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/slack-go/slack"

	"usher/access"
)

const (
	// peopleFor is how long what Slack says about a person is believed without further ado, and always for decisions.
	peopleFor = 5 * time.Minute
	// watchedFor is how long it is believed for everything else while Slack would tell of a change: an event that was lost
	// somewhere must not matter for ever.
	watchedFor = 24 * time.Hour
)

// peopleMax bounds the number of remembered people.
const peopleMax = 20000

// place is the installation: what is not from here is not served.
type place struct {
	team, enterprise string
	botUser, botID   string
}

// own reports whether a team or enterprise id belongs to the installation.
func (p place) own(id string) bool {
	return id != "" && (id == p.team || (p.enterprise != "" && id == p.enterprise))
}

// profile keeps what the core needs of a Slack user. Without home, whether the person is an outsider is unknown.
func profile(u slack.User, home *place) access.SlackProfile {
	name := u.Profile.RealName
	for _, other := range []string{u.RealName, u.Name} {
		if strings.TrimSpace(name) == "" {
			name = other
		}
	}
	return access.SlackProfile{
		ID: access.SlackID(u.ID), Team: u.TeamID, Name: name, Email: u.Profile.Email, EmailConfirmed: u.IsEmailConfirmed,
		// Not IsAppUser: that marks people who have signed in to this app, such as whoever installed it.
		Deleted: u.Deleted, Bot: u.IsBot || u.ID == "USLACKBOT", Guest: u.IsRestricted || u.IsUltraRestricted,
		Outsider: u.IsStranger || (home != nil && !home.own(u.TeamID) && !home.own(u.Enterprise.EnterpriseID)),
	}
}

// people remembers who is who in Slack: for a few minutes, and longer while at least one socket is up, on which Slack
// tells of every deactivation and other change. What happened in a gap without a socket may come late or never, so a gap
// forgets everything.
type people struct {
	now func() time.Time
	ask func(context.Context, string) (*slack.User, error)

	mu      sync.Mutex
	known   map[string]knownUser
	sockets int       // That are up.
	since   time.Time // When the present time without a gap began.
	changes int       // Grows with everything that forgets.
}

type knownUser struct {
	profile access.SlackProfile
	at      time.Time
}

// profile returns what Slack says about a user now or said before; fresh is for decisions, see peopleFor.
func (p *people) profile(ctx context.Context, id string, home place, fresh bool) (access.SlackProfile, error) {
	now := p.now()
	p.mu.Lock()
	k, ok := p.known[id]
	ok = ok && p.believed(now, k.at, fresh)
	changes := p.changes
	p.mu.Unlock()
	if ok {
		return k.profile, nil
	}
	u, err := p.ask(ctx, id)
	if err != nil {
		return access.SlackProfile{}, fmt.Errorf("read user: %w", err)
	}
	k = knownUser{profile(*u, &home), now}
	p.mu.Lock()
	defer p.mu.Unlock()
	if changes != p.changes {
		return k.profile, nil // Somebody changed while Slack was asked, maybe this one.
	}
	if len(p.known) >= peopleMax {
		clear(p.known)
	}
	p.known[id] = k
	return k.profile, nil
}

func (p *people) believed(now, at time.Time, fresh bool) bool {
	age := now.Sub(at)
	switch {
	case age < 0:
		return false
	case age < peopleFor:
		return true
	}
	return !fresh && age < watchedFor && p.sockets > 0 && !at.Before(p.since)
}

// forget is called when Slack says that a user changed.
func (p *people) forget(id string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.changes++
	delete(p.known, id)
}

// connected is how many sockets are up.
func (p *people) connected() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.sockets
}

// socket is called when a socket has come up or gone down.
func (p *people) socket(up bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if up {
		if p.sockets++; p.sockets == 1 {
			p.since = p.now()
		}
		return
	}
	if p.sockets--; p.sockets == 0 {
		p.changes++
		clear(p.known)
	}
}

// who finds the person behind a Slack user. The refusal says who is not served.
func (b *Bot) who(ctx context.Context, slackID string) (access.Person, error) {
	return b.identify(ctx, slackID, false)
}

// whoDecides is who, for those who are about to approve, deny or revoke.
func (b *Bot) whoDecides(ctx context.Context, slackID string) (access.Person, error) {
	return b.identify(ctx, slackID, true)
}

func (b *Bot) identify(ctx context.Context, slackID string, fresh bool) (access.Person, error) {
	if slackID == "" {
		return access.Person{}, outsider()
	}
	p, err := b.people.profile(ctx, slackID, b.home(), fresh)
	if c := code(err); c == "user_not_found" || c == "user_not_visible" {
		return access.Person{}, outsider()
	}
	if err != nil {
		return access.Person{}, err
	}
	return b.core.Identify(ctx, p)
}

// outsider is the refusal for everybody who does not belong to the workspace.
func outsider() error {
	return &access.Refusal{Code: access.UnknownPerson, Text: "Usher serves full members of this workspace only."}
}
