package jira

import (
	"reflect"
	"strconv"
	"testing"
	"time"

	"usher/access"
	"usher/catalog"
)

func TestMemoryIsBoundedAndForgettingIsSafe(t *testing.T) {
	t.Parallel()
	m, now := newMemory(), time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	for i := range 3 * maxMemory {
		m.created(access.RequestID(strconv.Itoa(i)), now, false)
		m.wrote(access.RequestID(strconv.Itoa(i)), 7, now)
	}
	if len(m.creates) > maxMemory || len(m.written) > maxMemory {
		t.Errorf("%d and %d entries", len(m.creates), len(m.written))
	}
	// What was forgotten counts as a create that may have been done, as of now.
	if since, doubt := m.doubted("0", now.Add(time.Hour)); !doubt || !since.Equal(now.Add(time.Hour)) {
		t.Errorf("forgotten: %v since %s", doubt, since)
	}
	if since, doubt := m.doubted("0", now.Add(2*time.Hour)); !doubt || !since.Equal(now.Add(time.Hour)) {
		t.Errorf("asked again: %v since %s", doubt, since)
	}
}

func TestMemoryTrustsNoClockThatWentBack(t *testing.T) {
	t.Parallel()
	m, now := newMemory(), time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	m.created("a", now, true)
	if since, doubt := m.doubted("a", now.Add(-time.Hour)); !doubt || !since.Equal(now.Add(-time.Hour)) {
		t.Errorf("%v since %s", doubt, since)
	}
}

func TestFieldValuesFollowTheSchema(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 24, 12, 30, 0, 0, time.FixedZone("", 3600))
	full := content{text: "Six  hours", hours: 6, at: at, account: "712020:x"}
	allowed := []option{{ID: "1", Value: "Other"}, {ID: "2", Value: "six  HOURS"}}
	for _, c := range []struct {
		name   string
		schema schema
		in     content
		want   any // nil = left out.
	}{
		{"text", schema{Type: "string"}, full, "Six hours"},
		{"text with markup", schema{Type: "string", Custom: "x:textarea"}, content{text: "{a}"}, `\{a\}`},
		{"labels", schema{Type: "array", Items: "string"}, full, []any{"Six-hours"}},
		{"number", schema{Type: "number"}, full, 6.0},
		{"number of nothing", schema{Type: "number"}, content{text: "x"}, nil},
		{"date", schema{Type: "date"}, full, "2026-11-24"},
		{"date and time", schema{Type: "datetime"}, full, "2026-11-24T11:30:00.000+0000"},
		{"no date", schema{Type: "datetime"}, content{text: "x"}, nil},
		{"choice", schema{Type: "option"}, full, map[string]any{"id": "2"}},
		{"choices", schema{Type: "array", Items: "option"}, full, []any{map[string]any{"id": "2"}}},
		{"no such choice", schema{Type: "option"}, content{text: "Seven"}, nil},
		{"person", schema{Type: "user"}, full, map[string]any{"accountId": "712020:x"}},
		{"people", schema{Type: "array", Items: "user"}, full, []any{map[string]any{"accountId": "712020:x"}}},
		{"unknown person", schema{Type: "user"}, content{text: "Ann"}, nil},
		{"empty", schema{Type: "string"}, content{}, nil},
		{"other", schema{Type: "any"}, full, nil},
	} {
		got, ok := format(metaField{Schema: c.schema, Allowed: allowed}, c.in)
		if ok != (c.want != nil) || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %#v, %v; want %#v", c.name, got, ok, c.want)
		}
		if c.want != nil && !c.schema.usable() {
			t.Errorf("%s: written, but not usable", c.name)
		}
	}
}

func TestDescriptionTellsEveryKindOfPolicy(t *testing.T) {
	t.Parallel()
	r := access.Request{
		ID: "x", Kind: access.KindExtension, Duration: catalog.Duration(time.Hour), Justification: "more",
		Requester: access.Person{User: "a", Name: "Ann"}, Subject: access.Person{User: "b", Name: "Ben", Email: "ben@example.com"},
		Role: access.Role{AppName: "[DB]", EntitlementName: "Admin", Risk: catalog.RiskHigh, Elevated: true, Description: "all *rights*"},
	}
	want := "*Who:* Ann\n*For:* Ben (ben@example.com)\n*What:* \\[DB\\]: Admin (all \\*rights\\*)\n" +
		"*How long:* extension by 1 hour\n*Risk:* high, elevated\n*Policy:* approved by the rule itself\n*Request:* x\n" +
		"\nh3. Why\n{quote}\nmore\n{quote}\n"
	if got := description(access.IssueRecord{Request: r}); got != want {
		t.Errorf("description:\n%s\nwant:\n%s", got, want)
	}
	if got := summary(r); got != "Ben: [DB], Admin, 1 hour more" {
		t.Errorf("summary: %s", got)
	}
}
