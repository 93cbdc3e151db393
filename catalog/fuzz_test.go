package catalog

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

// sample is a small catalog with room for hostile parts.
func sample(rule, duration, extra string) string {
	return fmt.Sprintf(`version: 1
policies:
  p:
    rules:
      - when: %s
        automatic: true
        because: x
      - steps: [{approvers: [manager]}]
apps:
  - id: github
    name: GitHub
    description: d
    category: Engineering
    risk: low
    status: approved
    owners: [ada@example.com]
    visible: 'size(requester.groups) >= 0'
    entitlements:
      - id: read
        name: Read
        description: d
        groups: ["okta:00g1githubread"]
        policy: p
        durations: [%s]
%s`, rule, duration, extra)
}

// hostile are documents that strangers might write: to crash, to hang, to pass for something else.
func hostile() []string {
	nested := func(open, shut string, n int) string { return strings.Repeat(open, n) + strings.Repeat(shut, n) }
	bomb := "a: &a [x,x,x,x,x,x,x,x,x]\n"
	for c := 'b'; c <= 'j'; c++ {
		bomb += fmt.Sprintf("%c: &%c [*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c]\n", c, c, c-1, c-1, c-1, c-1, c-1, c-1, c-1, c-1, c-1)
	}
	docs := []string{
		"", " ", "\n\n", "---\n", "...", "null", "~", "[]", "{}", "7", "'x'", "\x00", "\xef\xbb\xbfversion: 1", "\xff\xfe", "\t", "%YAML 1.1\n---\nversion: 1",
		"a: &a [*a]", "a: &a\n  b: *a", "*a", "&a", "<<: *a", "<<: {version: 1}", "? [a]\n: b", "!!binary x", "!!python/object:os.system x", "!<tag:x> y",
		"version: 1\nversion: 1", "version: 2", "version: 1e0", "version: 0x1", "version: '1'", "version: 1\n---\nversion: 1\napps: []",
		bomb, bomb + "version: 1\napps: *j\n", nested("[", "]", 20_000), nested("{a: ", "}", 5_000), strings.Repeat("- ", 20_000), strings.Repeat("a:\n ", 2_000),
		"version: 1\napps: " + nested("[", "]", 200), "version: 1\napps: &x\n  - *x", "version: 1\napps:\n  - <<: *missing", strings.Repeat("#", 100_000),
		"version: 1\r\napps:\r\n- id: a\r\n", "version: 1\napps:\n\t- id: a", "version: 1\napps: [{id: \u202Egnp.exe}]", "version: 1\napps:\n  - id: " + strings.Repeat("a", 100_000),
	}
	for _, rule := range []string{
		"true", "'1 == 1'", "'1/0 == 1'", "'9223372036854775807 + 1 > 0'", "'requester'", "'requester.secret == 1'", "'\"\" == requester.id'",
		"'requester.groups.all(a, requester.groups.all(b, requester.groups.all(c, requester.groups.all(d, a + b + c + d != \"\"))))'",
		"'requester.name.matches(\"(a+)+$\")'", "'requester.name.matches(\"[\")'", "'" + nested("(", ")", 300) + "'", "'" + strings.Repeat("!", 1_500) + "true'",
		"'" + strings.Repeat("true && ", 240) + "true'", "'[1,2,3].map(x, [x].map(y, [y].map(z, z))).size() > 0'", "'duration <= duration(\"-1h\")'",
		"'duration <= duration(\"9223372036854775807h\")'", "'subject.attributes.x == \"1\"'", "'has(subject.attributes.x)'", "'dyn(1) == \"x\"'",
		"'timestamp(\"9999-12-31T23:59:59Z\") > timestamp(0)'", "'\"\u0000\" == app.id'", "'x' * 3", "[true]", "{a: b}", "''", "' '", "'//'", "'optional.of(1).hasValue()'",
	} {
		docs = append(docs, sample(rule, "1h", ""))
	}
	for _, duration := range []string{
		"0h", "-1h", "1h, 1h", "standing", "1h30m", "1.5h", "99999999999999h", "9223372036854775807ns", "1y", "h", "''", "null", "[1h]", "{a: 1}", "1e9h", "0x10h", "٣h", "1H", "1 h", ".5h",
	} {
		docs = append(docs, sample("'true'", duration, ""))
	}
	for _, extra := range []string{
		"      - id: read\n", "  - id: github\n", "unknown: 1\n", "settings: {deadline: -1h}\n", "settings: {max_extensions: 99999999999999999999}\n", "settings: [x]\n",
		"        groups: ['okta:../x']\n", "        groups: ['okta:']\n", "        groups: [':x', 'a:b:c', okta]\n", "        default: 7h\n", "        policy: [p]\n",
	} {
		docs = append(docs, sample("'true'", "1h", extra))
	}
	return docs
}

func FuzzParse(f *testing.F) {
	f.Add(Example())
	for _, m := range mistakes() {
		f.Add([]byte(m.doc))
	}
	for _, doc := range hostile() {
		f.Add([]byte(doc))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		began := time.Now()
		c, err := Parse(Source{"c.yml", data})
		var problems Problems
		switch {
		case err == nil:
			for _, e := range c.Requestable() {
				sound(t, e)
			}
			c.Search(string(data[:min(len(data), 20)]), 10, nil)
		case !errors.As(err, &problems) || len(problems) == 0 || c != nil:
			t.Errorf("error is not Problems: %v", err)
		case len(problems) > maxProblems || len(err.Error()) > len(problems)*(3*longestText+100):
			t.Errorf("%d problems in %d bytes for %d bytes of catalog", len(problems), len(err.Error()), len(data))
		}
		if took := time.Since(began); took > 10*time.Second {
			t.Errorf("it took %v", took)
		}
		again, err2 := Parse(Source{"c.yml", bytes.Clone(data)})
		if (err == nil) != (err2 == nil) || err != nil && err.Error() != err2.Error() || err == nil && again.Version() != c.Version() {
			t.Errorf("the same file is judged in two ways: %v, %v", err, err2)
		}
	})
}

// sound demands that what was accepted can work, whoever asks.
func sound(t *testing.T, e *Entitlement) {
	t.Helper()
	if len(e.Durations) == 0 || !e.Offers(e.Default) || len(e.Groups) == 0 || len(e.App.Owners) == 0 {
		t.Errorf("accepted an entitlement that cannot work: %+v", e)
	}
	for _, d := range e.Durations {
		if d <= 0 && d != Standing {
			t.Errorf("accepted the duration %v", d)
		}
	}
	crowd := make([]string, 3000)
	for i := range crowd {
		crowd[i] = fmt.Sprintf("00g%d", i)
	}
	for _, who := range []Person{
		{},
		{ID: "u", Name: strings.Repeat("a", 5000) + "!", Groups: crowd, Attributes: map[string]string{"": "", "cost_center": "\x00"}},
	} {
		if r, err := e.Route(Facts{Requester: who, Subject: who, Duration: e.Default}); err == nil && !r.Automatic && len(r.Steps) == 0 {
			t.Errorf("route without approval: %+v", r)
		}
		e.Eligible(who)
	}
}
