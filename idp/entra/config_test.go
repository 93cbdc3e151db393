package entra

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"
)

const (
	someTenant = "00000000-1111-4222-8333-444444444444"
	someClient = "55555555-1111-4222-8333-444444444444"
	someSecret = "a~secret.never-to-be-seen"
)

func TestNewChecksEverything(t *testing.T) {
	t.Parallel()
	good := Config{TenantID: someTenant, ClientID: someClient, ClientSecret: someSecret}
	for _, c := range []struct {
		name   string
		change func(*Config)
		want   string // part of the error; empty: accepted
	}{
		{"global cloud", func(*Config) {}, ""},
		{"US government", func(c *Config) { c.GraphURL = "https://graph.microsoft.us/" }, ""},
		{"China with its authority", func(c *Config) {
			c.GraphURL, c.AuthorityURL = "https://microsoftgraph.chinacloudapi.cn", "https://login.chinacloudapi.cn"
		}, ""},
		{"managed identity", func(c *Config) { *c = Config{ManagedIdentity: true} }, ""},
		{"a cloud with another's authority", func(c *Config) { c.AuthorityURL = "https://login.microsoftonline.us" }, "tokens for graph.microsoft.com come from login.microsoftonline.com"},
		{"another host", func(c *Config) { c.GraphURL = "https://graph.microsoft.com.evil.example" }, "no root of Microsoft Graph"},
		{"another host although insecure", func(c *Config) { c.GraphURL, c.InsecureHTTP = "https://evil.example", true }, "on this machine itself only"},
		{"plain http", func(c *Config) { c.GraphURL = "http://graph.microsoft.com" }, "plain http is refused"},
		{"plain http elsewhere although insecure", func(c *Config) { c.GraphURL, c.InsecureHTTP = "http://graph.microsoft.com", true }, "this machine itself only"},
		{"an authority elsewhere", func(c *Config) {
			c.GraphURL, c.AuthorityURL, c.InsecureHTTP = "http://127.0.0.1:1", "https://login.microsoftonline.com", true
		}, "authority url"},
		{"a path", func(c *Config) { c.GraphURL = "https://graph.microsoft.com/v1.0" }, "scheme and host only"},
		{"credentials in the address", func(c *Config) { c.GraphURL = "https://a:b@graph.microsoft.com" }, "scheme and host only"},
		{"a port", func(c *Config) { c.GraphURL = "https://graph.microsoft.com:8443" }, "no port"},
		{"another scheme", func(c *Config) { c.GraphURL = "ftp://graph.microsoft.com" }, "not https"},
		{"no credentials", func(c *Config) { c.ClientSecret = "" }, "exactly one of"},
		{"two credentials", func(c *Config) { c.ManagedIdentity = true }, "exactly one of"},
		{"no tenant", func(c *Config) { c.TenantID = "contoso.onmicrosoft.com" }, "tenant id"},
		{"no client", func(c *Config) { c.ClientID = "usher" }, "client id"},
		{"no certificate", func(c *Config) { c.ClientSecret, c.CertificatePEM = "", "-----BEGIN RUBBISH-----" }, "certificate"},
		{"reserve", func(c *Config) { c.Reserve = 1 }, "reserve"},
		{"timeout", func(c *Config) { c.Timeout = -time.Second }, "timeout"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			cfg := good
			c.change(&cfg)
			p, err := New(cfg)
			switch {
			case c.want == "" && err != nil:
				t.Fatalf("refused: %v", err)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
				t.Fatalf("got %v, want an error with %q", err, c.want)
			case err != nil && strings.Contains(err.Error(), someSecret):
				t.Fatalf("the error shows the secret: %v", err)
			}
			if p != nil {
				p.Close()
				p.Close()
			}
		})
	}
}

func TestEveryProblemIsToldAtOnce(t *testing.T) {
	t.Parallel()
	_, err := New(Config{GraphURL: "nonsense", Reserve: 2, Timeout: -1})
	for _, want := range []string{"graph url", "credentials", "reserve", "timeout"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not tell of %s", err, want)
		}
	}
}

func TestPrintingShowsNoSecret(t *testing.T) {
	t.Parallel()
	cfg := Config{TenantID: someTenant, ClientID: someClient, ClientSecret: someSecret}
	p, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	text, _ := cfg.ClientSecret.MarshalText()
	for _, shown := range []string{
		fmt.Sprint(cfg), fmt.Sprintf("%+v", cfg), fmt.Sprintf("%#v", cfg), string(text), cfg.ClientSecret.LogValue().String(), fmt.Sprintf("%+v", p.cfg), fmt.Sprintf("%#v", p.cfg),
	} {
		if strings.Contains(shown, someSecret) {
			t.Errorf("shows the secret: %s", shown)
		}
	}
	if Secret("").String() != "" {
		t.Error("an empty secret is not shown as empty")
	}
}

func TestATokenSourceThatFailsIsNotShown(t *testing.T) {
	t.Parallel()
	v := serve(t, nil)
	p := connect(t, v.URL, func(c *Config) {
		c.TokenSource = func(context.Context) (string, time.Time, error) {
			return "", time.Time{}, fmt.Errorf("boom %s", someSecret)
		}
	})
	_, err := p.User(t.Context(), ada)
	if err == nil || strings.Contains(err.Error(), someSecret) || v.count("") != 0 {
		t.Fatalf("%v, %d calls", err, v.count(""))
	}
	bad := connect(t, v.URL, func(c *Config) {
		c.TokenSource = func(context.Context) (string, time.Time, error) {
			return "two\r\nlines", time.Now().Add(time.Hour), nil
		}
	})
	if _, err := bad.User(t.Context(), ada); err == nil || v.count("") != 0 {
		t.Fatalf("a token of two lines is sent: %v", err)
	}
}
