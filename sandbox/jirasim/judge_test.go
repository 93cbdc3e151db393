package jirasim

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
)

// documents are Atlassian's OpenAPI documents by API version; nil without USHER_SPECS. Loading takes seconds, so it is done once.
//
//nolint:gochecknoglobals // a sync.OnceValue is the documented form of a value that is loaded once
var documents = sync.OnceValues(func() (map[string]*openapi3.T, error) {
	dir := os.Getenv("USHER_SPECS")
	if dir == "" {
		return nil, nil
	}
	out := map[string]*openapi3.T{}
	for version, name := range map[string]string{"2": "jira-platform-v2-derived.json", "3": "jira-platform-v3-2025-12.json"} {
		doc, err := openapi3.NewLoader().LoadFromFile(filepath.Join(dir, name))
		if err != nil {
			return nil, fmt.Errorf("load %s: %w", name, err)
		}
		out[version] = doc
	}
	return out, nil
})

// jiraTime is Jira's form of a date and time, which the documents call date-time although it lacks the colon of RFC 3339.
func jiraTime(s string) error {
	if !regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d{4}$`).MatchString(s) {
		return errors.New("not a Jira date and time: " + s)
	}
	return nil
}

// judge checks a request and its reply against Atlassian's document of the version that was called.
func judge(t *testing.T, method, path string, sent []byte, g got) {
	t.Helper()
	docs, err := documents()
	if err != nil {
		t.Fatal(err)
	}
	rest, isAPI := strings.CutPrefix(path, "/rest/api/")
	version, _, _ := strings.Cut(rest, "/")
	if docs[version] == nil || !isAPI {
		return
	}
	op := operation(docs[version], method, path)
	if op == nil {
		if g.status < 400 {
			t.Errorf("%s %s: answered %d, but the document does not know it", method, path, g.status)
		}
		return
	}
	if g.status >= 400 {
		judgeError(t, docs[version], g)
		return
	}
	ref := op.Responses.Value(strconv.Itoa(g.status))
	if ref == nil {
		t.Errorf("%s %s: status %d is not documented", method, path, g.status)
		return
	}
	if media := ref.Value.Content.Get("application/json"); media != nil && media.Schema != nil && g.json != nil && !isList(path, g) {
		if err := fits(media.Schema.Value, g.json, openapi3.VisitAsResponse()); err != nil {
			t.Errorf("%s %s: reply %s\ndoes not fit the document: %v", method, path, g.raw, err)
		}
	}
	if op.RequestBody == nil || len(sent) == 0 {
		return
	}
	var body any
	media := op.RequestBody.Value.Content.Get("application/json")
	if media == nil || media.Schema == nil || json.Unmarshal(sent, &body) != nil {
		return
	}
	if err := fits(media.Schema.Value, body, openapi3.VisitAsRequest()); err != nil && !strings.Contains(err.Error(), "readOnly") {
		t.Errorf("%s %s: request %s\ndoes not fit the document: %v", method, path, sent, err)
	}
}

// isList says whether this is the one reply whose document is known to be wrong: without a global id remote links come as an array,
// as the document's own text and example show, but its schema is that of one link.
func isList(path string, g got) bool {
	_, array := g.json.([]any)
	return array && strings.HasSuffix(path, "/remotelink")
}

func judgeError(t *testing.T, doc *openapi3.T, g got) {
	t.Helper()
	if g.json == nil || g.at("status-code") != nil {
		return
	}
	if err := fits(doc.Components.Schemas["ErrorCollection"].Value, g.json); err != nil {
		t.Errorf("error %s does not fit the document: %v", g.raw, err)
	}
}

func fits(schema *openapi3.Schema, v any, opts ...openapi3.SchemaValidationOption) error {
	opts = append(opts, openapi3.EnableFormatValidation(), openapi3.WithStringFormatValidator("date-time", openapi3.NewCallbackValidator(jiraTime)))
	return schema.VisitJSON(unset(v), opts...)
}

// unset drops members that are null: Jira's documents call nothing nullable but show null in their own examples.
func unset(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for k, e := range v {
			if e != nil {
				out[k] = unset(e)
			}
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = unset(v[i])
		}
		return out
	}
	return v
}

// operation finds the operation of a path, literal segments before variables.
func operation(doc *openapi3.T, method, path string) *openapi3.Operation {
	want := strings.Split(path, "/")
	var best *openapi3.Operation
	most := -1
	for pattern, item := range doc.Paths.Map() {
		have := strings.Split(pattern, "/")
		op := item.GetOperation(method)
		if len(have) != len(want) || op == nil {
			continue
		}
		literal := 0
		for i := range have {
			if have[i] == want[i] {
				literal++
			} else if !strings.HasPrefix(have[i], "{") {
				literal = -1
				break
			}
		}
		if literal > most {
			best, most = op, literal
		}
	}
	return best
}

func TestDocumentsAreThere(t *testing.T) {
	t.Parallel()
	docs, err := documents()
	if err != nil {
		t.Fatal(err)
	}
	if docs == nil {
		t.Skip("USHER_SPECS does not name the folder of Atlassian's documents, so replies are not checked against them.")
	}
	for _, rt := range routes() {
		for version, doc := range docs {
			path := "/rest/api/" + version + "/" + strings.Join(rt.pattern, "/")
			if operation(doc, rt.method, path) == nil {
				t.Errorf("%s %s is not in the document", rt.method, path)
			}
		}
	}
}
