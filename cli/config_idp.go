package cli

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"usher/idp/entra"
	"usher/idp/google"
	"usher/idp/ldap"
	"usher/idp/okta"
)

// EntraConfig is a tenant of Microsoft Entra ID.
type EntraConfig struct {
	TenantID         string `yaml:"tenant_id"`
	ClientID         string `yaml:"client_id"`
	ClientSecretFile string `yaml:"client_secret_file"`
	CertificateFile  string `yaml:"certificate_file"`
	ManagedIdentity  bool   `yaml:"managed_identity"`
	GraphURL         string `yaml:"graph_url"`
	AuthorityURL     string `yaml:"authority_url"`
	SignInActivity   bool   `yaml:"sign_in_activity"`
	ClientSecret     Secret `yaml:"-"`
	Certificate      Secret `yaml:"-"`
}

// GoogleConfig is a customer of Google Workspace.
type GoogleConfig struct {
	CredentialsFile        string `yaml:"credentials_file"`
	Ambient                bool   `yaml:"ambient"`
	ServiceAccount         string `yaml:"service_account"`
	Subject                string `yaml:"subject"`
	URL                    string `yaml:"url"`
	SuspendedMeansDeparted bool   `yaml:"suspended_means_departed"`
	PerMinute              int    `yaml:"per_minute"`
	Credentials            Secret `yaml:"-"`
}

// LDAPConfig is an LDAP directory or an Active Directory domain. What the fields mean stands in docs/providers/ldap.md.
type LDAPConfig struct {
	URLs                []string      `yaml:"urls"`
	Schema              string        `yaml:"schema"`
	BaseDN              string        `yaml:"base_dn"`
	UserBase            string        `yaml:"user_base"`
	GroupBase           string        `yaml:"group_base"`
	UserFilter          string        `yaml:"user_filter"`
	BindDN              string        `yaml:"bind_dn"`
	PasswordFile        string        `yaml:"password_file"`
	CertificateFile     string        `yaml:"certificate_file"`
	KeyFile             string        `yaml:"key_file"`
	RootsFile           string        `yaml:"roots_file"`
	EmailAttribute      string        `yaml:"email_attribute"`
	LoginAttribute      string        `yaml:"login_attribute"`
	DepartmentAttribute string        `yaml:"department_attribute"`
	ManagerAttribute    string        `yaml:"manager_attribute"`
	Attributes          []string      `yaml:"attributes"`
	DisabledFilter      string        `yaml:"disabled_filter"`
	Placeholder         string        `yaml:"placeholder"`
	PageSize            int           `yaml:"page_size"`
	Timeout             time.Duration `yaml:"timeout"`
	Password            Secret        `yaml:"-"`
	Certificate         Secret        `yaml:"-"`
	Key                 Secret        `yaml:"-"`
	Roots               Secret        `yaml:"-"`
}

// configured are the providers that the settings know, in the order of the alphabet. Okta is one unless another is named
// and Okta is not, so that a file without any is asked for Okta's settings.
func (c *Config) configured() []string {
	there := map[string]bool{entra.Name: c.Entra != nil, google.Name: c.Google != nil, ldap.Name: c.LDAP != nil}
	others := slices.Contains(slices.Collect(maps.Values(there)), true) || len(c.SCIM)+len(c.Webhook) > 0
	there[okta.Name] = !others || c.Okta.there()
	list := slices.DeleteFunc(slices.Sorted(maps.Keys(there)), func(n string) bool { return !there[n] })
	return append(list, c.apps()...)
}

// there tells whether anything of an org is configured.
func (c OktaConfig) there() bool {
	return c.URL != "" || c.Token != "" || c.TokenFile != "" || c.serviceApp()
}

// serviceApp tells whether anything of a service app is configured.
func (c OktaConfig) serviceApp() bool {
	return c.ClientID != "" || c.KeyID != "" || c.PrivateKey != "" || c.PrivateKeyFile != ""
}

func (c *Config) has(provider string) bool { return slices.Contains(c.configured(), provider) }

// people is the provider that knows the people.
func (c *Config) people() string {
	if list := c.configured(); c.Directory == "" && len(list) == 1 {
		return list[0]
	}
	return c.Directory
}

func (c *Config) entra() *EntraConfig {
	if c.Entra == nil {
		c.Entra = &EntraConfig{}
	}
	return c.Entra
}

func (c *Config) google() *GoogleConfig {
	if c.Google == nil {
		c.Google = &GoogleConfig{}
	}
	return c.Google
}

func (c *Config) ldap() *LDAPConfig {
	if c.LDAP == nil {
		c.LDAP = &LDAPConfig{}
	}
	return c.LDAP
}

// providerSettings are the environment variables of the providers.
func providerSettings() []setting {
	return []setting{
		{"USHER_DIRECTORY", func(c *Config, v string) { c.Directory = v }},
		{"USHER_OKTA_URL", func(c *Config, v string) { c.Okta.URL = v }},
		{"USHER_OKTA_TOKEN", func(c *Config, v string) { c.Okta.Token = Secret(v) }},
		{"USHER_OKTA_CLIENT_ID", func(c *Config, v string) { c.Okta.ClientID = v }},
		{"USHER_OKTA_KEY_ID", func(c *Config, v string) { c.Okta.KeyID = v }},
		{"USHER_OKTA_PRIVATE_KEY", func(c *Config, v string) { c.Okta.PrivateKey = Secret(v) }},
		{"USHER_ENTRA_TENANT_ID", func(c *Config, v string) { c.entra().TenantID = v }},
		{"USHER_ENTRA_CLIENT_ID", func(c *Config, v string) { c.entra().ClientID = v }},
		{"USHER_ENTRA_CLIENT_SECRET", func(c *Config, v string) { c.entra().ClientSecret = Secret(v) }},
		{"USHER_ENTRA_GRAPH_URL", func(c *Config, v string) { c.entra().GraphURL = v }},
		{"USHER_ENTRA_AUTHORITY_URL", func(c *Config, v string) { c.entra().AuthorityURL = v }},
		{"USHER_GOOGLE_CREDENTIALS", func(c *Config, v string) { c.google().Credentials = Secret(v) }},
		{"USHER_GOOGLE_SUBJECT", func(c *Config, v string) { c.google().Subject = v }},
		{"USHER_GOOGLE_URL", func(c *Config, v string) { c.google().URL = v }},
		{"USHER_LDAP_URLS", func(c *Config, v string) { c.ldap().URLs = strings.Fields(v) }},
		{"USHER_LDAP_PASSWORD", func(c *Config, v string) { c.ldap().Password = Secret(v) }},
	}
}

// secretFile is a file with a secret, or with something beside one.
type secretFile struct {
	into             *Secret
	about, file, key string
}

// providerFiles are the files that the settings of the providers name.
func (c *Config) providerFiles() []secretFile {
	list := []secretFile{
		{&c.Okta.Token, okta.Name, c.Okta.TokenFile, "okta.token_file"},
		{&c.Okta.PrivateKey, okta.Name, c.Okta.PrivateKeyFile, "okta.private_key_file"},
	}
	if e := c.Entra; e != nil {
		list = append(list, secretFile{&e.ClientSecret, entra.Name, e.ClientSecretFile, "entra.client_secret_file"},
			secretFile{&e.Certificate, entra.Name, e.CertificateFile, "entra.certificate_file"})
	}
	if g := c.Google; g != nil {
		list = append(list, secretFile{&g.Credentials, google.Name, g.CredentialsFile, "google.credentials_file"})
	}
	if l := c.LDAP; l != nil {
		list = append(list, secretFile{&l.Password, ldap.Name, l.PasswordFile, "ldap.password_file"},
			secretFile{&l.Certificate, ldap.Name, l.CertificateFile, "ldap.certificate_file"},
			secretFile{&l.Key, ldap.Name, l.KeyFile, "ldap.key_file"}, secretFile{&l.Roots, ldap.Name, l.RootsFile, "ldap.roots_file"})
	}
	return append(list, c.appFiles()...)
}

// providerPaths are the paths in the settings of the providers.
func (c *Config) providerPaths() []*string {
	list := []*string{&c.Okta.TokenFile, &c.Okta.PrivateKeyFile}
	if e := c.Entra; e != nil {
		list = append(list, &e.ClientSecretFile, &e.CertificateFile)
	}
	if g := c.Google; g != nil {
		list = append(list, &g.CredentialsFile)
	}
	if l := c.LDAP; l != nil {
		list = append(list, &l.PasswordFile, &l.CertificateFile, &l.KeyFile, &l.RootsFile)
	}
	return append(list, c.appPaths()...)
}

// checkProviders looks at what the providers cannot judge by themselves.
func (c *Config) checkProviders() []error {
	var problems []error
	bad := func(about, text, fix string) { problems = append(problems, &problem{about, text, fix}) }
	problems = append(problems, c.checkHollow()...)
	if c.has(okta.Name) && (c.Okta.there() || len(c.hollow) == 0) {
		if c.Okta.URL == "" {
			bad(okta.Name, "the Okta org is missing", "set USHER_OKTA_URL or okta.url")
		}
		if c.Okta.Token == "" && !c.Okta.serviceApp() {
			bad(okta.Name, "the Okta token is missing", "set USHER_OKTA_TOKEN or okta.token_file; a service app has okta.client_id, key_id and private_key_file instead")
		}
		if !c.Okta.reserveFits() {
			bad(okta.Name, fmt.Sprintf("okta.reserve is %v", c.Okta.Reserve), "it is a share: at least 0 and below 1, such as 0.1")
		}
	}
	problems = append(problems, c.checkApps()...)
	problems = append(problems, c.checkCallers()...)
	names := strings.Join(c.configured(), ", ")
	switch people := c.people(); {
	case people == "":
		bad("", "several identity providers are configured, and directory does not say which of them knows the people", "set directory to one of "+names)
	case !c.has(people):
		bad("", fmt.Sprintf("directory is %q, which is not configured", people), "set directory to one of "+names)
	}
	for _, p := range slices.Sorted(maps.Keys(c.Identity.Accounts)) {
		if p == c.people() || !c.has(p) {
			bad("", fmt.Sprintf("identity.accounts names %q, which is not a configured provider beside the directory", p), "name one of "+names)
		}
		problems = append(problems, oneEach(p, c.Identity.Accounts[p])...)
	}
	return problems
}

// oneEach refuses two people with one account: the end of one's access would take away the other's.
func oneEach(provider string, accounts map[string]string) []error {
	owner := map[string]string{}
	var problems []error
	for _, user := range slices.Sorted(maps.Keys(accounts)) {
		account := accounts[user]
		if account == "" {
			problems = append(problems, &problem{"", fmt.Sprintf("identity.accounts names no account of %s for %s", provider, user), "write the id of the account, or leave the person out"})
			continue
		}
		if other, taken := owner[account]; taken {
			problems = append(problems, &problem{
				"", fmt.Sprintf("identity.accounts gives %s and %s the same account %s of %s", other, user, account, provider),
				"give each person an account of their own",
			})
		}
		owner[account] = user
	}
	return problems
}

// place is where a provider is, for people to read.
func (c *Config) place(provider string) string {
	switch provider {
	case entra.Name:
		return "tenant " + cmp.Or(c.Entra.TenantID, "of the managed identity")
	case google.Name:
		return cmp.Or(c.Google.URL, "Google Workspace") + " as " + cmp.Or(c.Google.Subject, c.Google.ServiceAccount, "the service account")
	case ldap.Name:
		return strings.Join(c.LDAP.URLs, ", ") + ", " + c.LDAP.BaseDN
	}
	if s := c.SCIM[provider]; s != nil {
		return s.URL
	}
	if w := c.Webhook[provider]; w != nil {
		return w.URL
	}
	return c.Okta.URL
}
