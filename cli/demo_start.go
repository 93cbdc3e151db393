package cli

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"unicode"

	"usher/catalog"
	"usher/sandbox"
)

// startState is what a demo begins with.
type startState struct {
	company *sandbox.Company
	// catalog is somebody's own; nil is the built-in one.
	catalog []byte
	// directory is the name of the identity provider.
	directory string
	// added says what the company lacked of what the catalog names.
	added []string
	// own is whether somebody brought a company or a catalog of their own.
	own bool
}

// readStart reads the company and the catalog that a demo begins with; an empty path is the built-in one.
func readStart(companyPath, catalogPath, directory string) (startState, error) {
	s := startState{directory: directory, own: companyPath+catalogPath != ""}
	var err error
	if companyPath == "" {
		s.company, err = sandbox.ParseCompany(sandbox.DefaultCompany())
	} else {
		s.company, err = readCompany(companyPath)
	}
	if err != nil {
		return s, err
	}
	if catalogPath == "" {
		if companyPath != "" {
			return s, fmt.Errorf("a company of your own needs a catalog of its own: name it with -catalog (usher catalog example prints one)")
		}
		return s, nil
	}
	if s.catalog, err = os.ReadFile(catalogPath); err != nil {
		return s, fmt.Errorf("read catalog: %w", err)
	}
	c, err := catalog.Load(catalogPath)
	if err != nil {
		return s, err
	}
	if err := s.addGroups(c); err != nil {
		return s, fmt.Errorf("%s: %w", catalogPath, err)
	}
	return s, s.addPeople(catalogPath)
}

func readCompany(path string) (*sandbox.Company, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read company: %w", err)
	}
	c, err := sandbox.ParseCompany(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return c, nil
}

// addGroups gives the directory the groups of the catalog that it lacks. A demo has one directory.
func (s *startState) addGroups(c *catalog.Catalog) error {
	have := map[string]bool{}
	for _, g := range s.company.Groups {
		have[g.ID] = true
	}
	if g, e := foreignGroup(c, s.directory); e != "" {
		return fmt.Errorf("group %s:%s of %s is not in %s, the directory of this demo; start it with -idp %s", g.Provider, g.ID, e, s.directory, g.Provider)
	}
	for _, app := range c.Apps() {
		for _, e := range app.Entitlements {
			for _, g := range e.Groups {
				if g.Provider != s.directory || have[g.ID] {
					continue
				}
				have[g.ID] = true
				name := string(e.ID)
				s.company.Groups = append(s.company.Groups, sandbox.Group{ID: g.ID, Name: name})
				s.added = append(s.added, fmt.Sprintf("group %s (%s), empty", name, g.ID))
			}
		}
	}
	return nil
}

// foreignGroup is the first group of a catalog in another directory that a sandbox can have, and the role that gives it.
func foreignGroup(c *catalog.Catalog, directory string) (catalog.Group, catalog.EntitlementID) {
	for _, app := range c.Apps() {
		for _, e := range app.Entitlements {
			for _, g := range e.Groups {
				if g.Provider != directory && slices.Contains(sandbox.Directories(), g.Provider) {
					return g, e.ID
				}
			}
		}
	}
	return catalog.Group{}, ""
}

// addPeople gives the company the people whom the catalog names and it lacks.
func (s *startState) addPeople(path string) error {
	have, handles := map[string]bool{}, map[string]bool{}
	for _, p := range s.company.People {
		have[strings.ToLower(p.Email())], handles[p.Handle] = true, true
	}
	missing := map[string]bool{}
	for _, d := range documents([]string{path}) {
		for _, role := range []string{"owner", "approver", "security"} {
			named(d, role, func(address string) {
				if !have[strings.ToLower(address)] {
					missing[strings.ToLower(address)] = true
				}
			})
		}
	}
	for _, address := range slices.Sorted(maps.Keys(missing)) {
		local, _, ok := strings.Cut(address, "@")
		if !ok {
			continue
		}
		h := handle(local, handles)
		if h == "" {
			return fmt.Errorf("%s names %s, of whom no handle can be made: write them into a company file (-company) with the handle you want and email: %s", path, address, address)
		}
		handles[h] = true
		p := sandbox.Person{Handle: h, Name: properName(local), Title: "Named in the catalog", Address: address}
		s.company.People = append(s.company.People, p)
		s.added = append(s.added, fmt.Sprintf("%s (%s)", p.Name, address))
	}
	return nil
}

// handleMost is the longest handle that a company knows.
const handleMost = 17

// handle makes a free handle, lower-case letters only, of the local part of an address; empty if none can be made.
func handle(local string, taken map[string]bool) string {
	h := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' {
			return r
		}
		return -1
	}, local)
	if h == "" {
		return ""
	}
	h = h[:min(len(h), handleMost-1)]
	if !taken[h] {
		return h
	}
	for c := 'b'; c <= 'z'; c++ {
		if free := h + string(c); !taken[free] {
			return free
		}
	}
	return ""
}

// properName makes "Ada Byron" of "ada.byron".
func properName(local string) string {
	words := strings.FieldsFunc(local, func(r rune) bool { return !unicode.IsLetter(r) })
	for i, w := range words {
		r := []rune(w)
		r[0] = unicode.ToUpper(r[0])
		words[i] = string(r)
	}
	return strings.Join(words, " ")
}
