package google

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"net/url"
	"slices"
	"strings"
)

// keyFile is a credentials file, as far as it is read here.
type keyFile struct {
	Type          string `json:"type"`
	ClientEmail   string `json:"client_email"`
	PrivateKeyID  string `json:"private_key_id"`
	PrivateKey    string `json:"private_key"`
	TokenURI      string `json:"token_uri"`
	TokenURL      string `json:"token_url"`
	Universe      string `json:"universe_domain"`
	Impersonation string `json:"service_account_impersonation_url"`
	Source        struct {
		Executable json.RawMessage `json:"executable"`
	} `json:"credential_source"`
}

// readFile takes the credentials file apart. Addresses in it could send what it holds elsewhere, so they are compared with
// Google's.
func (s *signer) readFile(cfg Config) []error {
	var f keyFile
	if json.Unmarshal([]byte(cfg.Credentials), &f) != nil {
		return []error{errors.New("credentials: not a credentials file of Google (JSON)")}
	}
	if f.Universe != "" && f.Universe != "googleapis.com" {
		return []error{errors.New("credentials: another universe than googleapis.com is not supported")}
	}
	switch f.Type {
	case "service_account":
		return s.readKey(cfg, f)
	case "external_account":
		return s.readExternal(cfg, f)
	case "":
		return []error{errors.New("credentials: the file does not say its type")}
	default:
		return []error{errors.New("credentials: only the types service_account and external_account are supported")}
	}
}

func (s *signer) readKey(cfg Config, f keyFile) []error {
	var problems []error
	if !isAddress(f.ClientEmail) {
		problems = append(problems, errors.New("credentials: client_email is missing"))
	}
	if cfg.ServiceAccount != "" && cfg.ServiceAccount != f.ClientEmail {
		problems = append(problems, errors.New("service account: differs from that of the credentials file"))
	}
	if f.TokenURI != "" && !slices.Contains(tokenAddresses(s.at), f.TokenURI) {
		problems = append(problems, errors.New("credentials: token_uri is not Google's"))
	}
	key, err := parseKey(f.PrivateKey)
	if err != nil {
		problems = append(problems, err)
	}
	s.email, s.keyID, s.key = f.ClientEmail, f.PrivateKeyID, key
	return problems
}

// tokenAddresses are the addresses that Google has put into key files over the years; all mean the one that is used.
func tokenAddresses(at addresses) []string {
	return []string{at.token.String(), "https://oauth2.googleapis.com/token", "https://accounts.google.com/o/oauth2/token", "https://www.googleapis.com/oauth2/v4/token"}
}

var errKey = errors.New("credentials: private_key is not an RSA key of at least 2048 bits in PEM")

func parseKey(text string) (*rsa.PrivateKey, error) {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, errKey
	}
	key, err := x509.ParsePKCS1PrivateKey(block.Bytes)
	if err != nil {
		parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
		if err != nil {
			return nil, errKey
		}
		var is bool
		if key, is = parsed.(*rsa.PrivateKey); !is {
			return nil, errKey
		}
	}
	if key.N.BitLen() < 2048 {
		return nil, errKey
	}
	return key, nil
}

func (s *signer) readExternal(cfg Config, f keyFile) []error {
	var problems []error
	if !isAt(f.TokenURL, "sts.googleapis.com", s.at) {
		problems = append(problems, errors.New("credentials: token_url is not that of Google's Security Token Service"))
	}
	if f.Impersonation != "" && !isAt(f.Impersonation, "iamcredentials.googleapis.com", s.at) {
		problems = append(problems, errors.New("credentials: service_account_impersonation_url is not Google's"))
	}
	if len(f.Source.Executable) > 0 {
		problems = append(problems, errors.New("credentials: a program as source of tokens is not supported"))
	}
	if s.email == "" {
		_, rest, _ := strings.Cut(f.Impersonation, "/serviceAccounts/")
		s.email, _, _ = strings.Cut(rest, ":")
	}
	s.ambient = newAmbient(cfg, cfg.Credentials)
	return problems
}

// isAt reports whether an address is on the host over https, or on the machine that stands in for Google.
func isAt(raw, host string, at addresses) bool {
	u, err := url.Parse(raw)
	if err != nil || u.User != nil {
		return false
	}
	return u.Scheme == "https" && u.Host == host || at.iam.Host != "iamcredentials.googleapis.com" && u.Scheme == at.iam.Scheme && u.Host == at.iam.Host
}
