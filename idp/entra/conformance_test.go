package entra_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"testing"
	"time"

	"usher/idp/entra"
	"usher/idp/idptest"
	"usher/sandbox/graphsim"
)

// TestConformance runs the suite: with a certificate and azidentity by TLS, and with a secret in the clear as in the sandbox.
func TestConformance(t *testing.T) {
	t.Parallel()
	t.Run("certificate", func(t *testing.T) {
		t.Parallel()
		right, registered := newCertificate(t)
		wrong, _ := newCertificate(t)
		idptest.Run(t, func(t *testing.T) idptest.World {
			return start(t, true, func(c *graphsim.Config) {
				mayEndSessions(c)
				c.Clients[0].Certificate = registered
				c.TokenLife = 30 * 24 * time.Hour // azidentity keeps tokens by the real clock, which the suite cannot move.
			}).world(t, entra.Config{CertificatePEM: right}, entra.Config{CertificatePEM: wrong})
		})
	})
	t.Run("client secret", func(t *testing.T) {
		t.Parallel()
		idptest.Run(t, func(t *testing.T) idptest.World {
			return start(t, false, mayEndSessions).world(t, entra.Config{ClientSecret: appSecret}, entra.Config{ClientSecret: wrongSecret})
		})
	})
}

// newCertificate returns a self-signed certificate with its key in PEM, and the certificate alone as it is registered.
func newCertificate(t *testing.T) (entra.Secret, *x509.Certificate) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	template := &x509.Certificate{SerialNumber: big.NewInt(now.UnixNano()), Subject: pkix.Name{CommonName: "usher"}, NotBefore: now, NotAfter: now.AddDate(1, 0, 0)}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(raw)
	if err != nil {
		t.Fatal(err)
	}
	text := append(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8})...)
	return entra.Secret(text), certificate
}
