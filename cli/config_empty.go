package cli

import (
	"cmp"

	"go.yaml.in/yaml/v3"

	"usher/idp/entra"
	"usher/idp/google"
	"usher/idp/ldap"
)

// fillEmpty makes the providers whose sections stand in the file with nothing in them, so that what they lack is told.
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
	for name, s := range c.SCIM {
		c.SCIM[name] = cmp.Or(s, &SCIMConfig{})
	}
	for name, w := range c.Webhook {
		c.Webhook[name] = cmp.Or(w, &WebhookConfig{})
	}
}
