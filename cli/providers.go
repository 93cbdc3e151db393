package cli

import (
	"errors"
	"log/slog"
	"net/http"
	"strings"

	"usher/access"
	"usher/idp"
	"usher/idp/entra"
	"usher/idp/google"
	"usher/idp/ldap"
	"usher/idp/okta"
	"usher/idp/rest"
	"usher/idp/scim"
	"usher/idp/webhook"
)

// provider is what the program needs of an identity provider beside the seam itself.
type provider interface {
	idp.Provider
	idp.Checker
	// Close lets go of the connections.
	Close()
}

// calledBack is a provider that may be called from outside about the changes that it was sent.
type calledBack interface {
	// Callback returns the handler for such calls, which believes nobody without a proof. Its path is the caller's choice.
	Callback() http.Handler
}

var _ calledBack = (*webhook.Provider)(nil)

// openProviders makes the providers that are configured. None of them does I/O yet. Those without a problem are there.
func (a *App) openProviders(cfg Config, log *slog.Logger) (map[string]provider, error) {
	made := map[string]provider{}
	var problems []error
	for _, name := range cfg.configured() {
		p, err := a.openProvider(name, cfg, log)
		if err != nil {
			problems = append(problems, about(name, err))
			continue
		}
		made[name] = p
	}
	return made, errors.Join(problems...)
}

func (a *App) openProvider(name string, cfg Config, log *slog.Logger) (provider, error) {
	switch name {
	case entra.Name:
		return a.openEntra(*cfg.Entra, log)
	case google.Name:
		return a.openGoogle(*cfg.Google, log)
	case ldap.Name:
		return a.openLDAP(*cfg.LDAP, log)
	}
	if s := cfg.SCIM[name]; s != nil {
		return a.openSCIM(name, *s, log)
	}
	if w := cfg.Webhook[name]; w != nil {
		return a.openWebhook(name, *w, log)
	}
	return okta.New(okta.Config{
		URL: cfg.Okta.URL, Token: okta.Secret(cfg.Okta.Token), ClientID: cfg.Okta.ClientID, KeyID: cfg.Okta.KeyID,
		PrivateKeyPEM: okta.Secret(cfg.Okta.PrivateKey), Scopes: cfg.Okta.Scopes, EmailAttribute: cfg.Okta.EmailAttribute,
		Now: a.Now, InsecureHTTP: loopbackURL(cfg.Okta.URL), UserAgent: userAgent(), Reserve: reserve(cfg.Okta.Reserve), Logger: log, Dial: a.Dial,
	})
}

func (a *App) openEntra(c EntraConfig, log *slog.Logger) (provider, error) {
	return entra.New(entra.Config{
		TenantID: c.TenantID, ClientID: c.ClientID, ClientSecret: entra.Secret(c.ClientSecret), CertificatePEM: entra.Secret(c.Certificate),
		ManagedIdentity: c.ManagedIdentity, GraphURL: c.GraphURL, AuthorityURL: c.AuthorityURL, SignInActivity: c.SignInActivity,
		InsecureHTTP: loopbackURL(c.GraphURL), Now: a.Now, Logger: log, Dial: a.Dial,
	})
}

func (a *App) openGoogle(c GoogleConfig, log *slog.Logger) (provider, error) {
	return google.New(google.Config{
		Credentials: rest.Secret(c.Credentials), Ambient: c.Ambient, ServiceAccount: c.ServiceAccount, Subject: c.Subject, URL: c.URL,
		SuspendedMeansDeparted: c.SuspendedMeansDeparted, PerMinute: c.PerMinute, InsecureHTTP: loopbackURL(c.URL), UserAgent: userAgent(),
		Now: a.Now, Logger: log, Dial: a.Dial,
	})
}

func (a *App) openLDAP(c LDAPConfig, log *slog.Logger) (provider, error) {
	schema := ldap.Schema(c.Schema)
	if c.Schema == "" {
		schema = ldap.OpenLDAP
	}
	plain := len(c.URLs) > 0
	for _, u := range c.URLs {
		plain = plain && loopbackURL("http"+strings.TrimPrefix(u, "ldap"))
	}
	return ldap.New(ldap.Config{
		URLs: c.URLs, Schema: schema, BaseDN: c.BaseDN, UserBase: c.UserBase, GroupBase: c.GroupBase, UserFilter: c.UserFilter,
		BindDN: c.BindDN, Password: ldap.Secret(c.Password), CertificatePEM: string(c.Certificate), KeyPEM: ldap.Secret(c.Key), RootsPEM: string(c.Roots),
		InsecurePlain: plain, EmailAttribute: c.EmailAttribute, LoginAttribute: c.LoginAttribute, DepartmentAttribute: c.DepartmentAttribute,
		ManagerAttribute: c.ManagerAttribute, Attributes: c.Attributes, DisabledFilter: c.DisabledFilter, Placeholder: c.Placeholder,
		PageSize: c.PageSize, Timeout: c.Timeout, Now: a.Now, Logger: log, Dial: a.Dial,
	})
}

func (a *App) openSCIM(name string, c SCIMConfig, log *slog.Logger) (provider, error) {
	return scim.New(scim.Config{
		Name: name, URL: c.URL, Token: rest.Secret(c.Token),
		OAuth: scim.OAuth{
			TokenURL: c.OAuth.TokenURL, ClientID: c.OAuth.ClientID, ClientSecret: rest.Secret(c.OAuth.ClientSecret),
			SecretInBody: c.OAuth.SecretInBody, Scope: c.OAuth.Scope,
		},
		FindBy: c.FindBy, MembersFrom: scim.Source(c.MembersFrom), MemberAttribute: c.MemberAttribute, Remove: scim.RemoveForm(c.Remove),
		CapitalOps: c.CapitalOps, PlainJSON: c.PlainJSON, NoVersions: c.NoVersions, NoAttributes: c.NoAttributes, BareNotFound: c.BareNotFound,
		CursorPages: c.CursorPages, InactiveMeansSuspended: c.InactiveMeansSuspended, PageSize: c.PageSize, PerMinute: c.PerMinute,
		Timeout: c.Timeout, InsecureHTTP: loopbackURL(c.URL), UserAgent: userAgent(), Now: a.Now, Logger: log, Dial: a.Dial,
	})
}

func (a *App) openWebhook(name string, c WebhookConfig, log *slog.Logger) (provider, error) {
	return webhook.New(webhook.Config{
		Name: name, URL: c.URL, Secret: rest.Secret(c.Secret), OldSecret: rest.Secret(c.OldSecret),
		CallbackSecret: rest.Secret(c.CallbackSecret), UserIDs: c.UserIDs, GroupIDs: c.GroupIDs, Wait: c.Wait, PerMinute: c.PerMinute,
		Timeout: c.Timeout, InsecureHTTP: loopbackURL(c.URL), UserAgent: userAgent(), Now: a.Now, Logger: log, Dial: a.Dial,
	})
}

// forCore hands the providers to the core.
func forCore(made map[string]provider) map[string]idp.Provider {
	out := make(map[string]idp.Provider, len(made))
	for name, p := range made {
		out[name] = p
	}
	return out
}

// accounts are the mapped accounts as the core spells them.
func (c IdentityConfig) accounts() map[string]map[idp.UserID]idp.UserID {
	out := map[string]map[idp.UserID]idp.UserID{}
	for p, pairs := range c.Accounts {
		out[p] = map[idp.UserID]idp.UserID{}
		for user, account := range pairs {
			out[p][idp.UserID(user)] = idp.UserID(account)
		}
	}
	return out
}

// people are the pairs of Slack and directory ids as the core spells them.
func (c IdentityConfig) people() map[access.SlackID]idp.UserID {
	out := map[access.SlackID]idp.UserID{}
	for slackID, user := range c.People {
		out[access.SlackID(slackID)] = idp.UserID(user)
	}
	return out
}

// title is what people call a provider.
func title(name string) string {
	switch name {
	case okta.Name:
		return "Okta"
	case entra.Name:
		return "Entra ID"
	case google.Name:
		return "Google Workspace"
	case ldap.Name:
		return "the LDAP directory"
	}
	return name
}

// knownProviders are the names of those that this program can be wired with.
func knownProviders() []string { return []string{entra.Name, google.Name, ldap.Name, okta.Name} }
