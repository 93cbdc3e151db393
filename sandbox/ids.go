package sandbox

import (
	"crypto/sha256"
	"fmt"
	"regexp"
	"strings"
)

// guid makes an id of the form of a GUID that is always the same for the same thing.
func guid(kind, name string) string {
	b := sha256.Sum256([]byte(kind + " " + name))
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[0:4], b[4:6], b[6:8], b[8:10], b[10:16])
}

// groupGUID is the GUID of a group of the company file, which may be one already.
func groupGUID(group string) string {
	if regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`).MatchString(group) {
		return strings.ToLower(group)
	}
	return guid("group", group)
}

// Catalog is the catalog of the default company in the words of its directory: groups and apps have other ids in each.
func (w *World) Catalog() []byte {
	d := w.Directory
	if d.Name() == oktaName {
		return Catalog()
	}
	text := string(catalogFile)
	for _, g := range w.Company.Groups {
		text = strings.ReplaceAll(text, `"`+oktaName+":"+g.ID+`"`, `"`+d.Name()+":"+d.GroupID(g.ID)+`"`)
		text = strings.ReplaceAll(text, `"`+g.ID+`"`, `"`+d.GroupID(g.ID)+`"`) // In a policy.
	}
	return regexp.MustCompile(`(?m)^ *okta_app: .*\n`).ReplaceAll([]byte(text), nil)
}
