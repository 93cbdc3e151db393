package battery_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"usher/sandbox/battery"
)

// failing is the variable that makes TestPlayed a battery, in a process of its own, and names the entry that fails.
const failing = "BATTERY_TEST_FAILS"

// TestPlayed is the battery that the other tests play.
func TestPlayed(t *testing.T) { //nolint:paralleltest // Only played by the others.
	bad := os.Getenv(failing)
	if bad == "" {
		t.Skip("The other tests play this one.")
	}
	e := battery.Entries{
		Commit: []string{"after add#1", "lost a.b"},
		Night:  []string{"after add#1~1", "after add#1~37", "after add#1,lost (x) it's.b", "lost a.b", "lost a.b"},
	}
	if bad == "15000" || bad == "77777" {
		e = battery.Entries{Commit: battery.Numbers(battery.Seed(t), 3), Night: battery.Numbers(1, 20_000)}
	}
	e.Open = bad == "open"
	e.Play(t, func(t *testing.T, entry string) {
		t.Logf("played: %s", entry)
		if bad == "skip" && entry == "lost a.b" {
			t.Skip("As was asked for.")
		}
		if entry == bad {
			t.Error("as was asked for")
		}
	})
}

// TestAlone is a single case that the test below plays.
func TestAlone(t *testing.T) { //nolint:paralleltest // Only played by another.
	if os.Getenv(failing) == "" {
		t.Skip("Another test plays this one.")
	}
	battery.Alone(t)
	t.Error("as was asked for")
}

func TestASingleCasePrintsItsCommandToo(t *testing.T) {
	t.Parallel()
	for _, env := range []string{"USHER_BATTERY=", "USHER_BATTERY=nightly"} {
		_, printed := play(t, "TestAlone", failing+"=alone", env)
		want := regexp.MustCompile(`(?m)replay: ` + strings.TrimPrefix(strings.TrimSuffix(env, "USHER_BATTERY=")+" ", " ") + `go test -count=1 (?:-race )?-run '\^TestAlone\$' \./sandbox/battery$`)
		if !want.MatchString(printed) {
			t.Errorf("no %s in\n%s", want, printed)
		}
	}
}

// play plays TestPlayed in a process of its own and returns what was played, and what it printed.
func play(t *testing.T, run string, env ...string) (played []string, printed string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.v", "-test.run", run) //nolint:gosec // Itself.
	cmd.Env = append(os.Environ(), "USHER_BATTERY=", "USHER_BATTERY_STATE=", "USHER_SEED=", "TZ=")
	cmd.Env = append(cmd.Env, env...)
	out, _ := cmd.CombinedOutput() // Some shall fail.
	for _, m := range regexp.MustCompile(`played: (.*)`).FindAllStringSubmatch(string(out), -1) {
		played = append(played, m[1])
	}
	return played, string(out)
}

func TestWhatFailsPrintsTheCommandThatPlaysItAgain(t *testing.T) {
	t.Parallel()
	for entry, env := range map[string]string{
		"after add#1":                 "USHER_BATTERY=",
		"after add#1~37":              "USHER_BATTERY=nightly",
		"lost a.b":                    "TZ=Europe/Berlin",
		"after add#1,lost (x) it's.b": "USHER_BATTERY=nightly",
		"15000":                       "USHER_BATTERY=nightly",
		"77777":                       "USHER_SEED=77776",
	} {
		t.Run(entry, func(t *testing.T) {
			t.Parallel()
			_, printed := play(t, "TestPlayed", failing+"="+entry, env)
			m := regexp.MustCompile(`(?m)replay: (.*)go test -count=1 (?:-race )?-run '(.*)' \./sandbox/battery$`).FindStringSubmatch(printed)
			if m == nil {
				t.Fatalf("no command in\n%s", printed)
			}
			if want := strings.TrimSuffix(env, "USHER_BATTERY="); strings.TrimSpace(m[1]) != want {
				t.Errorf("surroundings %q, want %q", m[1], want)
			}
			// It is played at either size, with the surroundings or without.
			for _, size := range []string{"USHER_BATTERY=", "USHER_BATTERY=nightly"} {
				again, printed := play(t, strings.ReplaceAll(m[2], `'\''`, "'"), failing+"="+entry, size)
				if !slices.Equal(again, []string{entry}) || !strings.Contains(printed, "--- FAIL: TestPlayed/") {
					t.Errorf("%s: played %q\n%s", size, again, printed)
				}
			}
		})
	}
}

func TestAnEntryThatDoesNotExistIsAFailure(t *testing.T) {
	t.Parallel()
	if played, printed := play(t, "TestPlayed/no such$", failing+"=none"); len(played) > 0 || !strings.Contains(printed, "-run names no entry of TestPlayed") {
		t.Errorf("played %q\n%s", played, printed)
	}
	for run, want := range map[string]int{"TestPlayed": 2, "TestPlayed/lost a|TestOther/x": 1, "TestOther/x|TestPlayed": 2, "TestPlayed/(lost|after)": 2, "TestPlayed/add[/|]|TestPlayed/a.b": 1} {
		if played, printed := play(t, run, failing+"=none"); len(played) != want {
			t.Errorf("%s: played %q, want %d\n%s", run, played, want, printed)
		}
	}
}

func TestAnOpenBatteryPlaysWhatIsSpeltOut(t *testing.T) {
	t.Parallel()
	for run, want := range map[string][]string{
		"^TestPlayed$/^after_add#7,lost_x\\.y$": {"after_add#7,lost_x.y"}, "^TestPlayed$/^lost_a\\.b$": {"lost a.b"}, "TestPlayed/no such": nil,
	} {
		if played, printed := play(t, run, failing+"=open"); !slices.Equal(played, want) {
			t.Errorf("%s: played %q\n%s", run, played, printed)
		}
	}
}

func TestWhatHasPassedIsNotPlayedAgainUnlessItIsNamed(t *testing.T) {
	t.Parallel()
	state := t.TempDir()
	again := func(run string, want ...string) {
		t.Helper()
		played, printed := play(t, run, failing+"=after add#1", "USHER_BATTERY_STATE="+state)
		if !slices.Equal(played, want) {
			t.Errorf("%s: played %q, want %q\n%s", run, played, want, printed)
		}
	}
	again("TestPlayed/after", "after add#1") // Nobody takes what was not asked for as passed.
	again("TestPlayed", "after add#1", "lost a.b")
	again("TestPlayed", "after add#1")
	again("TestPlayed/lost", "lost a.b")
	skipped := t.TempDir()
	_, _ = play(t, "TestPlayed", failing+"=skip", "USHER_BATTERY_STATE="+skipped)
	if b, err := os.ReadFile(filepath.Join(skipped, "sandbox.battery.TestPlayed")); err != nil || string(b) != "after add#1\n" {
		t.Errorf("what was skipped counts as passed: %q, %v", b, err)
	}
	if b, err := os.ReadFile(filepath.Join(state, "sandbox.battery.TestPlayed")); err != nil || string(b) != "lost a.b\nlost a.b\n" {
		t.Errorf("%q, %v", b, err)
	}
}
