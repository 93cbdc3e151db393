package cli_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"usher/sandbox"
)

// The doctor learns from the running program, and from the database when none runs, what a group was called before.
func TestRenamedAndVanishedGroupsAreTold(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	s := serveChild(ctx, t)
	doctor := func(status int, want ...string) {
		t.Helper()
		got, out, errs := program(ctx, t, s.world.Environment(), "doctor", "-config", s.settings())
		if got != status {
			t.Errorf("status %d, want %d\n%s%s", got, status, out, errs)
		}
		for _, w := range want {
			if !strings.Contains(out, w) {
				t.Errorf("the doctor does not say %q:\n%s", w, out)
			}
		}
	}
	s.until(ctx, "everything is checked", func() bool { return strings.Contains(s.logged(), "all is well") })
	if err := s.world.Okta.RenameGroup(githubWrite, "prod-admins"); err != nil {
		t.Fatal(err)
	}
	note := "note  group okta:" + githubWrite + ` of GitHub: Write: was called "github-write" and is called "prod-admins" now`
	doctor(0, "in use by a running Usher", note, "fix: see whether it still stands for what the role promises")
	s.write("catalog.yml", []byte("# Read again.\n"+string(sandbox.Catalog())))
	s.until(ctx, "the running Usher tells it", func() bool { return strings.Contains(s.logged(), "worth a look") })
	doctor(0, note)
	s.stop()
	doctor(0, "whole: ", note)
	if err := s.world.Okta.DeleteGroup(githubWrite); err != nil {
		t.Fatal(err)
	}
	doctor(1, "FAIL  group okta:"+githubWrite+` of GitHub: Write: not found; it was called "prod-admins" when it was seen last`)
}
