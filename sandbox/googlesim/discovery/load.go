package discovery

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

// document is what is read of one description.
type document struct {
	Parameters map[string]*schema  `json:"parameters"`
	Schemas    map[string]*schema  `json:"schemas"`
	Resources  map[string]resource `json:"resources"`
}

type resource struct {
	Methods   map[string]*method  `json:"methods"`
	Resources map[string]resource `json:"resources"`
}

type method struct {
	ID         string             `json:"id"`
	HTTPMethod string             `json:"httpMethod"`
	Path       string             `json:"path"`
	FlatPath   string             `json:"flatPath"`
	Parameters map[string]*schema `json:"parameters"`
	Request    *schema            `json:"request"`
	Response   *schema            `json:"response"`

	doc   *document
	shape *regexp.Regexp
	names []string // of the variables in shape
	plain int      // literal bytes of the path: more of them is the better match
}

// schema is a type, or a parameter.
type schema struct {
	Ref        string             `json:"$ref"`
	Type       string             `json:"type"`
	Format     string             `json:"format"`
	Enum       []string           `json:"enum"`
	Pattern    string             `json:"pattern"`
	Minimum    string             `json:"minimum"`
	Maximum    string             `json:"maximum"`
	Location   string             `json:"location"`
	Required   bool               `json:"required"`
	Items      *schema            `json:"items"`
	Properties map[string]*schema `json:"properties"`
	Additional *schema            `json:"additionalProperties"`
}

// Judge knows some APIs. It is safe for concurrent use.
type Judge struct {
	methods []*method
}

// Load reads the descriptions of the Directory, Reports and Cloud Identity APIs out of the module google.golang.org/api, which
// it finds with go list.
func Load(ctx context.Context) (*Judge, error) {
	out, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", "google.golang.org/api").Output()
	if err != nil {
		return nil, fmt.Errorf("find google.golang.org/api: %w", err)
	}
	j := &Judge{}
	for _, name := range []string{"admin/directory/v1/admin-api.json", "admin/reports/v1/admin-api.json", "cloudidentity/v1/cloudidentity-api.json"} {
		raw, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(out)), filepath.FromSlash(name)))
		if err != nil {
			return nil, fmt.Errorf("read the description: %w", err)
		}
		doc := &document{}
		if err := json.Unmarshal(raw, doc); err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
		if err := j.add(doc, doc.Resources); err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
	}
	if len(j.methods) < 100 {
		return nil, errors.New("the descriptions hold too few methods")
	}
	return j, nil
}

func (j *Judge) add(doc *document, resources map[string]resource) error {
	for _, r := range resources {
		for _, m := range r.Methods {
			if err := m.compile(doc); err != nil {
				return err
			}
			j.methods = append(j.methods, m)
		}
		if err := j.add(doc, r.Resources); err != nil {
			return err
		}
	}
	return nil
}

// compile turns the path into a pattern. Variables hold no slash there: those that do are written out in flatPath.
func (m *method) compile(doc *document) error {
	m.doc = doc
	path := m.FlatPath
	if path == "" {
		path = m.Path
	}
	variable := regexp.MustCompile(`\{([^}]+)\}`)
	text, last := "^/", 0
	for _, at := range variable.FindAllStringSubmatchIndex(path, -1) {
		text += regexp.QuoteMeta(path[last:at[0]]) + "([^/]+)"
		m.plain += at[0] - last
		m.names = append(m.names, path[at[2]:at[3]])
		last = at[1]
	}
	m.plain += len(path) - last
	var err error
	m.shape, err = regexp.Compile(text + regexp.QuoteMeta(path[last:]) + "$")
	return err
}
