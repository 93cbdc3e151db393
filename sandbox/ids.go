package sandbox

import (
	"crypto/sha256"
	"fmt"
	"math/big"
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

// number makes digits that are always the same for the same thing.
func number(kind, name string) *big.Int {
	b := sha256.Sum256([]byte(kind + " " + name))
	return new(big.Int).SetBytes(b[:16])
}

// googleUserID is an id of the form of Google's for people: 21 digits.
func googleUserID(handle string) string {
	return "1" + (number("person", handle).String() + strings.Repeat("0", 20))[:20]
}

// googleGroupID is an id of the form of Google's for groups, 15 digits and letters, unless the group has one already. The
// ids of the company file, which are of Okta's form, are none.
func googleGroupID(group string) string {
	if !strings.HasPrefix(group, "00g") && regexp.MustCompile(`^[0-9a-z]{8,64}$`).MatchString(group) {
		return group
	}
	return "0" + (number("group", group).Text(36) + strings.Repeat("0", 14))[:14]
}
