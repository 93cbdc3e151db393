package ldap

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"log/slog"
	"strings"
)

// Secret is a credential. Every way of printing it hides its value.
type Secret string

const hidden = "[hidden]"

// String hides the value.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return hidden
}

// GoString hides the value in %#v.
func (s Secret) GoString() string { return `"` + s.String() + `"` }

// MarshalText hides the value in JSON, YAML and the like.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// LogValue hides the value in structured logs.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// credentials are what an opened connection signs in with. The password is behind a function, because printing a struct
// goes through hidden fields without asking the types how.
type credentials struct {
	name     string
	password func() string
	external bool // the client certificate is the credential
}

// take moves the credentials out of the configuration.
func (s *settings) take() credentials {
	password := string(s.Password)
	s.Password, s.KeyPEM = "", ""
	return credentials{name: s.BindDN, password: func() string { return password }, external: s.external}
}

// checkCredentials makes the TLS configuration, too, of which a client certificate is a part.
func (s *settings) checkCredentials() error {
	s.tls = &tls.Config{MinVersion: tls.VersionTLS12}
	var problems []error
	if s.RootsPEM != "" {
		s.tls.RootCAs = x509.NewCertPool()
		if !s.tls.RootCAs.AppendCertsFromPEM([]byte(s.RootsPEM)) {
			problems = append(problems, errors.New("roots: no certificate in PEM form"))
		}
	}
	certificate := s.CertificatePEM != "" || s.KeyPEM != ""
	switch {
	case certificate && (s.BindDN != "" || s.Password != ""):
		problems = append(problems, errors.New("credentials: give either a bind DN with password or a client certificate, not both"))
	case certificate:
		pair, err := tls.X509KeyPair([]byte(s.CertificatePEM), []byte(s.KeyPEM))
		if err != nil {
			problems = append(problems, errors.New("credentials: certificate and key are not a pair in PEM form"))
		}
		s.tls.Certificates = []tls.Certificate{pair}
		s.external = true
		if s.InsecurePlain {
			problems = append(problems, errors.New("credentials: a client certificate needs an encrypted connection"))
		}
	case s.BindDN == "":
		problems = append(problems, errors.New("credentials: a bind DN with password, or a client certificate, is required"))
	case strings.TrimSpace(string(s.Password)) == "":
		// A bind without a password succeeds as nobody (RFC 4513, 5.1.2), which would look like an empty directory.
		problems = append(problems, errors.New("credentials: the password is empty"))
	case strings.ContainsAny(string(s.Password), "\r\n\x00"):
		problems = append(problems, errors.New("credentials: the password holds a line break, probably from the file that it was read from"))
	}
	return errors.Join(problems...)
}
