package slacksim

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Config seeds a workspace with one installed app. The zero value of a field means its default.
type Config struct {
	// Now is the workspace's clock: message times, response_url lifetimes and rate limits. Default time.Now.
	// Acknowledgement and trigger timers run in real time whatever it says.
	Now func() time.Time

	Team      Team   // the installing workspace; default T0SANDBOX "Sandbox"
	AppID     string // default A0SANDBOX
	BotUserID string // default U0BOT
	BotID     string // default B0BOT
	BotToken  string // xoxb- token accepted by the Web API; default xoxb-sandbox
	AppToken  string // xapp- token accepted by apps.connections.open; default xapp-sandbox

	// Manifest is the app's manifest in YAML. Scopes, commands, shortcuts, tabs and events come from it.
	// Empty means an app that may do everything: any scope, command, shortcut and event.
	Manifest []byte

	Users      []User      // people and bots besides the app's own bot user
	Channels   []Channel   // C and G channels; a public #general with everybody is always there
	UserGroups []UserGroup // served by usergroups.list

	NoRateLimits   bool          // switches 429 off; default off, so limits are on
	AckTimeout     time.Duration // real time that an envelope waits for its acknowledgement; default 3 s
	TriggerLife    time.Duration // real time that a trigger_id lives; default 3 s
	RetryScale     float64       // factor on the delays of event retries (0 s, 60 s, 300 s, real time); default 1
	PingEvery      time.Duration // between WebSocket pings; default 8 s, at most 10 s
	ConnectionLife time.Duration // real life of a connection before refresh_requested; default 18,060 s

	// Carry tells how an envelope travels, by its type and payload. It may be called from any goroutine. Default well.
	Carry func(kind string, payload json.RawMessage) Carriage

	// CallsMax bounds the log of calls to the newest; default all are kept.
	CallsMax int

	// Pick chooses the connection, of n, that receives the next envelope. Default random.
	Pick func(n int) int
}

// Team names a workspace.
type Team struct {
	ID, Name, Domain string
}

// User is one member of the workspace, or an outsider when TeamID is another team's.
type User struct {
	ID       string // U… or W…
	TeamID   string // default the installing team
	Name     string // handle, as in user_name
	RealName string
	Email    string
	Title    string

	EmailConfirmed  bool
	Deleted         bool
	IsBot           bool
	Guest           bool // multi-channel guest: is_restricted
	SingleGuest     bool // single-channel guest: is_ultra_restricted
	Invited         bool // has not signed in yet
	Stranger        bool // outsider without a common channel
	Admin           bool
	TZ              string        // IANA name; default Etc/UTC
	TZOffset        time.Duration // offset from UTC that users.info reports
	EnterpriseID    string        // E… id when the person belongs to an org
	PhotoURL, Phone string
}

// Channel is a public or private channel.
type Channel struct {
	ID       string // C… or G…
	Name     string
	Private  bool
	Archived bool
	Members  []string // user ids; the bot's own id when the app was invited
}

// UserGroup is a @group of the workspace.
type UserGroup struct {
	ID, Handle, Name string
	Users            []string
	Disabled         bool
}

func (c *Config) fill() error {
	if c.Now == nil {
		c.Now = time.Now
	}
	for _, d := range []struct {
		field *string
		value string
	}{
		{&c.Team.ID, "T0SANDBOX"},
		{&c.Team.Name, "Sandbox"},
		{&c.Team.Domain, "sandbox"},
		{&c.AppID, "A0SANDBOX"},
		{&c.BotUserID, "U0BOT"},
		{&c.BotID, "B0BOT"},
		{&c.BotToken, "xoxb-sandbox"},
		{&c.AppToken, "xapp-sandbox"},
	} {
		if *d.field == "" {
			*d.field = d.value
		}
	}
	if c.AckTimeout <= 0 {
		c.AckTimeout = 3 * time.Second
	}
	if c.TriggerLife <= 0 {
		c.TriggerLife = 3 * time.Second
	}
	if c.RetryScale == 0 {
		c.RetryScale = 1
	}
	if c.RetryScale < 0 {
		return errors.New("retry scale is negative")
	}
	if c.PingEvery <= 0 {
		c.PingEvery = 8 * time.Second
	}
	if c.PingEvery > 10*time.Second {
		return errors.New("pings come at least every 10 s")
	}
	if c.ConnectionLife <= 0 {
		c.ConnectionLife = 18060 * time.Second
	}
	return c.checkUsers()
}

func (c *Config) checkUsers() error {
	seen := map[string]bool{c.BotUserID: true}
	for _, u := range c.Users {
		if u.ID == "" {
			return errors.New("user without id")
		}
		if seen[u.ID] {
			return fmt.Errorf("user id %s is used twice", u.ID)
		}
		seen[u.ID] = true
	}
	for _, ch := range c.Channels {
		for _, m := range ch.Members {
			if !seen[m] {
				return fmt.Errorf("channel %s has unknown member %s", ch.ID, m)
			}
		}
	}
	return nil
}
