package catalog

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"
)

func TestExampleLoadsCleanlyAndShowsEachFeature(t *testing.T) {
	t.Parallel()
	c := parse(t, Source{Name: "example.yml", Data: Example()})
	var got []string
	for _, e := range c.Requestable() {
		got = append(got, string(e.ID))
	}
	want := []string{"figma-editor", "github-read", "github-write", "github-admin", "pager-manager"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("requestable (-want +got):\n%s", diff)
	}
	for key := range schemaKeys(t) {
		if !bytes.Contains(Example(), []byte(key+":")) {
			t.Errorf("the example does not show %q", key)
		}
	}
}

// schemaKeys returns every key that the schema knows in a catalog.
func schemaKeys(t *testing.T) map[string]bool {
	t.Helper()
	keys := map[string]bool{}
	var walk func(v any, inProperties bool)
	walk = func(v any, inProperties bool) {
		switch v := v.(type) {
		case map[string]any:
			for k, child := range v {
				if inProperties {
					keys[k] = true
				}
				walk(child, k == "properties" && !inProperties)
			}
		case []any:
			for _, child := range v {
				walk(child, false)
			}
		}
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema()))
	if err != nil {
		t.Fatal(err)
	}
	walk(doc, false)
	if len(keys) < 30 {
		t.Fatalf("only %d keys in the schema", len(keys))
	}
	return keys
}

func compileSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("catalog.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("catalog.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSchemaAcceptsWhatParseAccepts(t *testing.T) {
	t.Parallel()
	schema := compileSchema(t)
	for name, doc := range map[string]string{
		"example": string(Example()),
		"minimal": roleDoc(""),
		"retired": "version: 1\napps: [{id: a, name: A, risk: low, status: retired}]",
		"true":    roleDoc("visible: true"),
	} {
		parse(t, Source{name, []byte(doc)})
		var v any
		if err := yaml.Unmarshal([]byte(doc), &v); err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(v); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The mistakes that a schema cannot see: references between values, order of lists, expressions, and repeated keys or anchors, which
// are gone once YAML is read.
func TestSchemaRefusesWhatParseRefusesByStructure(t *testing.T) {
	t.Parallel()
	blind := strings.Fields(`alias tag app-id-twice app-name-twice entitlement-id-twice entitlement-name-twice key-twice merge-key
		same-group-2x group-by-name entra-by-name duration-long duration-short duration-twice default-elsewhere default-first default-last
		standing-forbidden standing-elevated extension-total extension-rule policy-unknown policy-misspelt last-rule-if unreachable
		quorum-of-persons quorum-of-owners quorum-same-person no-security no-security-admin approver-twice line-break
		expression-field expression-name expression-type expression-result expression-syntax expression-time expression-literal`)
	schema := compileSchema(t)
	unseen := map[string]bool{}
	for _, name := range blind {
		unseen[name] = true
	}
	for name, m := range mistakes() {
		var v any
		if err := yaml.Unmarshal([]byte(m.doc), &v); err != nil {
			if !unseen[strings.ReplaceAll(name, " ", "-")] {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		refused := schema.Validate(v) != nil
		if key := strings.ReplaceAll(name, " ", "-"); refused == unseen[key] {
			t.Errorf("%s: schema refuses = %v", name, refused)
		}
	}
}
