package entra

import "log/slog"

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
