package browser

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Finding is a barrier that axe-core found.
type Finding struct {
	// Rule is axe's name, for example "color-contrast".
	Rule string `json:"rule"`
	// Impact is "serious" or "critical".
	Impact string `json:"impact"`
	// Help says in a sentence what is to be done.
	Help string `json:"help"`
	// Where are selectors of the elements, each with axe's reason.
	Where []string `json:"where"`
}

// String is the finding in a line for each of the first elements.
func (f Finding) String() string {
	const most = 5
	where := strings.Join(f.Where[:min(len(f.Where), most)], "\n\t")
	if more := len(f.Where) - most; more > 0 {
		where += fmt.Sprintf("\n\tand %d more", more)
	}
	return fmt.Sprintf("%s (%s): %s\n\t%s", f.Rule, f.Impact, f.Help, where)
}

// Axe lets axe-core judge this place and returns what is serious or critical. Where axe-core cannot be had, it says so and
// finds nothing, unless USHER_BROWSER is "required".
func (p *Place) Axe() []Finding {
	p.tab.t.Helper()
	source := axe(p.tab.t)
	if source == "" {
		return nil
	}
	const run = `(async () => {
		const found = await axe.run(%s ?? document, {resultTypes: ['violations'], preload: false});
		return found.violations.filter(v => v.impact === 'serious' || v.impact === 'critical').map(v => ({
			rule: v.id, impact: v.impact, help: v.help,
			where: v.nodes.map(n => n.target.join(' ') + ': ' + n.failureSummary.replace(/\s+/g, ' ')),
		}));
	})()`
	var out []Finding
	p.tab.must("let axe-core judge "+p.String(), func(ctx context.Context) error {
		var there bool
		if err := eval(ctx, "typeof axe === 'object'", &there); err != nil {
			return err
		}
		if !there {
			// From outside, the Content-Security-Policy has no say in it.
			if err := eval(ctx, source+"; 0", nil); err != nil {
				return err
			}
		}
		return eval(ctx, fmt.Sprintf(run, p.script()), &out)
	})
	return out
}

// Accessible fails the test, without ending it, with what Axe finds.
func (p *Place) Accessible() {
	p.tab.t.Helper()
	for _, f := range p.Axe() {
		p.tab.t.Errorf("%v: %v", p, f)
	}
}

// axe is the source of axe-core, empty if it cannot be had; npm fetches in the version of package-lock.json unless make deps did so before.
func axe(t testing.TB) string {
	t.Helper()
	top, err := root()
	if err != nil {
		t.Fatal(err)
	}
	home := filepath.Join(top, "sandbox", "page", "browser")
	path := filepath.Join(home, "node_modules", "axe-core", "axe.min.js")
	if source, err := os.ReadFile(path); err == nil {
		return string(source)
	}
	if err := install(t.Context(), home); err != nil {
		complain := t.Logf
		if required() {
			complain = t.Fatalf
		}
		complain("axe-core is not installed and cannot be fetched, so nobody judges accessibility here: %v", err)
		return ""
	}
	source, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(source)
}

// install runs npm ci in a folder beside and moves the result here at once, so that several test processes may do so.
func install(ctx context.Context, home string) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	npm, err := exec.LookPath("npm")
	if err != nil {
		return err
	}
	aside, err := os.MkdirTemp(home, "node_modules.")
	if err != nil {
		return err
	}
	defer os.RemoveAll(aside) //nolint:errcheck // it is empty by now, or of no use
	for _, name := range []string{"package.json", "package-lock.json"} {
		data, err := os.ReadFile(filepath.Join(home, name))
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(aside, name), data, 0o600); err != nil {
			return err
		}
	}
	cmd := exec.CommandContext(ctx, npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund") //nolint:gosec // npm, with words from this file alone
	cmd.Dir = aside
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("npm ci: %w: %s", err, out)
	}
	err = os.Rename(filepath.Join(aside, "node_modules"), filepath.Join(home, "node_modules"))
	if errors.Is(err, os.ErrExist) {
		return nil // Another process was faster.
	}
	return err
}
