package main_test

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"usher/cli"
)

// TestEverySettingOfAProviderIsNamedOnItsPage holds the pages against the settings file's own types, their tables of settings the
// other way round, and what they show of a settings file against the program.
func TestEverySettingOfAProviderIsNamedOnItsPage(t *testing.T) {
	t.Parallel()
	for name, section := range map[string]any{
		"entra": cli.EntraConfig{}, "google": cli.GoogleConfig{}, "ldap": cli.LDAPConfig{}, "okta": cli.OktaConfig{},
		"scim": cli.SCIMConfig{}, "webhook": cli.WebhookConfig{},
	} {
		page := "docs/providers/" + name + ".md"
		keys, named := settingsOf(reflect.TypeOf(section)), inCode(read(t, page))
		for _, key := range keys {
			if !slices.Contains(named, key) {
				t.Errorf("%s does not name the setting %s", page, key)
			}
		}
		rows := settingsRows(read(t, page))
		if len(rows) == 0 && name != "okta" {
			t.Errorf("%s has no table of settings", page)
		}
		for _, key := range rows {
			if !slices.Contains(keys, key) {
				t.Errorf("%s has a setting %s, which the program does not know", page, key)
			}
		}
		for _, b := range fences(read(t, page), "yaml") {
			path := filepath.Join(t.TempDir(), "usher.yml")
			if err := os.WriteFile(path, []byte(b), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := cli.LoadConfig(path, func(string) string { return "set" }); err != nil && strings.Contains(err.Error(), path) {
				t.Errorf("the program does not know these settings: %v\n%s", err, b)
			}
		}
	}
}

// settingsOf are the keys of a section of the settings file, with those of the sections in it.
func settingsOf(section reflect.Type) []string {
	var keys []string
	for i := range section.NumField() {
		f := section.Field(i)
		key := f.Tag.Get("yaml")
		if key == "-" || key == "" {
			continue
		}
		keys = append(keys, key)
		if f.Type.Kind() == reflect.Struct {
			keys = append(keys, settingsOf(f.Type)...)
		}
	}
	return keys
}

// inCode are the words of a page that stand between backquotes or in blocks of YAML.
func inCode(page string) []string {
	word := regexp.MustCompile(`[a-z0-9_]+`)
	var words []string
	for _, block := range fences(page, "yaml") {
		words = append(words, word.FindAllString(block, -1)...)
	}
	for _, m := range regexp.MustCompile("`([^`\n]+)`").FindAllStringSubmatch(page, -1) {
		words = append(words, word.FindAllString(m[1], -1)...)
	}
	return words
}

// settingsRows are the settings in the first column of a page's table of them.
func settingsRows(page string) []string {
	var keys []string
	inside := false
	for line := range strings.SplitSeq(page, "\n") {
		switch {
		case !strings.HasPrefix(line, "|"):
			inside = false
		case strings.HasPrefix(line, "| setting |"):
			inside = true
		case inside:
			first, _, _ := strings.Cut(line[1:], "|")
			for _, m := range regexp.MustCompile("`([a-z0-9_]+)`").FindAllStringSubmatch(first, -1) {
				keys = append(keys, m[1])
			}
		}
	}
	return keys
}
