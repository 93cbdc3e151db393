package rest

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
)

// ParseBase checks an address below which an API lives, and returns it without a slash at its end. Only https is accepted;
// plain http if insecure is set, and that only to this machine itself. An address with credentials, query or fragment is
// refused. The error is one line and does not repeat the address.
func ParseBase(raw string, insecure bool) (*url.URL, error) {
	u, err := url.Parse(strings.TrimRight(strings.TrimSpace(raw), "/"))
	if err != nil {
		return nil, errors.New("not an address")
	}
	host := strings.ToLower(u.Hostname())
	switch {
	case u.Scheme == "" || host == "" || u.Opaque != "":
		return nil, errors.New("scheme and host are required")
	case u.User != nil:
		return nil, errors.New("must not hold credentials")
	case u.RawQuery != "" || u.Fragment != "":
		return nil, errors.New("must not hold a query or fragment")
	case strings.ContainsAny(host, "{}<>"):
		return nil, errors.New("still holds a placeholder")
	case u.Scheme == "https":
	case u.Scheme != "http":
		return nil, fmt.Errorf("scheme %q is not https", u.Scheme)
	case !insecure:
		return nil, errors.New("plain http is refused, use https")
	case !IsLoopback(host):
		return nil, errors.New("plain http is allowed to this machine itself only")
	}
	u.Host = strings.ToLower(u.Host)
	return u, nil
}

// IsLoopback reports whether the host without port is this machine itself.
func IsLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
