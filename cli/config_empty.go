package cli

import (
	"cmp"
	"slices"

	"go.yaml.in/yaml/v3"

	"usher/idp/entra"
	"usher/idp/google"
	"usher/idp/ldap"
	"usher/idp/okta"
)

// fillEmpty makes the providers whose sections stand in the file with nothing in them, so that what they lack is told. What has a
// name of its own cannot be made without one.
func (c *Config) fillEmpty(data []byte) {
	var sections map[string]yaml.Node
	_ = yaml.Unmarshal(data, &sections) // What is no YAML has been told.
	if _, there := sections[entra.Name]; there {
		c.entra()
	}
	if _, there := sections[google.Name]; there {
		c.google()
	}
	if _, there := sections[ldap.Name]; there {
		c.ldap()
	}
	for section, n := range map[string]int{"scim": len(c.SCIM), "webhook": len(c.Webhook)} {
		if _, there := sections[section]; there && n == 0 {
			c.hollow = append(c.hollow, section)
		}
	}
	slices.Sort(c.hollow)
	for name, s := range c.SCIM {
		c.SCIM[name] = cmp.Or(s, &SCIMConfig{})
	}
	for name, w := range c.Webhook {
		c.Webhook[name] = cmp.Or(w, &WebhookConfig{})
	}
}

// checkHollow tells which sections have nothing under them.
func (c *Config) checkHollow() []error {
	about := ""
	if !c.Okta.there() {
		about = okta.Name // The one that is asked for where there is no other.
	}
	var problems []error
	for _, section := range c.hollow {
		what := map[string]string{"scim": "server", "webhook": "receiver"}[section]
		problems = append(problems, &problem{about, section + " has nothing under it", "name a " + what + " under it, as usher serve -example shows, or take it out"})
	}
	return problems
}
