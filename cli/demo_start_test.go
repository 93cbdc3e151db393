package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"usher/idp/entra"
	"usher/idp/okta"
	"usher/sandbox"
)

const acmeCatalog = `version: 1
settings: {security: [sec.team@acme.test]}
apps:
  - id: wiki
    name: Wiki
    risk: high
    status: approved
    owners: [ada.byron@acme.test, "42@acme.test"]
    entitlements:
      - {id: wiki-edit, name: Edit, groups: ["okta:00gacmewikiedit00000"], durations: [1h]}
      - {id: wiki-read, name: Read, groups: ["okta:00g1githubread"], durations: [1h], policy: {rules: [{steps: [{approvers: [manager, bob@acme.test]}], because: Any of them}]}}
`

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestACatalogOfOnesOwnBringsItsGroupsAndPeople(t *testing.T) {
	t.Parallel()
	text := strings.ReplaceAll(acmeCatalog, `, "42@acme.test"`, "")
	s, err := readStart("", write(t, "catalog.yml", text), okta.Name)
	if err != nil {
		t.Fatal(err)
	}
	if !s.own || string(s.catalog) != text {
		t.Error("the catalog is not the one that was named")
	}
	want := []string{
		"group wiki-edit (00gacmewikiedit00000), empty", "Ada Byron (ada.byron@acme.test)", "Bob (bob@acme.test)", "Sec Team (sec.team@acme.test)",
	}
	if got := strings.Join(s.added, "\n"); got != strings.Join(want, "\n") {
		t.Errorf("added\n%s\nwant\n%s", got, strings.Join(want, "\n"))
	}
	if p, ok := s.company.Person("adabyron"); !ok || p.Email() != "ada.byron@acme.test" {
		t.Errorf("ada is %+v", p)
	}
	if got := strings.Join(s.company.Domains(), " "); got != "larkspur.example acme.test" {
		t.Errorf("domains are %s", got)
	}
}

// TestACatalogForAnotherDirectory has its group in that directory, and is refused with any other.
func TestACatalogForAnotherDirectory(t *testing.T) {
	t.Parallel()
	const id = "11111111-2222-4333-8444-555555555555"
	path := write(t, "catalog.yml", strings.NewReplacer(`, "42@acme.test"`, "", "okta:00gacmewikiedit00000", "entra:"+id, "okta:00g1githubread", "entra:"+id).Replace(acmeCatalog))
	if _, err := readStart("", path, okta.Name); err == nil || !strings.Contains(err.Error(), "-idp entra") {
		t.Errorf("with Okta: %v", err)
	}
	s, err := readStart("", path, entra.Name)
	if err != nil {
		t.Fatal(err)
	}
	d := startDemo(t, s)
	if err := d.world.Directory.AddByHand(id, d.world.Directory.UserID("maya"), "Noor"); err != nil || !d.world.Member(id, "maya") {
		t.Errorf("the group is not there: %v", err)
	}
}

// TestADemoOfOnesOwnServesThePeopleOfTheCatalog asks for a role of such a catalog, and its owner is asked.
func TestADemoOfOnesOwnServesThePeopleOfTheCatalog(t *testing.T) {
	t.Parallel()
	s, err := readStart("", write(t, "catalog.yml", strings.ReplaceAll(acmeCatalog, `, "42@acme.test"`, "")), okta.Name)
	if err != nil {
		t.Fatal(err)
	}
	d := startDemo(t, s)
	if err := d.world.Request(t.Context(), "maya", "wiki edit", "Wiki: Edit", "", "write it down"); err != nil {
		t.Fatal(err)
	}
	if _, err := d.world.WaitMessage(t.Context(), "adabyron", "Maya Chen asks for Wiki: Edit"); err != nil {
		t.Error(err)
	}
}

func TestAStartThatCannotBeIsExplained(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ company, catalog, want string }{
		"a company alone":      {string(sandbox.DefaultCompany()), "", "name it with -catalog"},
		"a broken company":     {"name: x\npeople: [{handle: A1}]\n", acmeCatalog, "lower-case letters"},
		"a broken catalog":     {"", "version: 7\n", "catalog.yml:1"},
		"a person of no name":  {"", acmeCatalog, "email: 42@acme.test"},
		"a company not there":  {"-", acmeCatalog, "no such file"},
		"a catalog not there":  {"", "-", "no such file"},
		"an unknown property":  {"name: x\ndomain: y.test\nplanet: z\n", acmeCatalog, "planet"},
		"an unknown colleague": {"name: x\ndomain: y.test\nadmins: [zed]\n", acmeCatalog, "zed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := func(file, text string) string {
				switch text {
				case "":
					return ""
				case "-":
					return filepath.Join(t.TempDir(), file)
				}
				return write(t, file, text)
			}
			_, err := readStart(path("company.yml", c.company), path("catalog.yml", c.catalog), okta.Name)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q in it", err, c.want)
			}
		})
	}
}
