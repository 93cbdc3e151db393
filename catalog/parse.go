package catalog

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"slices"
	"time"
)

// Source is one file of a catalog.
type Source struct {
	Name string // for messages
	Data []byte
}

// Parse reads a catalog from one or more files, which share settings, policies and ids. All that is wrong is reported
// at once: a non-nil error is always Problems.
func Parse(files ...Source) (*Catalog, error) {
	p, err := newParser()
	if err != nil {
		return nil, Problems{{Message: err.Error()}}
	}
	for i := range files {
		p.read(&files[i])
	}
	if len(files) == 0 || (len(p.apps) == 0 && len(p.report.problems) == 0) {
		name := "catalog"
		if len(files) > 0 {
			name = files[0].Name
		}
		p.report.add(Problem{File: name, Message: "the catalog has no apps", Fix: "add an app under apps:"})
	}
	p.readSettings()
	p.readPolicies()
	apps := p.readApps()
	if problems := p.report.problems; len(problems) > 0 {
		order := map[string]int{}
		for i, f := range files {
			order[f.Name] = i
		}
		slices.SortStableFunc(problems, func(a, b Problem) int {
			return cmp.Or(cmp.Compare(order[a.File], order[b.File]), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
		})
		return nil, problems
	}
	return assemble(fingerprint(files), apps), nil
}

// fingerprint hashes the content of the files in their order, not their names.
func fingerprint(files []Source) string {
	h := sha256.New()
	for _, f := range files {
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(f.Data))))
		h.Write(f.Data)
	}
	return hex.EncodeToString(h.Sum(nil))[:12]
}

// settings are the catalog-wide defaults.
type settings struct {
	deadline      time.Duration
	notice        time.Duration
	maxExtensions int
	security      []string
}

// parser holds what the files said until all of them are read: an app may use a policy of a later file.
type parser struct {
	report     *report
	conditions *compiler // of rules
	visibility *compiler // of visible

	settingsAt []place
	policiesAt []entry
	apps       []place

	settings settings
	policies map[string]*policy // nil for one with problems
	appIDs   map[string]place
	names    map[string]place
	ids      map[string]place
}

func newParser() (*parser, error) {
	conditions, err := newCompiler(true)
	if err != nil {
		return nil, err
	}
	visibility, err := newCompiler(false)
	if err != nil {
		return nil, err
	}
	return &parser{
		report: &report{}, conditions: conditions, visibility: visibility,
		settings: settings{deadline: 72 * time.Hour, notice: 24 * time.Hour, maxExtensions: 2},
		policies: map[string]*policy{}, appIDs: map[string]place{}, names: map[string]place{}, ids: map[string]place{},
	}, nil
}

// read takes one file apart.
func (p *parser) read(s *Source) {
	root, ok := openDocument(s, p.report)
	if !ok {
		return
	}
	file, ok := root.fields("version", "settings", "policies", "apps")
	if !ok {
		return
	}
	if at, ok := file.need("version", "begin the file with version: 1"); ok {
		if v, ok := at.number(0, 1<<30); ok && v != 1 {
			at.problem("write version: 1, or use a newer Usher", "version %d is not known", v)
		}
	}
	if at, ok := file.get("settings"); ok {
		p.settingsAt = append(p.settingsAt, at)
	}
	if at, ok := file.get("policies"); ok {
		entries, _ := at.entries()
		p.policiesAt = append(p.policiesAt, entries...)
	}
	if at, ok := file.get("apps"); ok {
		p.apps = append(p.apps, at.items(5000)...)
	}
}

func (p *parser) readSettings() {
	for i, at := range p.settingsAt {
		if i > 0 {
			first := p.settingsAt[0]
			at.problem("keep all settings in one file", "settings are already in %s, line %d", first.source.Name, first.node.Line)
			continue
		}
		f, _ := at.fields("deadline", "notice", "max_extensions", "security")
		read(f, "deadline", &p.settings.deadline, place.length)
		read(f, "notice", &p.settings.notice, place.length)
		read(f, "max_extensions", &p.settings.maxExtensions, place.extensions)
		if at, ok := f.get("security"); ok {
			p.settings.security = unique(at, maxList, place.email)
		}
	}
}

func (p *parser) readPolicies() {
	first := map[string]place{}
	for _, e := range p.policiesAt {
		if !validID(e.name) {
			e.key.problem("use lowercase letters and digits with - _ or . between them", "%q cannot be the name of a policy", e.name)
		}
		if other, twice := first[e.name]; twice {
			e.key.problem("rename one of the two", "policy %q is already in %s, line %d", e.name, other.source.Name, other.node.Line)
			continue
		}
		first[e.name] = e.key
		p.policies[e.name] = p.readPolicy(e.value, e.name)
	}
}

// claim reports an id or name that is already taken.
func claim(taken map[string]place, key, what string, at place) {
	if other, twice := taken[key]; twice {
		at.problem("rename one of the two", "%s %q is already in %s, line %d", what, at.node.Value, other.source.Name, other.node.Line)
		return
	}
	taken[key] = at
}
