package webhook

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// The headers of the Standard Webhooks specification.
const (
	headerID        = "Webhook-Id"
	headerTimestamp = "Webhook-Timestamp"
	headerSignature = "Webhook-Signature"
)

// tolerance is how far a timestamp may be from the clock of who reads it.
const tolerance = 5 * time.Minute

// signer signs requests with one secret, or two while one is replaced. It is safe for concurrent use.
type signer struct {
	now func() time.Time
	// sign returns the signatures of a content. It is a function so that no way of printing shows the secrets.
	sign func(content []byte) string
}

func newSigner(now func() time.Time, secrets ...[]byte) *signer {
	return &signer{now: now, sign: func(content []byte) string {
		var all []string
		for _, secret := range secrets {
			if secret != nil {
				all = append(all, signature(secret, content))
			}
		}
		return strings.Join(all, " ")
	}}
}

func signature(secret, content []byte) string {
	mac := hmac.New(sha256.New, secret)
	mac.Write(content)
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// content is what a signature is about.
func content(id, timestamp string, body []byte) []byte {
	return append([]byte(id+"."+timestamp+"."), body...)
}

// Authorize sets the three headers. The id of a change comes with the context.
func (s *signer) Authorize(ctx context.Context, req *http.Request, scope string) error {
	var body []byte
	if req.GetBody != nil {
		r, err := req.GetBody()
		if err != nil {
			return errors.New("the body cannot be read")
		}
		defer func() { _ = r.Close() }()
		if body, err = io.ReadAll(r); err != nil {
			return errors.New("the body cannot be read")
		}
	}
	id := keyOf(ctx)
	if id == "" {
		id = readID(req)
	}
	timestamp := strconv.FormatInt(s.now().Unix(), 10)
	signed := content(id, timestamp, body)
	if scope == scopeForged {
		signed = append(signed, '!')
	}
	req.Header.Set(headerID, id)
	req.Header.Set(headerTimestamp, timestamp)
	req.Header.Set(headerSignature, s.sign(signed))
	return nil
}

// scopeForged asks for a wrong signature, by which Check sees whether the receiver looks at signatures.
const scopeForged = "forged"

// Rejected has nothing else to offer.
func (s *signer) Rejected(context.Context, string, string) bool { return false }

// readID makes the id of a request that changes nothing: it says what is asked.
func readID(req *http.Request) string {
	sum := sha256.Sum256([]byte(req.Method + " " + req.URL.RequestURI()))
	return "read_" + hex.EncodeToString(sum[:])[:32]
}

type keyKey struct{}

// withKey lets a request carry the id of a change.
func withKey(ctx context.Context, key string) context.Context {
	return context.WithValue(ctx, keyKey{}, key)
}

func keyOf(ctx context.Context) string {
	k, _ := ctx.Value(keyKey{}).(string)
	return k
}

// verifier judges signatures of others. It is safe for concurrent use.
type verifier struct {
	now  func() time.Time
	sign func(content []byte) string
}

func newVerifier(secret []byte, now func() time.Time) *verifier {
	return &verifier{now: now, sign: func(c []byte) string { return signature(secret, c) }}
}

// accepts reports whether one of the signatures is right and of this time.
func (v *verifier) accepts(h http.Header, body []byte) bool {
	timestamp := h.Get(headerTimestamp)
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil || v.now().Sub(time.Unix(seconds, 0)).Abs() > tolerance || h.Get(headerID) == "" {
		return false
	}
	want := v.sign(content(h.Get(headerID), timestamp, body))
	for _, s := range strings.Fields(h.Get(headerSignature)) {
		if hmac.Equal([]byte(s), []byte(want)) {
			return true
		}
	}
	return false
}
