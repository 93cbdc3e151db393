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

func TestComparisons(t *testing.T) {
	t.Parallel()
	obj := map[string]any{"n": 3, "f": 2.5, "big": int64(1) << 40, "yes": true, "at": "2026-01-01T00:00:00.000Z", "s": "b", "none": nil, "blank": ""}
	for text, want := range map[string]bool{
		`n eq 3`: true, `n gt 3`: false, `n ge 3`: true, `f lt 3`: true, `f le 2`: false, `big gt 4`: true, `n eq "3"`: false,
		`yes eq true`: true, `yes eq false`: false, `yes gt true`: false, `s gt "a"`: true, `s lt "a"`: false, `s eq 3`: false,
		`at eq "2026-01-01T01:00:00+01:00"`: true, `at le "2025-12-31T23:59:59Z"`: false, `none pr`: false, `blank pr`: false, `s pr`: true,
		`s ew "b"`: true, `missing ne "x"`: true, `s ne "b"`: false, `not (s eq "b")`: false, `s eq "x" or s eq "b" and n eq 4`: false,
	} {
		e, err := parseExpr(text, func(string, string) bool { return true })
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if e.matches(obj, false) != want {
			t.Errorf("%s is %v", text, !want)
		}
	}
}
