package bot

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"usher/access"
	"usher/catalog"
)

// Action ids of buttons and inputs. They are part of what lies in Slack for months: never reuse one with another meaning.
const (
	actionApprove     = "approve"
	actionDeny        = "deny"
	actionCancel      = "cancel"
	actionRelease     = "release"
	actionExtend      = "extend"
	actionAdmin       = "admin" // Overflow menu; the value says what.
	actionPage        = "page"
	actionPagePrev    = "page_prev"
	actionRequest     = "request"
	actionLink        = "link" // A button that only opens an address.
	actionEntitlement = "entitlement"
	actionSuggestion  = "suggestion" // Followed by a number.
	actionDuration    = "duration"
	actionReason      = "reason"
	actionHomeSearch  = "home_search"
	actionRevoke      = "revoke"
	actionHolder      = "holder"
	actionGrant       = "grant"
	actionDiscover    = "discover"
	actionSuggest     = "suggest" // The value is the group.
)

// Callback ids of views and shortcuts.
const (
	callbackForm     = "access_form"
	callbackDeny     = "access_deny"
	callbackRevoke   = "access_revoke"
	callbackHolder   = "access_holder"
	callbackDone     = "access_done"
	callbackShortcut = "request_access" // Of the manifest.
)

// Block ids of inputs. The length's block carries the entitlement, so that Slack does not keep the choice made for
// another one.
const (
	blockEntitlement = "entitlement"
	blockDuration    = "duration"
	blockReason      = "reason"
	blockHolder      = "holder"
	blockGrant       = "grant" // Followed by the holder.
)

// idSize is the length of request and grant ids.
const idSize = 26

// parseID accepts exactly the form of the ids that the core makes.
func parseID(s string) (string, bool) {
	if len(s) != idSize {
		return "", false
	}
	for i := range len(s) {
		if !strings.Contains("0123456789abcdefghjkmnpqrstvwxyz", s[i:i+1]) {
			return "", false
		}
	}
	return s, true
}

// parseEntitlement accepts the form of catalog ids.
func parseEntitlement(s string) (catalog.EntitlementID, bool) {
	if s == "" || len(s) > 150 {
		return "", false
	}
	for i := range len(s) {
		c := s[i]
		if !(c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-' || c == '_' || c == '.') {
			return "", false
		}
	}
	return catalog.EntitlementID(s), true
}

// metaVersion is raised whenever meta changes its meaning; views of another version are refused with a sentence.
const metaVersion = 1

// metaMax is Slack's limit for private_metadata.
const metaMax = 3000

var errMeta = errors.New("this form is of another version of Usher; please close it and open it again")

// meta is what a view carries through Slack. Nothing in it gives a right: the core checks everything anew.
type meta struct {
	Version int `json:"v"`
	// Key is the idempotency key of a form.
	Key string `json:"k,omitempty"`
	// Entitlement is the one that the form was drawn for, Block the block that holds its search.
	Entitlement catalog.EntitlementID `json:"e,omitempty"`
	Block       string                `json:"b,omitempty"`
	// Request, Grant and Origin belong to dialogs: what was clicked, and where.
	Request access.RequestID  `json:"r,omitempty"`
	Grant   access.GrantID    `json:"g,omitempty"`
	Message access.MessageRef `json:"m,omitzero"`
	Home    bool              `json:"h,omitempty"`
	Step    int               `json:"s,omitempty"` // As in access.Origin.
}

func (m meta) encode() string {
	m.Version = metaVersion
	b, err := json.Marshal(m)
	if err != nil { // Strings and a bool always encode.
		return ""
	}
	return string(b)
}

// parseMeta reads what encode wrote and accepts nothing else.
func parseMeta(s string) (meta, error) {
	if len(s) > metaMax {
		return meta{}, errMeta
	}
	d := json.NewDecoder(strings.NewReader(s))
	d.DisallowUnknownFields()
	var m meta
	if err := d.Decode(&m); err != nil || m.Version != metaVersion {
		return meta{}, errMeta
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) { // Something follows.
		return meta{}, errMeta
	}
	ok := len(m.Key) <= 64 && len(m.Block) <= 200 && len(m.Message.Channel) <= 40 && len(m.Message.TS) <= 40 && m.Step >= 0 && m.Step <= 99
	if m.Entitlement != "" {
		_, fits := parseEntitlement(string(m.Entitlement))
		ok = ok && fits
	}
	for _, id := range []string{string(m.Request), string(m.Grant)} {
		if id != "" {
			_, fits := parseID(id)
			ok = ok && fits
		}
	}
	if !ok {
		return meta{}, errMeta
	}
	return m, nil
}

// newKey makes the idempotency key of a form.
func newKey() string {
	b := make([]byte, 12)
	_, _ = rand.Read(b) // Never fails since Go 1.24.
	return hex.EncodeToString(b)
}

// durationValue and parseDuration carry a length through an option's value.
func durationValue(d catalog.Duration) string { return d.Text() }

func parseDuration(s string) (catalog.Duration, error) {
	d, err := catalog.ParseDuration(s)
	if err != nil {
		return access.NotChosen, fmt.Errorf("read length: %w", err)
	}
	return d, nil
}
