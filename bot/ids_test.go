package bot

import (
	"encoding/json"
	"strings"
	"testing"

	"usher/access"
	"usher/catalog"
)

func TestOnlyIdsOfTheCoresFormAreTaken(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]bool{
		testID(1): true, "": false, "06h0": false, strings.ToUpper(testID(1)): false, strings.Repeat("i", 26): false,
		testID(1) + "0": false, "../../../../../etc/passwd0": false, strings.Repeat("é", 13): false,
	} {
		if _, ok := parseID(s); ok != want {
			t.Errorf("%q: %t", s, ok)
		}
	}
	for s, want := range map[string]bool{"github-write": true, "a.b_c-1": true, "": false, "A": false, "a b": false, strings.Repeat("a", 151): false} {
		if _, ok := parseEntitlement(s); ok != want {
			t.Errorf("%q: %t", s, ok)
		}
	}
}

func TestMenuAndPageValuesAreRead(t *testing.T) {
	t.Parallel()
	if verb, id, ok := parseMenu(menuRevoke + ":" + testID(1)); verb != menuRevoke || id != testID(1) || !ok {
		t.Error(verb, id, ok)
	}
	for _, s := range []string{"", "revoke", "revoke:", "drop:" + testID(1), "show:x"} {
		if _, _, ok := parseMenu(s); ok {
			t.Errorf("%q was taken", s)
		}
	}
	if name, from, ok := parsePage(pageValue(pageGrants, 20)); name != pageGrants || from != 20 || !ok {
		t.Error(name, from, ok)
	}
	for _, s := range []string{"", "grants", "grants:", "grants:-1", "grants:x", "other:1", "grants:99999999999999999999"} {
		if _, _, ok := parsePage(s); ok {
			t.Errorf("%q was taken", s)
		}
	}
}

func TestMetadataOfOtherVersionsAndFormsIsRefused(t *testing.T) {
	t.Parallel()
	good := meta{Key: "k", Entitlement: "x", Request: access.RequestID(testID(1)), Message: access.MessageRef{Channel: "D1", TS: "1.2"}, Home: true}
	got, err := parseMeta(good.encode())
	good.Version = metaVersion
	if err != nil || got != good {
		t.Errorf("%+v %v", got, err)
	}
	for _, s := range []string{
		"", "null", "{}", `{"v":2}`, `{"v":1,"x":1}`, `{"v":1}{"v":1}`, `{"v":1,"r":"nope"}`, `{"v":1,"e":"UPPER"}`, `{"v":1,"g":"<!channel>"}`,
		`{"v":1,"k":"` + strings.Repeat("k", 65) + `"}`, `{"v":1,"k":"` + strings.Repeat("k", metaMax) + `"}`, `[]`, `{"v":"1"}`,
	} {
		if m, err := parseMeta(s); err == nil {
			t.Errorf("%q was taken as %+v", s, m)
		}
	}
}

// The largest metadata that Usher writes must fit.
func TestMetadataAlwaysFits(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", 150)
	m := meta{
		Key: newKey(), Entitlement: catalog.EntitlementID(long), Block: blockEntitlement + "/" + long, Request: access.RequestID(testID(1)),
		Grant: access.GrantID(testID(1)), Message: access.MessageRef{Channel: "D0123456789", TS: "1700000000.000100"}, Home: true,
	}
	if s := m.encode(); len(s) > metaMax {
		t.Errorf("%d bytes", len(s))
	} else if _, err := parseMeta(s); err != nil {
		t.Errorf("own metadata is refused: %v", err)
	}
}

func FuzzParseMeta(f *testing.F) {
	f.Add(meta{Key: newKey(), Entitlement: "github-write"}.encode())
	f.Add(meta{Request: access.RequestID(testID(1)), Message: access.MessageRef{Channel: "D1", TS: "1.2"}}.encode())
	f.Add(`{"v":1,"m":{}}`)
	f.Add(`{"v":1e0}`)
	f.Fuzz(func(t *testing.T, s string) {
		m, err := parseMeta(s)
		if err != nil {
			return
		}
		again, err := parseMeta(m.encode())
		if err != nil || again != m {
			t.Errorf("%q became %+v, then %+v: %v", s, m, again, err)
		}
		if m.Request != "" {
			if _, ok := parseID(string(m.Request)); !ok {
				t.Errorf("request %q", m.Request)
			}
		}
		if !json.Valid([]byte(s)) {
			t.Errorf("%q is not JSON", s)
		}
	})
}

func TestTheValueOfAVerdictNamesTheStep(t *testing.T) {
	t.Parallel()
	r := pendingRequest(1)
	r.Step = 1
	if id, step, ok := parseDecide(decideValue(r)); id != string(r.ID) || step != 2 || !ok {
		t.Errorf("%q, %d, %v", id, step, ok)
	}
	if id, step, ok := parseDecide(string(r.ID)); id != string(r.ID) || step != 0 || !ok {
		t.Errorf("of an older version: %q, %d, %v", id, step, ok)
	}
	for _, s := range []string{"x.", "x.0", "x.-1", "x.01", "x.100", "x.1.2", "x.+1"} {
		if _, _, ok := parseDecide(s); ok {
			t.Errorf("%q is taken", s)
		}
	}
}
