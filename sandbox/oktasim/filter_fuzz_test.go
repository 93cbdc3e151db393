package oktasim

import (
	"encoding/json"
	"testing"
)

// FuzzExpressions looks for expressions that panic, and checks that a quoted value always finds itself.
func FuzzExpressions(f *testing.F) {
	for _, seed := range []string{
		`status eq "ACTIVE"`, `(a eq "b" or c pr) and not (d gt 3)`, `profile.x eq "\"\\"`, `((((`, `a eq "`, `and and`, `x eq true`, "a\teq\t\"\x00\"",
	} {
		f.Add(seed, seed)
	}
	anything := func(string, string) bool { return true }
	f.Fuzz(func(t *testing.T, text, value string) {
		obj := map[string]any{"a": value, "list": []any{map[string]any{"id": value}, nil}, "status": true, "d": 3.5}
		if e, err := parseExpr(text, anything); err == nil {
			e.matches(obj, true)
		}
		quoted, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		var back string
		if err := json.Unmarshal(quoted, &back); err != nil {
			t.Fatal(err)
		}
		e, err := parseExpr("a eq "+string(quoted)+" and list.id eq "+string(quoted), anything)
		if err != nil {
			t.Fatalf("%s: %v", quoted, err)
		}
		if back == value && value != "" && !e.matches(obj, false) {
			t.Fatalf("%s does not find itself", quoted)
		}
	})
}

func TestAttributeNamesMayHoldDots(t *testing.T) {
	t.Parallel()
	e, err := parseExpr(`user.id eq "7" and x.y.z co "q"`, func(string, string) bool { return true })
	if err != nil {
		t.Fatal(err)
	}
	if !e.matches(map[string]any{"user.id": []any{"6", "7"}, "x": map[string]any{"y.z": "aQb"}}, true) {
		t.Error("not found")
	}
}
