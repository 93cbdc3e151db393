package cli_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"usher/sandbox"
	"usher/sandbox/graphsim"
)

// elsewhere starts the sandbox with another directory and writes settings for it.
func elsewhere(t *testing.T, directory string) (*sandbox.World, map[string]string, string) {
	t.Helper()
	manifest, err := os.ReadFile("../manifest.yml")
	if err != nil {
		t.Fatal(err)
	}
	w, err := sandbox.Start(sandbox.Config{Manifest: manifest, Directory: directory})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	dir := t.TempDir()
	for name, data := range map[string][]byte{"usher.yml": []byte(testSettings + w.Directory.Settings()), "catalog.yml": w.Catalog()} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return w, w.Environment(), filepath.Join(dir, "usher.yml")
}

// licensing is how a test lets a directory lose the license, or the right, to end memberships by itself.
type licensing struct {
	license func(d sandbox.Directory, has bool)
	right   func(d sandbox.Directory) error // takes it away
	// What the doctor says: with the license, without, and without the right.
	has, hasNot, noRight string
	fix, fixRight        string
}

func licensings() map[string]licensing {
	return map[string]licensing{
		"google": {
			license: func(d sandbox.Directory, has bool) {
				d.(interface{ SetPlainEdition(plain bool) }).SetPlainEdition(!has)
			},
			right: func(d sandbox.Directory) error {
				var scopes []string
				for _, s := range []string{
					"admin.directory.group.member", "admin.directory.group.readonly", "admin.directory.user.readonly",
					"admin.directory.rolemanagement.readonly", "cloud-identity.groups.readonly",
				} {
					scopes = append(scopes, "https://www.googleapis.com/auth/"+s)
				}
				return d.(interface {
					Delegate(account string, scopes ...string) error
				}).Delegate("usher@sandbox.iam.gserviceaccount.com", scopes...)
			},
			has:     "google expiring memberships: Google answers a question",
			hasNot:  "google expiring memberships: This edition does not end memberships by itself: Google says",
			noRight: "google right to let memberships end by themselves: Not granted (cloud-identity.groups)",
			fix:     "See the subscription under Billing", fixRight: "Add the scope cloud-identity.groups",
		},
		"entra": {
			license: func(d sandbox.Directory, has bool) {
				d.(interface{ SetNoGovernance(without bool) }).SetNoGovernance(!has)
			},
			right: func(d sandbox.Directory) error {
				tenant := d.(interface {
					SetRoles(clientID string, roles ...string) error
				})
				return tenant.SetRoles("0f1c2d3e-aaaa-4bbb-8ccc-00000000c0de", graphsim.GroupMemberWrite, graphsim.UserRead)
			},
			has:     "entra PIM for Groups: PIM for Groups answers",
			hasNot:  "entra PIM for Groups: Entra does not end memberships by itself: Graph says",
			noRight: "entra right to use PIM for Groups: Not granted, so there is no end of access",
			fix:     "Buy Entra ID P2 or Governance", fixRight: "If you want it, grant PrivilegedAssignmentSchedule.ReadWrite.AzureADGroup",
		},
	}
}

// TestDoctorSaysWhetherTheLicenseAllowsASecondLock proves that a missing license or right is said to everybody, and is a failure
// only where the catalog asks for what it takes away.
func TestDoctorSaysWhetherTheLicenseAllowsASecondLock(t *testing.T) {
	t.Parallel()
	for name, l := range licensings() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, env, settings := elsewhere(t, name)
			look := func(what, line string, failing ...string) {
				t.Helper()
				status, out, errs := program(t.Context(), t, env, "doctor", "-config", settings)
				got := failures(out)
				if (status != 0) != (len(failing) > 0) || len(got) != len(failing) || !strings.Contains(out, "\nok    "+line) {
					t.Fatalf("%s: status %d, want %d failures and %q:\n%s%s", what, status, len(failing), line, out, errs)
				}
				for i, want := range failing {
					about, fix, _ := strings.Cut(want, " | ")
					if !strings.HasPrefix(got[i], about) || !strings.Contains(got[i], " | "+fix) || !strings.HasSuffix(got[i], "; or take second_lock out of the catalog: Usher alone ends this access") {
						t.Errorf("%s: failure %q, want %q", what, got[i], want)
					}
				}
			}
			detail := func(line string) string { _, text, _ := strings.Cut(line, ": "); return text }

			look("with the license", l.has)
			l.license(w.Directory, false)
			look("without the license, nobody asks for a lock", l.hasNot)
			edit(t, settings, "catalog.yml", "id: github-write\n", "id: github-write\n        second_lock: true\n")
			look("without the license, one role asks", l.hasNot, "second lock of GitHub: Write: "+detail(l.hasNot)+" | "+l.fix)
			edit(t, settings, "catalog.yml", "id: aws-read-only\n", "id: aws-read-only\n        second_lock: true\n")
			look("without the license, two roles ask", l.hasNot, "second lock of AWS: Read only, second lock of GitHub: Write: "+detail(l.hasNot)+" | "+l.fix)
			l.license(w.Directory, true)
			look("with the license, two roles ask", l.has)
			if err := l.right(w.Directory); err != nil {
				t.Fatal(err)
			}
			look("without the right, two roles ask", l.noRight, "second lock of AWS: Read only, second lock of GitHub: Write: "+detail(l.noRight)+" | "+l.fixRight)
		})
	}
}
