package cli

import "cmp"

// The stand-ins for the secrets of webhooks: well-formed, and as different as those have to be.
const (
	standInSecret   = "whsec_c3RhbmQtaW4tZm9yLXRoaXMtc2VjcmV0"
	standInOld      = "whsec_c3RhbmQtaW4tZm9yLXRoZS1vbGQtb25l"
	standInCallback = "whsec_c3RhbmQtaW4tZm9yLWNhbGxzLWJhY2st"
)

// standIn puts what is well-formed in the place of secrets whose files could not be read: that has been told, and the
// providers complain of other things then. Where another way to sign in needs no form, the provider gets that.
func (c *Config) standIn() {
	if c.Entra != nil {
		e := *c.Entra
		if e.Certificate == unread && e.ClientSecret == "" {
			e.ClientSecret, e.Certificate = unread, ""
		}
		c.Entra = &e
	}
	if c.Google != nil {
		g := *c.Google
		if g.Credentials == unread && !g.Ambient {
			g.Ambient, g.Credentials, g.ServiceAccount = true, "", cmp.Or(g.ServiceAccount, "stand-in@google.invalid")
		}
		c.Google = &g
	}
	if c.LDAP != nil {
		l := c.LDAP.standIn()
		c.LDAP = &l
	}
	hooks := make(map[string]*WebhookConfig, len(c.Webhook))
	for name, w := range c.Webhook {
		hook := *w
		for secret, standIn := range map[*Secret]Secret{&hook.Secret: standInSecret, &hook.OldSecret: standInOld, &hook.CallbackSecret: standInCallback} {
			if *secret == unread {
				*secret = standIn
			}
		}
		hooks[name] = &hook
	}
	c.Webhook = hooks
}

func (c OktaConfig) standIn() OktaConfig {
	switch {
	case c.Token == "" && !c.serviceApp():
		c.Token = unread
	case c.PrivateKey == unread && c.Token == "":
		c.Token, c.ClientID, c.KeyID, c.PrivateKey = unread, "", "", ""
	}
	return c
}

func (c LDAPConfig) standIn() LDAPConfig {
	if c.Roots == unread {
		c.Roots = ""
	}
	if (c.Certificate == unread || c.Key == unread) && c.BindDN == "" && c.Password == "" {
		c.BindDN, c.Password, c.Certificate, c.Key = "cn=stand-in", unread, "", ""
	}
	return c
}
