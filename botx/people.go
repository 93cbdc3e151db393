package bot

import (
	"context"
	"sync"
	"time"

	"usher/access"
)

// profileFor is how long a profile is believed; user_change ends it earlier.
const profileFor = 5 * time.Minute

// people knows who is behind a Slack id, freshly enough to act on.
type people struct {
	bot *Bot

	mu       sync.Mutex
	profiles map[string]profile
}

type profile struct {
	value access.SlackProfile
	at    time.Time
}

// person finds the directory user behind a Slack user, or refuses with a sentence.
func (p *people) person(ctx context.Context, user, team string) (access.Person, error) {
	if !p.bot.ours(team) {
		return access.Person{}, &access.Refusal{Code: access.UnknownPerson, Text: "Usher serves full members of its own workspace only."}
	}
	pr, err := p.profile(ctx, user)
	if err != nil {
		return access.Person{}, err
	}
	return p.bot.core.Identify(ctx, pr)
}

func (p *people) profile(ctx context.Context, user string) (access.SlackProfile, error) {
	now := p.bot.cfg.Now()
	p.mu.Lock()
	known, ok := p.profiles[user]
	p.mu.Unlock()
	if ok && now.Sub(known.at) < profileFor {
		return known.value, nil
	}
	u, err := p.bot.api.GetUserInfoContext(ctx, user)
	if err != nil {
		return access.SlackProfile{}, classify("read user", err, false)
	}
	value := profileOf(u, p.bot.team)
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.profiles) > 20_000 {
		clear(p.profiles)
	}
	p.profiles[user] = profile{value, now}
	return value, nil
}

// forget drops a profile.
func (p *people) forget(user string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.profiles, user)
}
