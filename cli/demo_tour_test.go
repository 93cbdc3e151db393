package cli

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"usher/idp/entra"
	"usher/idp/google"
	"usher/idp/ldap"
	"usher/sandbox/ldapsim"
)

// playsTheTour plays the story in a company with this directory.
func playsTheTour(t *testing.T, directory string) {
	t.Helper()
	manifest, err := os.ReadFile("../manifest.yml")
	if err != nil {
		t.Fatal(err)
	}
	start, err := readStart("", "", directory)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	a := &App{Stdout: &out, Stderr: io.Discard, Getenv: func(string) string { return "" }, Now: time.Now, Manifest: manifest}
	err = a.tour(t.Context(), start, false)
	if errors.Is(err, ldapsim.ErrNotInstalled) && os.Getenv("USHER_SLAPD") != "required" {
		t.Skip(err)
	}
	if err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	if text := out.String(); !strings.Contains(text, "All 31 steps were true") || strings.Contains(text, "Okta") {
		t.Error(text)
	}
}

func TestTheTourOnLDAP(t *testing.T) {
	t.Parallel()
	playsTheTour(t, ldap.Name)
}

func TestTheTourOnGoogle(t *testing.T) {
	t.Parallel()
	playsTheTour(t, google.Name)
}

func TestTheTourOnEntraID(t *testing.T) {
	t.Parallel()
	playsTheTour(t, entra.Name)
}
