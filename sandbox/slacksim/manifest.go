package slacksim

import (
	"fmt"
	"slices"

	"go.yaml.in/yaml/v3"
)

// app is what the manifest grants.
type app struct {
	all           bool // no manifest: everything is granted
	name          string
	scopes        []string
	events        []string
	commands      map[string]command
	shortcuts     map[string]string // callback id to type
	homeTab       bool
	messagesTab   bool
	readOnlyTab   bool
	interactivity bool
	socketMode    bool
	info          AppInfo
}

type command struct {
	escape bool
}

type manifestFile struct {
	DisplayInformation struct {
		Name        string `yaml:"name"`
		Description string `yaml:"description"`
	} `yaml:"display_information"`
	Features struct {
		AppHome struct {
			Home     bool `yaml:"home_tab_enabled"`
			Messages bool `yaml:"messages_tab_enabled"`
			ReadOnly bool `yaml:"messages_tab_read_only_enabled"`
		} `yaml:"app_home"`
		SlashCommands []struct {
			Command     string `yaml:"command"`
			Description string `yaml:"description"`
			Hint        string `yaml:"usage_hint"`
			Escape      bool   `yaml:"should_escape"`
		} `yaml:"slash_commands"`
		Shortcuts []struct {
			Name        string `yaml:"name"`
			Description string `yaml:"description"`
			Type        string `yaml:"type"`
			CallbackID  string `yaml:"callback_id"`
		} `yaml:"shortcuts"`
	} `yaml:"features"`
	OAuth struct {
		Scopes struct {
			Bot []string `yaml:"bot"`
		} `yaml:"scopes"`
	} `yaml:"oauth_config"`
	Settings struct {
		Events struct {
			Bot []string `yaml:"bot_events"`
		} `yaml:"event_subscriptions"`
		Interactivity struct {
			Enabled bool `yaml:"is_enabled"`
		} `yaml:"interactivity"`
		SocketMode bool `yaml:"socket_mode_enabled"`
	} `yaml:"settings"`
}

func readManifest(data []byte) (app, error) {
	if len(data) == 0 {
		return app{
			all: true, name: "Sandbox app", homeTab: true, messagesTab: true, interactivity: true, socketMode: true,
			scopes: allScopes(),
		}, nil
	}
	var f manifestFile
	if err := yaml.Unmarshal(data, &f); err != nil {
		return app{}, fmt.Errorf("read manifest: %w", err)
	}
	a := app{
		info:          AppInfo{Description: f.DisplayInformation.Description},
		name:          f.DisplayInformation.Name,
		scopes:        f.OAuth.Scopes.Bot,
		events:        f.Settings.Events.Bot,
		commands:      map[string]command{},
		shortcuts:     map[string]string{},
		homeTab:       f.Features.AppHome.Home,
		messagesTab:   f.Features.AppHome.Messages,
		readOnlyTab:   f.Features.AppHome.ReadOnly,
		interactivity: f.Settings.Interactivity.Enabled,
		socketMode:    f.Settings.SocketMode,
	}
	for _, c := range f.Features.SlashCommands {
		if len(c.Command) < 2 || c.Command[0] != '/' {
			return app{}, fmt.Errorf("read manifest: command %q does not begin with a slash", c.Command)
		}
		a.commands[c.Command] = command{escape: c.Escape}
		a.info.Commands = append(a.info.Commands, Command{c.Command, c.Description, c.Hint})
	}
	for _, s := range f.Features.Shortcuts {
		a.shortcuts[s.CallbackID] = s.Type
		if s.Type == "global" {
			a.info.Shortcuts = append(a.info.Shortcuts, Shortcut{s.Name, s.Description, s.CallbackID})
		}
	}
	return a, nil
}

// allScopes lists the bot scopes that the served methods look at.
func allScopes() []string {
	return []string{
		"channels:history", "channels:manage", "channels:read", "chat:write", "chat:write.customize", "commands",
		"groups:history", "groups:read", "groups:write", "im:history", "im:read", "im:write",
		"mpim:history", "mpim:read", "mpim:write", "team:read", "usergroups:read", "users:read", "users:read.email",
	}
}

func (a *app) has(scope string) bool { return slices.Contains(a.scopes, scope) }

// hears tells whether the app gets an event: it subscribed, and it holds the scope that the event asks for.
func (a *app) hears(event string) bool {
	if a.all {
		return true
	}
	if !slices.Contains(a.events, event) {
		return false
	}
	switch event {
	case "user_change":
		return a.has("users:read")
	case "subteam_members_changed":
		return a.has("usergroups:read")
	case "message.im":
		return a.has("im:history")
	}
	return true
}
