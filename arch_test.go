package main_test

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "usher"

// pkg is what go list says about one package of ours, with the module's name cut off its path.
type pkg struct {
	ImportPath                         string
	GoFiles                            []string
	Imports, TestImports, XTestImports []string
}

// name is the package's name in the tables.
func (p pkg) name() string {
	if p.ImportPath == module {
		return "main"
	}
	return strings.TrimPrefix(p.ImportPath, module+"/")
}

// packages asks go list at run time. The imports of other packages are no inputs that the test cache sees, so these tests
// are to be run with -count=1.
func packages(t *testing.T) []pkg {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-e", "-json=ImportPath,GoFiles,Imports,TestImports,XTestImports", "./...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var list []pkg
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("read go list: %v", err)
		}
		list = append(list, p)
	}
	if len(list) < 10 {
		t.Fatalf("go list knows %d packages only", len(list))
	}
	return list
}

// ours returns a package of ours by its name in the tables; false for any other.
func ours(importPath string) (string, bool) {
	if importPath == module {
		return "main", true
	}
	return strings.CutPrefix(importPath, module+"/")
}

func standard(importPath string) bool {
	first, _, _ := strings.Cut(importPath, "/")
	return !strings.Contains(first, ".") && first != module
}

// floor is one row of the table of floors.
type floor struct {
	level int
	may   []string
	why   string
}

func floors(t *testing.T) map[string]floor {
	t.Helper()
	rows := table(t, "docs/architecture.md", "Floors", "floor", "package", "may import of ours", "why")
	out := map[string]floor{}
	for _, r := range rows {
		level, err := strconv.Atoi(r[0])
		if err != nil {
			t.Fatalf("floor %q of %s is no number", r[0], r[1])
		}
		if _, twice := out[r[1]]; twice {
			t.Errorf("%s is in the table of floors twice", r[1])
		}
		if r[3] == "" {
			t.Errorf("%s: the table of floors gives no reason", r[1])
		}
		out[r[1]] = floor{level: level, may: names(r[2]), why: r[3]}
	}
	return out
}

// names splits a cell; "-" means none.
func names(cell string) []string {
	if cell == "-" {
		return nil
	}
	list := strings.Split(cell, ",")
	for i := range list {
		list[i] = strings.TrimSpace(list[i])
	}
	return list
}

func TestTheTableOfFloorsLeadsDownward(t *testing.T) {
	t.Parallel()
	known := floors(t)
	for name, f := range known {
		for _, below := range f.may {
			b, ok := known[below]
			if !ok {
				t.Errorf("%s may import %s, which the table does not know", name, below)
			} else if b.level >= f.level {
				t.Errorf("%s on floor %d may import %s on floor %d; siblings never meet", name, f.level, below, b.level)
			}
		}
	}
}

func TestPackagesImportOnlyFromFloorsBelow(t *testing.T) {
	t.Parallel()
	known, there := floors(t), map[string]bool{}
	for _, p := range packages(t) {
		name := p.name()
		there[name] = true
		f, ok := known[name]
		if !ok && len(p.GoFiles) > 0 {
			t.Errorf("package %s is not in the table of floors (docs/architecture.md); decide who may import it", name)
		}
		for _, i := range p.Imports {
			if target, is := ours(i); is && !slices.Contains(f.may, target) {
				t.Errorf("%s imports %s, which the table does not allow: %s", name, target, f.why)
			}
		}
		allowed := append(below(known, name), name)
		if simulator(name) {
			allowed = append(allowed, name+"/discovery")
		} else {
			allowed = append(allowed, "sandbox", "sandbox/googlesim/discovery", "sandbox/page/blockkit", "sandbox/page/browser", "idp/idptest", "store/storetest", "sandbox/battery")
			for other := range known {
				if simulator(other) {
					allowed = append(allowed, other)
				}
			}
		}
		for _, i := range slices.Concat(p.TestImports, p.XTestImports) {
			if target, is := ours(i); is && !slices.Contains(allowed, target) {
				t.Errorf("the tests of %s import %s, which the table does not allow: %s", name, target, f.why)
			}
		}
	}
	for name := range known {
		if !there[name] {
			t.Errorf("the table of floors names %s, which is not there", name)
		}
	}
}

// below is everything under a package, by as many steps as it takes.
func below(known map[string]floor, name string) []string {
	var out []string
	for _, n := range known[name].may {
		out = append(out, n)
		if known[n].level < known[name].level { // A table that leads in a circle is another test's failure.
			out = append(out, below(known, n)...)
		}
	}
	return out
}

func simulator(name string) bool {
	return strings.HasPrefix(name, "sandbox/") && strings.HasSuffix(name, "sim")
}

func TestOutsidePackagesStayWithTheirOwners(t *testing.T) {
	t.Parallel()
	type owner struct {
		by, tests []string
		why       string
		used      bool
	}
	owners := map[string]*owner{}
	for _, r := range table(t, "docs/architecture.md", "Outside packages", "module", "imported by", "in tests also by", "why it is here") {
		owners[r[0]] = &owner{by: names(r[1]), tests: names(r[2]), why: r[3]}
	}
	find := func(importPath string) (string, *owner) {
		for mod, o := range owners {
			if importPath == mod || strings.HasPrefix(importPath, mod+"/") {
				return mod, o
			}
		}
		return "", nil
	}
	for _, p := range packages(t) {
		look := func(imports []string, tests bool) {
			for _, i := range imports {
				if _, is := ours(i); is || standard(i) || i == "C" {
					continue
				}
				mod, o := find(i)
				if o == nil {
					t.Errorf("%s imports %s, which docs/architecture.md does not list under outside packages", p.name(), i)
					continue
				}
				o.used = true
				if slices.Contains(o.by, p.name()) || tests && (slices.Contains(o.tests, p.name()) || slices.Contains(o.tests, "any")) {
					continue
				}
				t.Errorf("%s imports %s, which belongs to %s: %s", p.name(), mod, strings.Join(o.by, ", "), o.why)
			}
		}
		look(p.Imports, false)
		look(slices.Concat(p.TestImports, p.XTestImports), true)
	}
	for mod, o := range owners {
		if !o.used {
			t.Errorf("docs/architecture.md lists %s, which nobody imports", mod)
		}
	}
}

func TestBansHold(t *testing.T) {
	t.Parallel()
	list := packages(t)
	for _, ban := range table(t, "docs/architecture.md", "Bans", "where", "what", "why") {
		where, what, why := ban[0], ban[1], ban[2]
		seen := false
		for _, p := range list {
			if where != "everywhere" && where != p.name() {
				continue
			}
			seen = true
			if slices.Contains(p.Imports, what) {
				t.Errorf("%s imports %s: %s", p.name(), what, why)
			}
			if pkgName, function, ok := strings.Cut(what, "."); ok && !strings.Contains(what, "/") {
				for _, file := range p.GoFiles {
					calls(t, filepath.Join(filepath.FromSlash(strings.TrimPrefix(p.ImportPath, module+"/")), file), pkgName, function, why)
				}
			}
		}
		if !seen {
			t.Errorf("the ban of %s speaks of %s, which is not there", what, where)
		}
	}
}

// calls reports every mention of a function of another package in one file, whatever name it was imported by.
func calls(t *testing.T, file, importPath, function, why string) {
	t.Helper()
	set := token.NewFileSet()
	tree, err := parser.ParseFile(set, file, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Errorf("parse %s: %v", file, err)
		return
	}
	local := ""
	for _, i := range tree.Imports {
		if p, _ := strconv.Unquote(i.Path.Value); p == importPath {
			local = path.Base(importPath)
			if i.Name != nil {
				local = i.Name.Name
			}
		}
	}
	if local == "." {
		t.Errorf("%s imports %s into its own names", file, importPath)
	}
	ast.Inspect(tree, func(n ast.Node) bool {
		sel, ok := n.(*ast.SelectorExpr)
		if !ok || sel.Sel.Name != function {
			return true
		}
		if x, ok := sel.X.(*ast.Ident); ok && x.Name == local {
			t.Errorf("%s uses %s.%s: %s", set.Position(sel.Pos()), importPath, function, why)
		}
		return true
	})
}

func TestNoFileIsTooLongAndNoFolderIsADrawer(t *testing.T) {
	t.Parallel()
	drawers := []string{"cmd", "pkg", "internal", "common", "util", "utils", "helpers", "misc"}
	files := 0
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && name != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "node_modules"):
			return fs.SkipDir
		case d.IsDir() && slices.Contains(drawers, d.Name()):
			t.Errorf("folder %s: the name does not say what lives there", name)
		case !d.IsDir() && strings.HasSuffix(name, ".go"):
			files++
			limit := 600
			if name == "main.go" {
				limit = 20
			}
			if n := lines(t, name); n > limit {
				t.Errorf("%s has %d lines, %d is the limit: find the second idea in it", name, n, limit)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if files < 100 {
		t.Fatalf("only %d Go files were found", files)
	}
}

func lines(t *testing.T, name string) int {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Count(string(b), "\n")
}
