package entra

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"strings"
	"testing"
)

// TestOnlyOnePlaceDeletes fails when somebody builds another address that is deleted, or takes the suffix away: without /$ref
// Graph deletes the account instead of the membership.
func TestOnlyOnePlaceDeletes(t *testing.T) {
	t.Parallel()
	if got, want := membershipPath(ops, ada), "/groups/"+string(ops)+"/members/"+string(ada)+"/$ref"; got != want {
		t.Fatalf("A MEMBERSHIP IS ADDRESSED AS %s. Without /$ref Graph deletes the person. Want %s", got, want)
	}
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	deletions, addresses := 0, 0
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".go") || strings.HasSuffix(e.Name(), "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), e.Name(), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.SelectorExpr:
				if n.Sel.Name == "MethodDelete" {
					deletions++
				}
			case *ast.BasicLit:
				if strings.Contains(n.Value, "DELETE") {
					t.Errorf("%s names the method by hand; use http.MethodDelete with membershipPath", e.Name())
				}
			case *ast.CallExpr:
				if name, is := n.Fun.(*ast.Ident); is && name.Name == "membershipPath" {
					addresses++
				}
			}
			return true
		})
	}
	if deletions != 1 || addresses != 1 {
		t.Fatalf("%d calls delete something and %d use membershipPath; there must be one, and it must use it", deletions, addresses)
	}
}
