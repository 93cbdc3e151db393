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

// peopleFor is how long what Slack says about a person is believed.
const peopleFor = 5 * time.Minute

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
		Deleted: u.Deleted, Bot: u.IsBot || u.IsAppUser || u.ID == "USLACKBOT", Guest: u.IsRestricted || u.IsUltraRestricted,
		Outsider: u.IsStranger || (home != nil && !home.own(u.TeamID) && !home.own(u.Enterprise.EnterpriseID)),
	}
}

// people remembers for a few minutes who is who in Slack.
type people struct {
	now func() time.Time
	ask func(context.Context, string) (*slack.User, error)

	mu    sync.Mutex
	known map[string]knownUser
}

type knownUser struct {
	profile access.SlackProfile
	at      time.Time
}

// profile returns what Slack says about a user now or said a few minutes ago.
func (p *people) profile(ctx context.Context, id string, home place) (access.SlackProfile, error) {
	p.mu.Lock()
	k, ok := p.known[id]
	p.mu.Unlock()
	if age := p.now().Sub(k.at); ok && age >= 0 && age < peopleFor {
		return k.profile, nil
	}
	u, err := p.ask(ctx, id)
	if err != nil {
		return access.SlackProfile{}, fmt.Errorf("read user: %w", err)
	}
	k = knownUser{profile(*u, &home), p.now()}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.known) >= peopleMax {
		clear(p.known)
	}
	p.known[id] = k
	return k.profile, nil
}

// forget is called when Slack says that a user changed.
func (p *people) forget(id string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.known, id)
}

// who finds the person behind a Slack user. The refusal says who is not served.
func (b *Bot) who(ctx context.Context, slackID string) (access.Person, error) {
	if slackID == "" {
		return access.Person{}, outsider()
	}
	p, err := b.people.profile(ctx, slackID, b.home())
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
