package scim

import (
	"testing"

	grammar "github.com/scim2/filter-parser/v2"
)

// FuzzFilter makes sure that no value can leave its place in a filter or in a path, by a grammar of others.
func FuzzFilter(f *testing.F) {
	for _, s := range []string{"u1", "a@b.example", `x" or id pr or "y`, `\`, `\"`, "a b", "[value eq]", "ünï", "<&>", "'", "0@\xaf"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, value string) {
		if !isID(value) && !isAddress(value) {
			return // It is never asked for.
		}
		e, err := grammar.ParseFilter([]byte(equals("id", "g") + " and " + equals("members.value", value)))
		if err != nil {
			t.Fatalf("%q: %v", value, err)
		}
		both, is := e.(*grammar.LogicalExpression)
		if !is {
			t.Fatalf("%q makes %v", value, e)
		}
		if right, is := both.Right.(*grammar.AttributeExpression); !is || right.CompareValue != value {
			t.Fatalf("%q makes %v", value, both.Right)
		}
		if !isID(value) {
			return
		}
		path, err := grammar.ParsePath([]byte("members[" + equals("value", value) + "]"))
		if err != nil {
			t.Fatalf("%q: %v", value, err)
		}
		if inner, is := path.ValueExpression.(*grammar.AttributeExpression); !is || inner.CompareValue != value {
			t.Fatalf("%q makes %v", value, path)
		}
	})
}
