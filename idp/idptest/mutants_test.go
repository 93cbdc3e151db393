package idptest_test

import (
	"context"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"usher/idp"
	"usher/idp/idptest"
)

func TestAFaithfulProviderPasses(t *testing.T) {
	t.Parallel()
	idptest.Run(t, func(*testing.T) idptest.World { return newMemory("").world() })
}

// bugs names a case of the suite that must catch each broken promise.
func bugs() map[string]string {
	return map[string]string{
		"shows the token":            "a user who never was is not found",
		"logs the token":             "adding makes a member",
		"ignores the context":        "a context that is over sends nothing",
		"drops the context's error":  "a deadline ends a read that hangs",
		"sends what nobody wants":    "a change that is not wanted any more is not sent",
		"gives up what was sent":     "a change that was sent is not given up",
		"does not say when":          "a rate limit on a change says when to come back",
		"hammers":                    "a rate limit on a change says when to come back",
		"keeps no reserve":           "the provider causes no refusal of its own and keeps a reserve for removals",
		"runs into the limit":        "the provider causes no refusal of its own and keeps a reserve for removals",
		"takes a login for an id":    "a login is not an id",
		"calls the missing invalid":  "a user who never was is not found",
		"finds by prefix":            "a part of an e-mail address finds nobody",
		"minds letter case":          "a user is found by e-mail address, letter case aside",
		"counts the departed":        "a departed namesake does not hide the present user",
		"takes the first of several": "two users with one address are ambiguous",
		"reads one page":             "a group of 201 is listed whole",
		"lists what it has":          "a bad later page (rejected) is an error and never a short list",
		"judges every time":          "the judgement of a group costs nothing per change",
		"governs everything":         "groups that must not be governed are not changed",
		"mumbles":                    "groups that must not be governed say why",
		"removes nobody":             "removing takes the member out",
		"claims success":             "adding, cut before the work: no success is claimed and a repeat heals",
		"repeats itself":             "the judgement of a group costs nothing per change",
		"sees what it wants":         "adding makes a member",
		"guesses the manager":        "a manager who is nobody is not found",
		"is always well":             "wrong credentials are found and a way to mend them is told",

		"denies its expiry":               "a healthy provider checks out and changes nothing",
		"denies its expiry without a fix": "wrong credentials are found and a way to mend them is told",

		"forgets the names of groups":        "discovery finds every group with its name and the number of its members",
		"miscounts":                          "discovery finds every group with its name and the number of its members",
		"does not count":                     "discovery finds every group with its name and the number of its members",
		"discovers one page":                 "discovery finds each of many groups once",
		"discovers no refusals":              "discovery says why groups must not be governed",
		"refuses some silently":              "discovery says why groups must not be governed",
		"discovers and changes":              "discovery changes nothing",
		"goes on after the listener's error": "discovery ends with the first error of its listener and returns it",
		"hides the listener's error":         "discovery ends with the first error of its listener and returns it",
		"discovers what it can":              "a bad later page of groups is an error and never a short list",
		"discovers by wrong credentials":     "wrong credentials discover nothing",
		"discovers without leave":            "a context that is over discovers nothing",
		"does not stop discovering":          "a context that ends during discovery ends it",
		"takes a cancellation for the end":   "a context that ends during discovery ends it",

		"keeps the first end":           "the end of a membership is set, moved either way, taken away and read back",
		"has one end for all":           "the end of a membership is set, moved either way, taken away and read back",
		"forgets the zone":              "the end of a membership is set, moved either way, taken away and read back",
		"cannot take an end away":       "a membership whose end was taken away goes on",
		"never ends":                    "the vendor itself ends a membership at the time that was set",
		"ends everybody":                "the vendor itself ends a membership at the time that was set",
		"makes a membership for an end": "an end makes no membership",
		"leaves the end behind":         "a removal before the end leaves no end behind",
		"ends what it must not govern":  "groups that must not be governed get no end",
		"claims an end":                 "an end that the vendor did not confirm is no success, and a repeat heals",
	}
}

// modest is the prefix of a bug under a world that promises the least.
const modest = "modest: "

func TestWhatTheWorldDoesNotPromiseIsNotDemanded(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	const counted, judged, removed = "discovery finds every group with its name and the number of its members",
		"the judgement of a group costs nothing per change", "a removal is one call"
	for _, c := range []struct{ bug, name, want string }{
		{"does not count", counted, "PASS"},
		{"miscounts", counted, "FAIL"},
		{"refuses some silently", "discovery says why groups must not be governed", "PASS"},
		{"discovers no refusals", "discovery says why groups must not be governed", "FAIL"},
		{"judges every time", judged, "PASS"},
		{"judges every time", removed, "PASS"},
		{"none", judged, "FAIL"},
		{"none", removed, "FAIL"},
	} {
		t.Run(c.bug+", "+c.name, func(t *testing.T) {
			t.Parallel()
			out := run(t, self, modest+c.bug, regexp.QuoteMeta(strings.ReplaceAll(c.name, " ", "_")))
			if !strings.Contains(out, "--- "+c.want+": TestChild/") {
				t.Fatalf("want %s:\n%s", c.want, out)
			}
		})
	}
}

// child is the environment variable that turns this test binary into a provider with one bug under the suite.
const child = "IDPTEST_BUG"

func TestEveryBrokenPromiseIsCaught(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for bug, name := range bugs() {
		t.Run(bug, func(t *testing.T) {
			t.Parallel()
			subtest := regexp.QuoteMeta(strings.ReplaceAll(name, " ", "_"))
			out := run(t, self, bug, subtest)
			if !strings.Contains(out, "--- FAIL: TestChild/") {
				t.Fatalf("the suite lets it pass:\n%s", out)
			}
			if sound := run(t, self, "none", subtest); !strings.Contains(sound, "--- PASS: TestChild/") {
				t.Fatalf("the case fails a faithful provider, or does not exist:\n%s", sound)
			}
		})
	}
}

// lacking is the prefix of what a world lacks, or says wrongly that it lacks.
const lacking = "lacking: "

// lacks is a faithful world but for one thing.
func lacks(what string) idptest.World {
	w := newMemory("").world()
	switch what {
	case "hook":
		w.DeleteUser = nil
	case "hook with a reason":
		w.DeleteUser, w.NotApplicable["DeleteUser"] = nil, "nobody is ever deleted"
	case "capabilities":
		w.Provider = struct{ idp.Provider }{w.Provider}
	case "capabilities with reasons":
		w.Provider = struct{ idp.Provider }{w.Provider}
		for _, name := range []string{"ManagerFinder", "MemberLister", "Expirer", "Discoverer", "Checker"} {
			w.NotApplicable[name] = "it is a simple one"
		}
	case "nothing":
		w.NotApplicable["Expirer"] = "so it was once"
	case "what nobody knows":
		w.NotApplicable["Telepathy"] = "it cannot read minds"
	}
	return w
}

func TestWhatIsAbsentIsAbsentForAReason(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	const absent = "what is absent is absent for a reason, and what has a reason is absent"
	for _, c := range []struct{ what, name, want, says string }{
		{"hook", "a deleted user is not found", "FAIL", "the world has no hook DeleteUser and does not say why"},
		{"hook", absent, "FAIL", "DeleteUser"},
		{"hook with a reason", "a deleted user is not found", "SKIP", "nobody is ever deleted"},
		{"hook with a reason", absent, "PASS", ""},
		{"capabilities", absent, "FAIL", "Discoverer"},
		{"capabilities", "the manager of nobody is not found", "FAIL", "the provider is no ManagerFinder and the world does not say why"},
		{"capabilities", "a group of 1 is listed whole", "FAIL", "no MemberLister"},
		{"capabilities", "an end makes no membership", "FAIL", "no Expirer"},
		{"capabilities", "discovery changes nothing", "FAIL", "no Discoverer"},
		{"capabilities", "a vendor that cannot be reached is found", "FAIL", "no Checker"},
		{"capabilities with reasons", "the manager of nobody is not found", "SKIP", "ManagerFinder is not applicable: it is a simple one"},
		{"capabilities with reasons", absent, "PASS", ""},
		{"nothing", absent, "FAIL", "so it was once"},
		{"what nobody knows", absent, "FAIL", "Telepathy is neither a hook nor a capability"},
	} {
		t.Run(c.what+", "+c.name, func(t *testing.T) {
			t.Parallel()
			out := run(t, self, lacking+c.what, regexp.QuoteMeta(strings.ReplaceAll(c.name, " ", "_"))+"$")
			if !strings.Contains(out, "--- "+c.want+": TestChild/") || !strings.Contains(out, c.says) {
				t.Fatalf("want %s and %q:\n%s", c.want, c.says, out)
			}
		})
	}
}

func run(t *testing.T, self, bug, subtest string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, self, "-test.run=^TestChild$/^"+subtest+"$", "-test.v", "-test.count=1")
	cmd.Env = append(os.Environ(), child+"="+bug)
	out, err := cmd.CombinedOutput()
	if err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return string(out)
}

// TestChild does nothing unless it is started by the tests above.
func TestChild(t *testing.T) {
	t.Parallel()
	bug, ok := os.LookupEnv(child)
	if !ok {
		return
	}
	idptest.Run(t, func(*testing.T) idptest.World {
		if absent, ok := strings.CutPrefix(bug, lacking); ok {
			return lacks(absent)
		}
		if least, ok := strings.CutPrefix(bug, modest); ok {
			w := newMemory(least).world()
			w.Discovers, w.RequestsPerChange = idptest.Told{}, 2
			return w
		}
		return newMemory(bug).world()
	})
}
