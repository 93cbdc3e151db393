package catalog

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// Each document breaks one rule. The line of the problem ends with "#!", and is the only one.
func TestEachMistakeIsReportedOnItsLine(t *testing.T) {
	t.Parallel()
	for name, tt := range mistakes() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want := 1
			for i, line := range strings.Split(tt.doc, "\n") {
				if strings.HasSuffix(line, "#!") {
					want = i + 1
				}
			}
			_, err := Parse(Source{Name: "c.yml", Data: []byte(tt.doc)})
			var problems Problems
			if !errors.As(err, &problems) {
				t.Fatalf("error = %v, want Problems", err)
			}
			if len(problems) != 1 {
				t.Fatalf("problems:\n%v\nwant one", err)
			}
			p := problems[0]
			if p.Line != want || p.Column < 1 {
				t.Errorf("position = %d:%d, want line %d\n%v", p.Line, p.Column, want, p)
			}
			if !strings.Contains(p.Message, tt.message) || !strings.Contains(p.Fix, tt.fix) || p.Fix == "" {
				t.Errorf("problem = %v\nwant message with %q and fix with %q", p, tt.message, tt.fix)
			}
		})
	}
}

type mistake struct {
	doc, message, fix string
}

// app wraps lines of an app that is otherwise complete.
func appDoc(lines string) string {
	return "version: 1\napps:\n  - id: github\n    name: GitHub\n" + indent(4, lines)
}

// entitlementDoc wraps lines of an entitlement that lacks only its groups.
func entitlementDoc(lines string) string {
	return appDoc("risk: low\nstatus: approved\nowners: [ada@example.com]\nentitlements:\n  - id: write\n    name: Write\n" + indent(4, lines))
}

// roleDoc is entitlementDoc with a group.
func roleDoc(lines string) string { return entitlementDoc("groups: [\"okta:00g1\"]\n" + lines) }

// ruleDoc wraps the rules of a policy written in place.
func ruleDoc(lines string) string { return roleDoc("policy:\n  rules:\n" + indent(4, lines)) }

func indent(n int, lines string) string {
	var b strings.Builder
	for line := range strings.Lines(strings.TrimSuffix(lines, "\n") + "\n") {
		b.WriteString(strings.Repeat(" ", n) + line)
	}
	return b.String()
}

func mistakes() map[string]mistake {
	const rest = "risk: low\nstatus: approved\nowners: [ada@example.com]\nentitlements: [{id: w, name: W, groups: [\"okta:00g1\"]}]\n"
	return map[string]mistake{
		// structure
		"version missing": {doc: "apps: [{id: a, name: A, risk: low, status: retired}] #!", message: "version is missing", fix: "version: 1"},
		"version unknown": {doc: "version: 2 #!\napps: [{id: a, name: A, risk: low, status: retired}]", message: "version 2 is not known", fix: "newer"},
		"unknown key":     {doc: appDoc(rest + "colour: red #!"), message: `unknown key "colour"`, fix: "known here"},
		"misspelt key":    {doc: appDoc(rest + "descripton: x #!"), message: `unknown key "descripton"`, fix: "did you mean description?"},
		"key twice":       {doc: appDoc(rest + "risk: high #!"), message: "here twice; it is already on line 5", fix: "remove one"},
		"merge key":       {doc: appDoc(rest + "<<: {category: A} #!"), message: "key must be text", fix: "merge keys"},
		"alias":           {doc: appDoc("category: &c Code\n" + rest + "description: *c #!"), message: "aliases are not supported", fix: "named policy"},
		"empty value":     {doc: appDoc(rest + "category: #!"), message: "must be text, but is empty", fix: "remove the line"},
		"number for text": {doc: appDoc(rest + "category: 5 #!"), message: "must be text, not a number", fix: "quotes"},
		"text for list":   {doc: appDoc(rest + "tags: code #!"), message: "must be a list, not text", fix: "[a, b]"},
		"list for text":   {doc: appDoc(rest + "category: [a] #!"), message: "must be text, not a list", fix: "quotes"},
		"text for a flag": {doc: roleDoc("elevated: sure #!"), message: "must be true or false, not text", fix: "true or false"},
		"tag":             {doc: roleDoc("elevated: !!bool yes #!"), message: "tags such as !!bool are not supported", fix: "remove the tag"},
		"list for mapping": {
			doc:     "version: 1\nsettings: [a] #!\napps: [{id: a, name: A, risk: low, status: retired}]",
			message: "must be a mapping, not a list", fix: "key: value",
		},
		"list twice the same": {doc: appDoc("tags:\n  - code\n  - code #!\n" + rest), message: "in the list twice", fix: "remove one"},

		// apps
		"app id form":    {doc: "version: 1\napps:\n  - id: Git Hub #!\n    name: G\n" + indent(4, rest), message: "cannot be an id", fix: "lowercase"},
		"app id missing": {doc: "version: 1\napps:\n  - name: G #!\n" + indent(4, rest), message: "id is missing", fix: "add id"},
		"app name long": {
			doc:     "version: 1\napps:\n  - id: g\n    name: " + strings.Repeat("é", 61) + " #!\n" + indent(4, rest),
			message: "61 characters, but 60", fix: "shorten",
		},
		"description long": {doc: appDoc(rest + "description: " + strings.Repeat("x", 201) + " #!"), message: "201 characters, but 200", fix: "shorten"},
		"line break":       {doc: appDoc(rest + "description: \"a\\nb\" #!"), message: "line break", fix: "one line"},
		"risk missing":     {doc: "version: 1\napps:\n  - id: a #!\n    name: A\n    status: retired", message: "risk is missing", fix: "low, medium"},
		"risk unknown":     {doc: "version: 1\napps:\n  - id: a\n    name: A\n    status: retired\n    risk: hihg #!", message: "not one of", fix: "did you mean high?"},
		"status unknown":   {doc: "version: 1\napps:\n  - id: a\n    name: A\n    risk: low\n    status: open #!", message: "not one of", fix: "use one of approved"},
		"owner invalid":    {doc: appDoc("risk: low\nstatus: retired\nowners: [ada] #!"), message: "not an e-mail address", fix: "ada@example.com"},
		"owner missing":    {doc: "version: 1\napps:\n  - id: a #!\n    name: A\n    risk: low\n    status: approved\n    entitlements: [{id: w, name: W, groups: [\"okta:00g1\"]}]", message: "needs an owner", fix: "owners:"},
		"no owner listed":  {doc: appDoc("risk: low\nstatus: approved\nowners: [] #!\nentitlements: [{id: w, name: W, groups: [\"okta:00g1\"]}]"), message: "needs an owner", fix: "e-mail"},
		"no entitlement":   {doc: appDoc("risk: low\nstatus: approved\nowners: [ada@example.com]\nentitlements: [] #!"), message: "needs an entitlement", fix: "add"},
		"okta app":         {doc: appDoc("okta_app: GitHub #!\n" + rest), message: "not the id of an Okta app", fix: "0oa"},
		"app id twice": {
			doc:     appDoc(rest) + "  - id: github #!\n    name: B\n    risk: low\n    status: retired",
			message: `app "github" is already in c.yml, line 3`, fix: "rename",
		},
		"app name twice": {
			doc:     appDoc(rest) + "  - id: b\n    name: gitHub #!\n    risk: low\n    status: retired",
			message: `is already in c.yml, line 4`, fix: "rename",
		},
		"entitlement id twice": {
			doc:     appDoc(rest) + "  - id: b\n    name: B\n    risk: low\n    status: retired\n    entitlements:\n      - {id: w, name: X} #!",
			message: `entitlement "w" is already in c.yml, line 8`, fix: "rename",
		},
		"entitlement name twice": {
			doc:     roleDoc("because: x") + "      - {id: other, name: write, groups: [\"okta:00g1\"]} #!",
			message: `entitlement name "write" is already`, fix: "rename",
		},

		// groups
		"no groups":      {doc: strings.Replace(entitlementDoc("because: x"), "id: write", "id: write #!", 1), message: "by hand is not supported yet", fix: "add groups"},
		"empty groups":   {doc: entitlementDoc("groups: [] #!"), message: "by hand is not supported yet", fix: "add groups"},
		"group form":     {doc: entitlementDoc("groups: [engineering] #!"), message: "is not a group", fix: "provider:id"},
		"group by name":  {doc: entitlementDoc("groups: [\"okta:Engineering\"] #!"), message: "not the id of an Okta group", fix: "00g"},
		"entra by name":  {doc: entitlementDoc("groups: [\"entra:Engineering\"] #!"), message: "not the id of an Entra group", fix: "object id"},
		"group no id":    {doc: entitlementDoc("groups:\n  - {provider: okta} #!"), message: "id is missing", fix: "add the id"},
		"same group 2x":  {doc: entitlementDoc("groups:\n  - okta:00g1\n  - {provider: okta, id: 00g1} #!"), message: "in the list twice", fix: "remove one"},
		"group a number": {doc: entitlementDoc("groups: [5] #!"), message: "must be a group", fix: "provider:id"},

		// durations
		"duration form":      {doc: roleDoc("durations: [1h, 6 hours, 1d] #!"), message: "is not a duration", fix: "30m, 6h"},
		"duration unit":      {doc: roleDoc("deadline: 30s #!"), message: "is not a duration", fix: "30m, 6h"},
		"duration bare":      {doc: roleDoc("deadline: 30 #!"), message: "is not a duration", fix: "30m, 6h"},
		"duration short":     {doc: roleDoc("deadline: 0m #!"), message: "outside 1m to 365d", fix: "1m to 365d"},
		"duration long":      {doc: roleDoc("durations: [1h, 366d, 1d] #!"), message: "outside 1m to 365d", fix: "1m to 365d"},
		"duration twice":     {doc: roleDoc("durations:\n  - 24h\n  - 1d #!"), message: "1 day is in the list twice", fix: "remove one"},
		"no durations":       {doc: roleDoc("durations: [] #!"), message: "no duration", fix: "1h, 6h"},
		"many durations":     {doc: roleDoc("durations: [1h,2h,3h,4h,5h,6h,7h,8h,9h,10h,11h] #!"), message: "11 items, but 10", fix: "shorten"},
		"deadline endless":   {doc: roleDoc("deadline: standing #!"), message: "must have an end", fix: "30m, 6h"},
		"default elsewhere":  {doc: roleDoc("durations: [1h, 2h]\ndefault_duration: 3h #!"), message: "not among the durations", fix: "one of the durations"},
		"default first":      {doc: roleDoc("durations: [6h, 1h, 24h]\ndefault_duration: 1h #!"), message: "first or last of 3", fix: "middle"},
		"default last":       {doc: roleDoc("default_duration: 1d #!"), message: "first or last of 3", fix: "middle"},
		"standing forbidden": {doc: roleDoc("durations: [1h, standing] #!"), message: "without an end is not allowed", fix: "allowed: true"},
		"standing elevated": {
			doc:     roleDoc("elevated: true\npolicy: {rules: [{steps: [{approvers: [owner]}]}]}\ndurations: [1h, standing] #!"),
			message: "without an end is not allowed", fix: "because",
		},
		"standing no reason": {
			doc:     roleDoc("elevated: true\npolicy: {rules: [{steps: [{approvers: [owner]}]}]}\nstanding: {allowed: true} #!"),
			message: "needs a reason", fix: "because",
		},
		"standing no word": {doc: roleDoc("standing: {because: x} #!"), message: "allowed is missing", fix: "allowed"},

		// extension
		"extension total": {doc: roleDoc("extension: {max_total: 6h} #!"), message: "shorter than the longest duration, 1d", fix: "raise"},
		"extension count": {doc: roleDoc("extension: {max_count: -1} #!"), message: "from 0 to 100, not -1", fix: "range"},
		"extension half":  {doc: roleDoc("extension: {max_count: 1.5} #!"), message: "from 0 to 100, not 1.5", fix: "range"},
		"extension rule":  {doc: roleDoc("extension: {policy: other} #!"), message: `no policy "other"`, fix: "policies"},

		// policies
		"policy unknown":     {doc: roleDoc("policy: low #!"), message: `no policy "low"`, fix: "policies"},
		"policy misspelt":    {doc: roleDoc("policy: chaep #!") + "policies: {cheap: {rules: [{steps: [{approvers: [owner]}]}]}}", message: `no policy "chaep"`, fix: "did you mean cheap?"},
		"policy a list":      {doc: roleDoc("policy: [a] #!"), message: "must be the name of a policy", fix: "name one"},
		"policy name":        {doc: roleDoc("because: x") + "policies: {Low Risk: {rules: [{steps: [{approvers: [owner]}]}]}} #!", message: "cannot be the name", fix: "lowercase"},
		"no rules":           {doc: roleDoc("policy: {rules: []} #!"), message: "no rules", fix: "add a rule"},
		"rules missing":      {doc: roleDoc("policy: {} #!"), message: "rules is missing", fix: "add rules"},
		"rule not a mapping": {doc: ruleDoc("- manager #!\n- steps: [{approvers: [manager]}]"), message: "must be a mapping, not text", fix: "key: value"},
		"last rule if":       {doc: ruleDoc("- when: requester.manager #!\n  steps: [{approvers: [manager]}]"), message: "might match no rule", fix: "no when"},
		"unreachable":        {doc: ruleDoc("- steps: [{approvers: [manager]}] #!\n- steps: [{approvers: [owner]}]"), message: "rules after it never do", fix: "move it"},
		"rule empty":         {doc: ruleDoc("- because: x #!"), message: "does not say who approves", fix: "add steps"},
		"rule both":          {doc: ruleDoc("- automatic: true\n  because: x\n  steps: [{approvers: [manager]}] #!"), message: "either automatic or has steps", fix: "keep one"},
		"not automatic":      {doc: ruleDoc("- automatic: false #!\n  because: x"), message: "says nothing", fix: "steps"},
		"no reason":          {doc: ruleDoc("- automatic: true #!"), message: "needs a reason", fix: "because"},
		"no steps":           {doc: ruleDoc("- steps: [] #!"), message: "no steps", fix: "add a step"},
		"approvers missing":  {doc: ruleDoc("- steps:\n    - quorum: 1 #!"), message: "approvers is missing", fix: "add approvers"},
		"approvers empty":    {doc: ruleDoc("- steps:\n    - approvers: [] #!"), message: "no approvers", fix: "manager"},
		"approver misspelt":  {doc: ruleDoc("- steps: [{approvers: [owners]}] #!"), message: "not an approver", fix: "did you mean owner?"},
		"approver group":     {doc: ruleDoc("- steps: [{approvers: [\"group:okta:00g1\"]}] #!"), message: "approval by group is not supported yet", fix: "e-mail"},
		"approver e-mail":    {doc: ruleDoc("- steps: [{approvers: [\"ada@@example.com\"]}] #!"), message: "not an e-mail", fix: "ada@"},
		"approver twice":     {doc: ruleDoc("- steps: [{approvers: [ada@example.com, Ada@Example.com]}] #!"), message: "in the list twice", fix: "remove"},
		"quorum none":        {doc: ruleDoc("- steps: [{approvers: [manager], quorum: 0}] #!"), message: "from 1 to", fix: "range"},
		"quorum of persons":  {doc: ruleDoc("- steps:\n    - approvers: [manager, b@example.com]\n      quorum: 3 #!"), message: "needs 3 people, but at most 2", fix: "lower"},
		"quorum of owners":   {doc: roleDoc("policy: pair #!") + "policies: {pair: {rules: [{steps: [{approvers: [owner], quorum: 2}]}]}}", message: "for github at most 1 can approve", fix: "lower"},
		"quorum same person": {doc: roleDoc("policy: pair #!") + "policies: {pair: {rules: [{steps: [{approvers: [owner, ada@example.com], quorum: 2}]}]}}", message: "at most 1 can approve", fix: "lower"},
		"no security":        {doc: strings.Replace(roleDoc("risk: high"), "id: write", "id: write #!", 1), message: "need a policy, or security people", fix: "settings: security"},
		"no security admin":  {doc: strings.Replace(roleDoc("elevated: true"), "id: write", "id: write #!", 1), message: "need a policy, or security people", fix: "policy:"},

		// expressions
		"expression field":   {doc: roleDoc("visible: requester.departmnt == 'A' #!"), message: "undefined field 'departmnt'", fix: "example file"},
		"expression name":    {doc: roleDoc("visible: reqester.department == 'A' #!"), message: "undeclared reference to 'reqester'", fix: "example file"},
		"expression type":    {doc: roleDoc("visible: requester.department == 5 #!"), message: "no matching overload", fix: "example file"},
		"expression result":  {doc: roleDoc("visible: requester.department #!"), message: "gives string, but must give true or false", fix: "example file"},
		"expression syntax":  {doc: roleDoc("visible: requester. == 'A' #!"), message: "in the expression: Syntax error", fix: "example file"},
		"expression time":    {doc: roleDoc("visible: duration < duration('6h') #!"), message: "in the expression", fix: "entitlement"},
		"expression length":  {doc: roleDoc("visible: \"" + strings.Repeat("true || ", 300) + "true\" #!"), message: "2404 characters, but 2000", fix: "shorten"},
		"expression a list":  {doc: roleDoc("visible: [true] #!"), message: "must be an expression", fix: "quotes"},
		"expression literal": {doc: roleDoc("visible: |\n  requester.manager &&\n  requester.titel == 'A' // #!"), message: "undefined field 'titel'", fix: "example file"},

		// settings
		"settings mail":     {doc: roleDoc("because: x") + "settings: {security: [sec]} #!", message: "not an e-mail", fix: "ada@"},
		"settings notice":   {doc: roleDoc("because: x") + "settings: {notice: soon} #!", message: "not a duration", fix: "30m"},
		"settings count":    {doc: roleDoc("because: x") + "settings: {max_extensions: many} #!", message: "must be a whole number", fix: "without quotes"},
		"settings deadline": {doc: roleDoc("because: x") + "settings: {deadline: 2y} #!", message: "not a duration", fix: "30m"},
	}
}

func TestWholeFileProblems(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ doc, message string }{
		"nothing":      {"", "the file is empty"},
		"comment only": {"# soon\n", "the file is empty"},
		"no apps":      {"version: 1\n", "the catalog has no apps"},
		"empty list":   {"version: 1\napps: []\n", "the catalog has no apps"},
		"bad YAML":     {"version: 1\napps: [\n", "not valid YAML"},
		"tab":          {"version: 1\napps:\n\t- id: x\n", "not valid YAML"},
		"anchor":       {"version: *x\n", "not valid YAML: unknown anchor"},
		"not UTF-8":    {"version: 1\nx: \xff\n", "not valid YAML"},
		"two in one":   {roleDoc("because: x") + "---\nversion: 1\n", "a second document begins here"},
		"a list":       {"- version: 1\n", "must be a mapping, not a list"},
		"null":         {"null\n", "must be a mapping, but is empty"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Parse(Source{Name: "c.yml", Data: []byte(tt.doc)})
			if err == nil || !strings.Contains(err.Error(), tt.message) {
				t.Errorf("error = %v, want %q", err, tt.message)
			}
		})
	}
	if _, err := Parse(); err == nil {
		t.Error("no files: want an error")
	}
}

func TestAllProblemsAreReportedAtOnceInOrder(t *testing.T) {
	t.Parallel()
	a := "version: 1\nsettings: {deadline: 1h}\napps:\n  - id: A\n    nam: A\n    risk: low\n    status: retired\n"
	b := "version: 3\nsettings: {deadline: 1h}\npolicies: {p: {rules: []}, q: {}}\n"
	_, err := Parse(Source{"a.yml", []byte(a)}, Source{"b.yml", []byte(b)})
	var got []string
	var problems Problems
	errors.As(err, &problems)
	for _, p := range problems {
		got = append(got, fmt.Sprintf("%s:%d:%d %s", p.File, p.Line, p.Column, p.Path))
	}
	want := []string{
		"a.yml:4:5 apps[0]", "a.yml:4:9 apps[0].id", "a.yml:5:5 apps[0].nam",
		"b.yml:1:10 version", "b.yml:2:11 settings", "b.yml:3:23 policies.p.rules", "b.yml:3:31 policies.q",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("problems (-want +got):\n%s\n%v", diff, err)
	}
}

func TestProblemPrintsPositionPathMessageAndFix(t *testing.T) {
	t.Parallel()
	for want, p := range map[string]Problem{
		"c.yml:3:7: apps[0].risk: is wrong. Fix: mend it": {"c.yml", 3, 7, "apps[0].risk", "is wrong", "mend it"},
		"c.yml:3: is wrong": {File: "c.yml", Line: 3, Message: "is wrong"},
		"c.yml: is wrong":   {File: "c.yml", Message: "is wrong"},
	} {
		if got := p.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestExpressionProblemsPointIntoTheText(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		yaml         string
		line, column int
	}{
		"plain":   {"visible: requester.nope == 'A'", 12, 27},
		"quoted":  {"visible: 'requester.nope == \"A\"'", 12, 28},
		"literal": {"visible: |\n  true &&\n  requester.nope == 'A'", 14, 20},
		"folded":  {"visible: >\n  true &&\n  requester.nope == 'A'", 12, 18},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Parse(Source{"c.yml", []byte(roleDoc(tt.yaml))})
			var problems Problems
			if !errors.As(err, &problems) || len(problems) != 1 {
				t.Fatalf("error = %v, want one problem", err)
			}
			if p := problems[0]; p.Line != tt.line || p.Column != tt.column {
				t.Errorf("position = %d:%d, want %d:%d", p.Line, p.Column, tt.line, tt.column)
			}
		})
	}
}

func TestFilesShareSettingsPoliciesAndIDs(t *testing.T) {
	t.Parallel()
	app := Source{"app.yml", []byte(roleDoc("policy: pair"))}
	shared := Source{"shared.yml", []byte("version: 1\nsettings: {deadline: 1h}\npolicies: {pair: {rules: [{steps: [{approvers: [manager, owner], quorum: 2}]}]}}\n")}
	c := parse(t, app, shared)
	e, _ := c.Entitlement("write")
	if e.Deadline != time.Hour {
		t.Errorf("deadline = %v, want the shared 1h", e.Deadline)
	}
	again := parse(t, Source{"other-name.yml", app.Data}, shared)
	if c.Version() != again.Version() || len(c.Version()) != 12 {
		t.Errorf("versions %q and %q, want the same 12 digits", c.Version(), again.Version())
	}
	if other := parse(t, Source{"app.yml", []byte(roleDoc(""))}); other.Version() == c.Version() {
		t.Error("another content has the same version")
	}
	_, err := Parse(app, shared, Source{"again.yml", shared.Data}, Source{"copy.yml", app.Data})
	for _, want := range []string{
		"again.yml:2:11: settings: settings are already in shared.yml, line 2",
		`again.yml:3:12: policies.pair: policy "pair" is already in shared.yml, line 3`,
		`copy.yml:3:9: apps[0].id: app "github" is already in app.yml, line 3`,
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error = %v\nwant %q", err, want)
		}
	}
}

func TestEndlessProblemsAreCut(t *testing.T) {
	t.Parallel()
	doc := "version: 1\napps:\n" + strings.Repeat("  - {}\n", 1000)
	_, err := Parse(Source{"c.yml", []byte(doc)})
	var problems Problems
	if errors.As(err, &problems); len(problems) != maxProblems {
		t.Errorf("%d problems, want %d", len(problems), maxProblems)
	}
}

func parse(t testing.TB, files ...Source) *Catalog {
	t.Helper()
	c, err := Parse(files...)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestGroupsAreNamedByIDsOfTheirProvider goes by what docs/providers says of ids, and by what the adapters accept.
func TestGroupsAreNamedByIDsOfTheirProvider(t *testing.T) {
	t.Parallel()
	const small, capital = "0f1c2d3e-aaaa-4bbb-8ccc-00000000c0de", "0F1C2D3E-AAAA-4BBB-8CCC-00000000C0DE"
	for _, c := range []struct{ group, message, fix string }{
		{"okta:00g1abcd", "", ""},
		{"okta:0oa1abcd", "not the id of an Okta group", "begins with 00g"},
		{"entra:" + small, "", ""},
		{"entra:" + capital, "not the id of an Entra group", "small letters"},
		{"entra:" + strings.ReplaceAll(small, "-", ""), "not the id of an Entra group", "object id"},
		{"entra:0f1c2d3eaaaa-4bbb-8ccc-0000-00000c0de", "not the id of an Entra group", "object id"},
		{"entra:" + strings.Replace(small, "f", "g", 1), "not the id of an Entra group", "object id"},
		{"google:03ep43zb1abcdef", "", ""},
		{"google:engineering@acme.example", "not the id of a Google group", "never an address"},
		{"google:03EP43ZB1ABCDEF", "not the id of a Google group", "small letters"},
		{"google:eng", "not the id of a Google group", "usher catalog discover"},
		{"google:" + strings.Repeat("0", 65), "not the id of a Google group", "usher catalog discover"},
		{"ldap:" + small, "", ""},
		{"ldap:" + capital, "not the id of an LDAP group", "small letters"},
		{"ldap:cn=eng,ou=groups,dc=acme,dc=example", "not the id of an LDAP group", "entryUUID or objectGUID"},
		{"ldap:" + strings.ReplaceAll(small, "-", ""), "not the id of an LDAP group", "with its hyphens"},
		{"wiki:Whatever the app says", "", ""}, // SCIM and webhooks have ids of their own.
	} {
		for _, form := range []string{`"` + c.group + `"`, "{provider: " + strings.Replace(c.group, ":", `, id: "`, 1) + `"}`} {
			_, err := Parse(Source{Name: "c.yml", Data: []byte(entitlementDoc("groups: [" + form + "]"))})
			got := ""
			if err != nil {
				got = err.Error()
			}
			if (got == "") != (c.message == "") || !strings.Contains(got, c.message) || !strings.Contains(got, c.fix) {
				t.Errorf("%s: %q, want %q and %q", form, got, c.message, c.fix)
			}
		}
	}
}
