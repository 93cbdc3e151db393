package main_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"usher/cli"
)

func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.FromSlash(name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// section returns the text under a heading of any level, up to the next heading of that level or above.
func section(t *testing.T, file, heading string) string {
	t.Helper()
	var out []string
	depth := 0
	fenced := false
	for _, line := range strings.Split(read(t, file), "\n") {
		if strings.HasPrefix(line, "```") {
			fenced = !fenced
		}
		marks := len(line) - len(strings.TrimLeft(line, "#"))
		if !fenced && marks > 0 && strings.HasPrefix(line[marks:], " ") {
			switch {
			case depth > 0 && marks <= depth:
				return strings.Join(out, "\n")
			case depth == 0 && strings.TrimSpace(line[marks:]) == heading:
				depth = marks
				continue
			}
		}
		if depth > 0 {
			out = append(out, line)
		}
	}
	if depth == 0 {
		t.Fatalf("%s has no heading %q", file, heading)
	}
	return strings.Join(out, "\n")
}

// table reads the table with these columns under a heading. Backquotes are dropped from the cells.
func table(t *testing.T, file, heading string, columns ...string) [][]string {
	t.Helper()
	var rows [][]string
	inside := false
	for _, line := range strings.Split(section(t, file, heading), "\n") {
		if !strings.HasPrefix(line, "|") {
			inside = false
			continue
		}
		cells := strings.Split(strings.Trim(strings.ReplaceAll(line, "`", ""), "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		switch {
		case slices.Equal(cells, columns):
			inside = true
		case !inside || strings.Trim(line, "|-: ") == "":
		case len(cells) != len(columns):
			t.Errorf("%s, %s: a row has %d cells, want %d: %s", file, heading, len(cells), len(columns), line)
		default:
			rows = append(rows, cells)
		}
	}
	if len(rows) == 0 {
		t.Fatalf("%s, %s: no table with the columns %s", file, heading, strings.Join(columns, ", "))
	}
	return rows
}

// fences returns the contents of the fenced blocks of one language in a text.
func fences(text, language string) []string {
	var out []string
	for _, m := range regexp.MustCompile("(?ms)^```(\\w*)\n(.*?)^```$").FindAllStringSubmatch(text, -1) {
		if m[1] == language {
			out = append(out, m[2])
		}
	}
	return out
}

func TestTheDrawnStatesAreThoseOfTheCode(t *testing.T) {
	t.Parallel()
	drawings := fences(section(t, "docs/architecture.md", "States"), "mermaid")
	if len(drawings) != 2 {
		t.Fatalf("%d drawings of states, want one of requests and one of grants", len(drawings))
	}
	states := stateNames(t)
	for i, c := range []struct{ function, kind, first string }{
		{"requestMoves", "RequestState", "pending"}, {"grantMoves", "GrantState", "provisioning"},
	} {
		want := moves(t, c.function, states)
		ends := map[string]bool{}
		for _, s := range states {
			if s.kind == c.kind && !slices.ContainsFunc(want, func(m string) bool { return strings.HasPrefix(m, s.value+" ") }) {
				ends[s.value] = true
			}
		}
		for end := range ends {
			want = append(want, end+" --> [*]")
		}
		want = append(want, "[*] --> "+c.first)
		got := drawn(drawings[i])
		slices.Sort(want)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%s: docs/architecture.md draws\n\t%s\nbut access/transitions.go says\n\t%s", c.function, strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
		}
	}
}

// drawn reads the arrows of a Mermaid drawing without their labels.
func drawn(text string) []string {
	var out []string
	for _, line := range strings.Split(text, "\n") {
		arrow, _, _ := strings.Cut(line, ":")
		if strings.Contains(arrow, "-->") {
			out = append(out, strings.Join(strings.Fields(arrow), " "))
		}
	}
	return out
}

// state is one constant of a type of states.
type state struct{ kind, value string }

// stateNames reads the constants of the two types of states.
func stateNames(t *testing.T) map[string]state {
	t.Helper()
	out := map[string]state{}
	for _, file := range []string{"access/request.go", "access/grant.go"} {
		ast.Inspect(parse(t, file), func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok || len(spec.Values) != 1 {
				return true
			}
			kind, ok := spec.Type.(*ast.Ident)
			value, isText := spec.Values[0].(*ast.BasicLit)
			if ok && isText && (kind.Name == "RequestState" || kind.Name == "GrantState") {
				text, _ := strconv.Unquote(value.Value)
				out[spec.Names[0].Name] = state{kind.Name, text}
			}
			return true
		})
	}
	if len(out) < 10 {
		t.Fatalf("only %d states were found", len(out))
	}
	return out
}

// moves reads the table that one function of access/transitions.go returns.
func moves(t *testing.T, function string, states map[string]state) []string {
	t.Helper()
	var out []string
	name := func(e ast.Expr) string {
		id, ok := e.(*ast.Ident)
		if !ok || states[id.Name].value == "" {
			t.Fatalf("%s: %v is no state", function, e)
			return ""
		}
		return states[id.Name].value
	}
	for _, d := range parse(t, "access/transitions.go").Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok || f.Name.Name != function {
			continue
		}
		ast.Inspect(f.Body, func(n ast.Node) bool {
			pair, ok := n.(*ast.KeyValueExpr)
			if !ok {
				return true
			}
			targets, ok := pair.Value.(*ast.CompositeLit)
			if !ok {
				t.Fatalf("%s: the moves from %s are no list", function, name(pair.Key))
			}
			for _, to := range targets.Elts {
				out = append(out, name(pair.Key)+" --> "+name(to))
			}
			return true
		})
	}
	if len(out) == 0 {
		t.Fatalf("access/transitions.go has no table %s", function)
	}
	return out
}

func parse(t *testing.T, file string) *ast.File {
	t.Helper()
	tree, err := parser.ParseFile(token.NewFileSet(), filepath.FromSlash(file), nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

func TestTheCatalogExampleIsThatOfTheSandbox(t *testing.T) {
	t.Parallel()
	whole := read(t, "sandbox/catalog.yml")
	examples := fences(read(t, "README.md"), "yaml")
	if len(examples) == 0 {
		t.Fatal("README.md shows no catalog")
	}
	for _, e := range examples {
		// "…" on a line of its own stands for what was left out.
		for _, part := range regexp.MustCompile(`(?m)^\s*# …\n`).Split(e, -1) {
			if strings.TrimSpace(part) != "" && !strings.Contains(whole, part) {
				t.Errorf("README.md shows lines that sandbox/catalog.yml does not have:\n%s", part)
			}
		}
	}
}

func TestCommandsInTheReadmeAreThoseOfTheProgram(t *testing.T) {
	t.Parallel()
	want := quoted(t, "cli/main.go", regexp.MustCompile(`(?m)^\t\t\{"([a-z]+)", "`))
	var got []string
	for _, r := range table(t, "README.md", "Commands", "command", "what it does") {
		name := strings.Fields(strings.TrimPrefix(r[0], "usher "))[0]
		if !slices.Contains(got, name) {
			got = append(got, name)
		}
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("README.md has the commands %v, the program has %v", got, want)
	}
}

func TestVariablesAndMetricsInTheOperationsAreThoseOfTheProgram(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		heading, column string
		files           []string
		pattern         string
	}{
		{"Settings by variable", "variable", []string{"cli/config.go", "cli/config_idp.go", "cli/serve.go"}, `"(USHER_[A-Z_]+)"`},
		{"Metrics", "metric", []string{"cli/listen.go"}, `"(usher_[a-z_]+)"`},
	} {
		var want, got []string
		for _, f := range c.files {
			want = append(want, quoted(t, f, regexp.MustCompile(c.pattern))...)
		}
		for _, r := range table(t, "docs/operations.md", c.heading, c.column, "meaning") {
			got = append(got, r[0])
		}
		slices.Sort(want)
		want = slices.Compact(want)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%s: docs/operations.md has %v, the code has %v", c.heading, got, want)
		}
	}
}

func TestSettingsInTheOperationsAreKnownToTheProgram(t *testing.T) {
	t.Parallel()
	blocks := fences(read(t, "docs/operations.md"), "yaml")
	if len(blocks) == 0 {
		t.Fatal("docs/operations.md shows no settings")
	}
	for _, b := range blocks {
		path := filepath.Join(t.TempDir(), "usher.yml")
		if err := os.WriteFile(path, []byte(b), 0o600); err != nil {
			t.Fatal(err)
		}
		// Whatever is missing or does not fit is none of this test's business; what stands in the file must be readable.
		if _, err := cli.LoadConfig(path, func(string) string { return "set" }); err != nil && strings.Contains(err.Error(), path) {
			t.Errorf("the program does not know these settings: %v\n%s", err, b)
		}
	}
}

func TestFaultsInTheSandboxPageAreThoseOfTheSimulators(t *testing.T) {
	t.Parallel()
	pattern := regexp.MustCompile(`FaultKind\s+= "([a-z0-9_]+)"`)
	code := map[string][]string{
		"slack": quoted(t, "sandbox/slacksim/fault.go", pattern), "jira": quoted(t, "sandbox/jirasim/faults.go", pattern),
		"okta": quoted(t, "sandbox/oktasim/fault.go", pattern),
	}
	page := map[string][]string{}
	for _, r := range table(t, "docs/sandbox.md", "Faults", "kind", "what happens", "vendors") {
		for _, v := range names(r[2]) {
			page[v] = append(page[v], r[0])
		}
	}
	for vendor, want := range code {
		got := page[vendor]
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%s: docs/sandbox.md has %v, the simulator has %v", vendor, got, want)
		}
	}
}

// quoted returns the sorted distinct matches of a pattern's first group in a file.
func quoted(t *testing.T, file string, pattern *regexp.Regexp) []string {
	t.Helper()
	var out []string
	for _, m := range pattern.FindAllStringSubmatch(read(t, file), -1) {
		out = append(out, m[1])
	}
	if len(out) == 0 {
		t.Fatalf("nothing in %s looks like %s", file, pattern)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func TestEveryOutsideModuleHasADecision(t *testing.T) {
	t.Parallel()
	var all strings.Builder
	for _, f := range pages(t) {
		if strings.HasPrefix(f, "docs/decisions/") {
			all.WriteString(read(t, f))
		}
	}
	for _, r := range table(t, "docs/architecture.md", "Outside packages", "module", "imported by", "in tests also by", "why it is here") {
		if !strings.Contains(all.String(), "`"+r[0]+"`") {
			t.Errorf("docs/decisions says nothing about %s", r[0])
		}
	}
}

// pages lists the Markdown files of the project.
func pages(t *testing.T) []string {
	t.Helper()
	var out []string
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && name != "." && (d.Name() == "node_modules" || d.Name() == ".git" || d.Name() == "testdata") {
			return fs.SkipDir
		}
		if strings.HasSuffix(name, ".md") {
			out = append(out, filepath.ToSlash(name))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestLinksBetweenPagesLead(t *testing.T) {
	t.Parallel()
	link := regexp.MustCompile(`\]\(([^)\s]+)\)|(?:src|href)="([^"]+)"`)
	for _, page := range pages(t) {
		for _, m := range link.FindAllStringSubmatch(read(t, page), -1) {
			target, anchor, _ := strings.Cut(m[1]+m[2], "#")
			if strings.Contains(target, "://") || strings.HasPrefix(target, "mailto:") {
				continue
			}
			file := page
			if target != "" {
				file = filepath.ToSlash(filepath.Join(filepath.Dir(page), target))
			}
			if _, err := os.Stat(file); err != nil {
				t.Errorf("%s links to %s, which is not there", page, m[1]+m[2])
				continue
			}
			if anchor != "" && !slices.Contains(anchors(t, file), anchor) {
				t.Errorf("%s links to %s, but there is no such heading", page, m[1]+m[2])
			}
		}
	}
}

// anchors are the names of a page's headings as GitHub makes them.
func anchors(t *testing.T, file string) []string {
	t.Helper()
	var out []string
	for _, m := range regexp.MustCompile(`(?m)^#+ (.*)$`).FindAllStringSubmatch(read(t, file), -1) {
		name := regexp.MustCompile(`[^\p{L}\p{N} _-]`).ReplaceAllString(strings.ToLower(m[1]), "")
		out = append(out, strings.ReplaceAll(name, " ", "-"))
	}
	return out
}

func TestTestsNamedInPagesAreThere(t *testing.T) {
	t.Parallel()
	have := map[string]bool{}
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(name, "_test.go") {
			return err
		}
		for _, m := range regexp.MustCompile(`(?m)^func (Test\w+)\(`).FindAllStringSubmatch(read(t, name), -1) {
			have[m[1]] = true
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range pages(t) {
		for _, m := range regexp.MustCompile("`(Test\\w+)`").FindAllStringSubmatch(read(t, page), -1) {
			if !have[m[1]] {
				t.Errorf("%s names %s, which is not there", page, m[1])
			}
		}
	}
}
