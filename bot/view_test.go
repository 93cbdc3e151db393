package bot

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/slack-go/slack"

	"usher/access"
)

var update = flag.Bool("update", false, "write the golden files anew") //nolint:gochecknoglobals // A flag of the tests.

func pretty(t testing.TB, v any) []byte {
	t.Helper()
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if m, ok := v.(message); ok {
		v = map[string]any{"text": m.Text, "blocks": m.Blocks}
	}
	if err := e.Encode(v); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestViewsLookAsTheyDid(t *testing.T) {
	t.Parallel()
	all := gallery()
	for name, v := range all {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join("testdata", name+".golden.json")
			got := pretty(t, v)
			if *update {
				if err := os.WriteFile(path, got, 0o644); err != nil { //nolint:gosec // Test data is for everybody.
					t.Fatal(err)
				}
				return
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatalf("no golden file; run with -update and read it: %v", err)
			}
			if d := cmp.Diff(string(want), string(got)); d != "" {
				t.Errorf("run with -update if this is meant (-want +got):\n%s", d)
			}
		})
	}
	files, err := filepath.Glob("testdata/*.golden.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if _, ok := all[strings.TrimSuffix(filepath.Base(f), ".golden.json")]; !ok {
			t.Errorf("%s belongs to no view any more", f)
		}
	}
}

// judges are the vendor's schemas for the three surfaces.
type judges struct{ blocks, modal, home *jsonschema.Schema }

func newJudges(t *testing.T) judges {
	t.Helper()
	dir := os.Getenv("USHER_SPECS")
	if dir == "" {
		t.Skip("USHER_SPECS does not name the folder with blockkit.schema.json")
	}
	f, err := os.Open(filepath.Join(dir, "blockkit.schema.json")) //nolint:gosec // The folder is the caller's.
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	doc, err := jsonschema.UnmarshalJSON(f)
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("kit.json", doc); err != nil {
		t.Fatal(err)
	}
	at := func(name string) *jsonschema.Schema { return c.MustCompile("kit.json#/definitions/" + name) }
	return judges{at("MessageBlocks"), at("StrictModalView"), at("StrictHomeView")}
}

func (j judges) judge(t *testing.T, v any) {
	t.Helper()
	schema := j.modal
	switch m := v.(type) {
	case message:
		schema, v = j.blocks, m.Blocks
	case slack.HomeTabViewRequest:
		schema = j.home
	}
	raw := pretty(t, v)
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(doc); err != nil {
		t.Errorf("Slack would refuse this: %v\n%s", err, raw)
	}
}

func TestViewsSatisfyTheVendorsSchema(t *testing.T) {
	t.Parallel()
	j := newJudges(t)
	for name, v := range gallery() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j.judge(t, v)
		})
	}
}

// checkRelations checks what the schema cannot: ids used twice, initial options, sizes.
func checkRelations(t *testing.T, v any) {
	t.Helper()
	raw := pretty(t, v)
	if len(raw) > 200_000 {
		t.Errorf("the view has %d bytes", len(raw))
	}
	var doc map[string]any
	if err := json.Unmarshal(raw, &doc); err != nil {
		t.Fatal(err)
	}
	blocks, _ := doc["blocks"].([]any)
	most := 100
	if m, ok := v.(message); ok {
		most = 50
		if strings.TrimSpace(m.Text) == "" || len([]rune(m.Text)) > 4000 {
			t.Errorf("text of %d characters", len([]rune(m.Text)))
		}
	}
	if len(blocks) == 0 || len(blocks) > most {
		t.Errorf("%d blocks", len(blocks))
	}
	ids := map[string]bool{}
	for _, b := range blocks {
		id, _ := b.(map[string]any)["block_id"].(string)
		if id != "" && ids[id] {
			t.Errorf("block id %q is used twice", id)
		}
		ids[id] = true
	}
	walkJSON(doc, func(o map[string]any) {
		if first, ok := o["initial_option"]; ok && o["type"] != "external_select" {
			options, _ := o["options"].([]any)
			if !slices.ContainsFunc(options, func(x any) bool { return cmp.Equal(x, first) }) {
				t.Errorf("initial option %v is not offered", first)
			}
		}
		text, _ := o["text"].(string)
		if o["type"] == "mrkdwn" && (len(utf16.Encode([]rune(text))) > 3000 || text == "") {
			t.Errorf("text of %d units", len(utf16.Encode([]rune(text))))
		}
	})
}

func walkJSON(v any, visit func(map[string]any)) {
	switch v := v.(type) {
	case []any:
		for _, x := range v {
			walkJSON(x, visit)
		}
	case map[string]any:
		visit(v)
		for _, x := range v {
			walkJSON(x, visit)
		}
	}
}

func TestViewsKeepTheirRelations(t *testing.T) {
	t.Parallel()
	for name, v := range gallery() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			checkRelations(t, v)
		})
	}
}

// shown collects all texts that a view shows, as they are in the JSON.
func shown(t *testing.T, v any) string {
	t.Helper()
	var doc any
	if err := json.Unmarshal(pretty(t, v), &doc); err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	walkJSON(doc, func(o map[string]any) {
		if s, ok := o["text"].(string); ok {
			b.WriteString(s + "\n")
		}
	})
	return b.String()
}

func TestEveryPageOfACrowdedHomeFits(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	everyPage(t, crowded(), func(v slack.HomeTabViewRequest) {
		checkRelations(t, v)
		walkJSON(decoded(t, v), func(o map[string]any) {
			value, _ := o["value"].(string)
			switch o["action_id"] {
			case actionRelease, actionCancel, actionApprove:
				id, _, _ := parseDecide(value)
				seen[id] = true
			}
			if options, ok := o["options"].([]any); ok {
				for _, x := range options {
					if m, ok := x.(map[string]any)["value"].(string); ok {
						seen[m] = true
					}
				}
			}
		})
	})
	for i := range 60 {
		for _, id := range []string{testID(i), testID(100 + i), testID(200 + i), menuRevoke + ":" + testID(300+i), menuShow + ":" + testID(400+i)} {
			if !seen[id] {
				t.Errorf("%s is on no page", id)
			}
		}
	}
}

// everyPage turns the pages of all sections of a Home tab until none has a next one.
func everyPage(t *testing.T, h access.Home, visit func(slack.HomeTabViewRequest)) {
	t.Helper()
	at := pages{}
	for range 500 {
		v := homeView(h, at)
		visit(v)
		next := map[string]int{}
		walkJSON(decoded(t, v), func(o map[string]any) {
			if o["action_id"] != actionPage {
				return
			}
			value, _ := o["value"].(string)
			section, from, ok := parsePage(value)
			if !ok {
				t.Fatalf("page value %q", value)
			}
			next[section] = from
		})
		if len(next) == 0 {
			return
		}
		at = next
		for _, s := range []string{pageDecisions, pageGrants, pagePending, pageFailures, pageOverdue} {
			if _, more := next[s]; !more {
				at[s] = 1 << 20 // Stays on the last page.
			}
		}
	}
	t.Error("the pages have no end")
}

func decoded(t testing.TB, v any) any {
	t.Helper()
	var doc any
	if err := json.Unmarshal(pretty(t, v), &doc); err != nil {
		t.Fatal(err)
	}
	return doc
}

func TestAQuestionCarriesAllThatADecisionNeeds(t *testing.T) {
	t.Parallel()
	r := twoSteps(1)
	m := askMessage(access.Message{Kind: access.MessageAsk, To: cyd(), Request: r, Open: true})
	for _, want := range []string{
		"Ann Chen", "Engineer, Payments", "GitHub", "Administrator", "Everything, including", "critical risk", "elevated", "1 hour",
		"Fix the checkout bug", "Reason given by Ann Chen", "Approved by Bob Ito", "step 2 of 2", "2 approvals needed", "ACCESS-1",
		"<!date^1795780800^", "Approve this access?",
	} {
		if !strings.Contains(shown(t, m), want) {
			t.Errorf("the question does not show %q:\n%s", want, shown(t, m))
		}
	}
	for _, want := range []string{"Ann Chen", "GitHub: Administrator", "1 hour", "critical", "Fix the checkout bug", "Approve or deny"} {
		if !strings.Contains(m.Text, want) {
			t.Errorf("the notification does not say %q: %s", want, m.Text)
		}
	}
}

func TestButtonsAreGoneWhenNothingIsLeftToDecide(t *testing.T) {
	t.Parallel()
	for name, m := range asks4gallery() {
		buttons := 0
		walkJSON(decoded(t, askMessage(m)), func(o map[string]any) {
			if o["type"] == "button" {
				buttons++
			}
		})
		if want := map[bool]int{true: 2, false: 0}[m.Open]; buttons != want {
			t.Errorf("%s has %d buttons, expected %d", name, buttons, want)
		}
	}
}

func TestOnlyRiskyApprovalsAskTwice(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		role access.Role
		want bool
	}{{writeRole(), false}, {adminRole(), true}} {
		r := pendingRequest(1)
		r.Role = c.role
		asks := false
		walkJSON(decoded(t, askMessage(access.Message{Request: r, Open: true, To: bob()})), func(o map[string]any) {
			asks = asks || o["confirm"] != nil
		})
		if asks != c.want {
			t.Errorf("%s asks twice: %t", c.role, asks)
		}
	}
}

func TestThePreselectedLengthIsTheCatalogsDefault(t *testing.T) {
	t.Parallel()
	var got any
	walkJSON(decoded(t, formView(forms4gallery()["chosen"])), func(o map[string]any) {
		if o["type"] == "radio_buttons" {
			got = o["initial_option"].(map[string]any)["value"]
		}
	})
	if got != "6h" {
		t.Errorf("preselected %v", got)
	}
}
