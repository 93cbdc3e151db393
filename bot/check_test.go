package bot

import (
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"usher/sandbox/slacksim"
)

func TestCheckFindsNothingWhenAllIsThere(t *testing.T) {
	t.Parallel()
	s := build(t, func(sc *slacksim.Config, _ *Config) { sc.Now = nil })
	list := s.bot.Check(s.ctx)
	for _, f := range list {
		if !f.OK || f.Detail == "" || f.Fix != "" {
			t.Errorf("%+v", f)
		}
	}
	if len(list) != 3+len(scopes()) {
		t.Errorf("%d findings: %+v", len(list), list)
	}
	for _, c := range s.sim.Calls() {
		if c.Changed {
			t.Errorf("checking changed something: %s", c.Name)
		}
	}
}

func TestCheckNamesWhatIsWrongAndTheFix(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		adjust  func(*slacksim.Config, *Config)
		subject string
		fix     string
	}{
		"scope": {func(c *slacksim.Config, _ *Config) {
			c.Manifest = []byte(strings.Replace(string(c.Manifest), "- users:read.email", "- team:read", 1))
		}, "scope users:read.email", "install the app again"},
		"bot token": {func(_ *slacksim.Config, c *Config) { c.BotToken = "xoxb-other" }, "bot token", "copy it again"},
		"app token": {func(_ *slacksim.Config, c *Config) { c.AppToken = "xapp-other" }, "socket mode", "copy it again"},
		"clock": {func(_ *slacksim.Config, c *Config) {
			c.Now = func() time.Time { return time.Now().Add(-5 * time.Minute) }
		}, "clock", "NTP"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := build(t, func(sc *slacksim.Config, bc *Config) {
				sc.Now = nil
				c.adjust(sc, bc)
			})
			bad := slices.DeleteFunc(s.note.Check(s.ctx), func(f Finding) bool { return f.OK })
			if len(bad) != 1 || bad[0].Subject != c.subject || !strings.Contains(bad[0].Fix, c.fix) {
				t.Errorf("%+v", bad)
			}
		})
	}
}

func TestTheManifestGrantsWhatTheCodeUses(t *testing.T) {
	t.Parallel()
	var m struct {
		Display struct {
			Name, Description string
			Long              string `yaml:"long_description"`
		} `yaml:"display_information"`
		Features struct {
			Home struct {
				Home     bool `yaml:"home_tab_enabled"`
				Messages bool `yaml:"messages_tab_enabled"`
			} `yaml:"app_home"`
			Shortcuts []struct {
				ID   string `yaml:"callback_id"`
				Type string
			}
			Commands []struct{ Command string } `yaml:"slash_commands"`
		}
		OAuth    struct{ Scopes struct{ Bot []string } } `yaml:"oauth_config"`
		Settings struct {
			Events struct {
				Bot []string `yaml:"bot_events"`
			} `yaml:"event_subscriptions"`
			Interactivity struct {
				Enabled bool `yaml:"is_enabled"`
			}
			Socket   bool `yaml:"socket_mode_enabled"`
			Rotation bool `yaml:"token_rotation_enabled"`
			Org      bool `yaml:"org_deploy_enabled"`
		}
	}
	if err := yaml.Unmarshal(manifestFile(t), &m); err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, s := range scopes() {
		want = append(want, s[0])
	}
	if !slices.Equal(m.OAuth.Scopes.Bot, want) {
		t.Errorf("scopes %q, the code needs %q", m.OAuth.Scopes.Bot, want)
	}
	if n := len(m.Display.Long); m.Display.Name != "Usher" || len(m.Display.Description) > 140 || n < 175 || n > 4000 {
		t.Errorf("display %+v", m.Display)
	}
	if c := m.Features.Commands; len(c) != 1 || c[0].Command != "/access" {
		t.Errorf("commands %+v", c)
	}
	if c := m.Features.Shortcuts; len(c) != 1 || c[0].ID != callbackShortcut || c[0].Type != "global" {
		t.Errorf("shortcuts %+v", c)
	}
	if !slices.Equal(m.Settings.Events.Bot, []string{"app_home_opened", "user_change"}) {
		t.Errorf("events %q", m.Settings.Events.Bot)
	}
	if !m.Features.Home.Home || !m.Features.Home.Messages || !m.Settings.Interactivity.Enabled || !m.Settings.Socket || m.Settings.Rotation || m.Settings.Org {
		t.Errorf("switches %+v %+v", m.Features.Home, m.Settings)
	}
}
