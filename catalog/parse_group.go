package catalog

import (
	"strings"

	"go.yaml.in/yaml/v3"
)

// readGroup reads "okta:00g1abcd" or {provider: okta, id: 00g1abcd}.
func readGroup(at place) (Group, bool) {
	var g Group
	if at.node.Kind == yaml.MappingNode {
		f, _ := at.fields("provider", "id")
		provider, hasProvider := f.need("provider", "add provider: okta")
		id, hasID := f.need("id", "add the id of the group in the provider")
		if !hasProvider || !hasID {
			return g, false
		}
		var okProvider, okID bool
		g.Provider, okProvider = provider.scalar("text", "put it in quotes", "!!str")
		g.ID, okID = id.scalar("text", "put it in quotes", "!!str")
		if !okProvider || !okID {
			return g, false
		}
	} else {
		s, ok := at.scalar(`a group such as "okta:00g…"`, "write provider:id", "!!str")
		if !ok {
			return g, false
		}
		g.Provider, g.ID, _ = strings.Cut(s, ":")
	}
	return g, checkGroup(at, g)
}

// checkGroup looks at the form of the id as far as the provider's kind tells it. An id of the wrong form is most often a name or
// an address, which can come to mean another group.
func checkGroup(at place, g Group) bool {
	switch {
	case !validID(g.Provider) || g.ID == "" || strings.TrimSpace(g.ID) != g.ID || len(g.ID) > 300:
		at.problem("write provider:id, such as okta:00g1abcd", "%q is not a group", g.String())
	case g.Provider == "okta" && (!strings.HasPrefix(g.ID, "00g") || strings.ContainsAny(g.ID, " /:")):
		at.problem("copy the id from the address of the group's page in Okta; it begins with 00g", "%q is not the id of an Okta group", g.ID)
	case g.Provider == "entra" && !isUUID(g.ID):
		at.problem("copy the object id from the group's page in Entra, in small letters", "%q is not the id of an Entra group", g.ID)
	case g.Provider == "google" && (len(g.ID) < 8 || len(g.ID) > 64 || strings.Trim(g.ID, "0123456789abcdefghijklmnopqrstuvwxyz") != ""):
		at.problem("copy the id, small letters and digits and never an address, from usher catalog discover", "%q is not the id of a Google group", g.ID)
	case g.Provider == "ldap" && !isUUID(g.ID):
		at.problem("copy the group's entryUUID or objectGUID, with its hyphens and in small letters, from usher catalog discover", "%q is not the id of an LDAP group", g.ID)
	default:
		return true
	}
	return false
}

// isUUID accepts the usual form with hyphens and small letters: two spellings would be two groups.
func isUUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i, r := range s {
		if hyphen := i == 8 || i == 13 || i == 18 || i == 23; hyphen != (r == '-') || !hyphen && !strings.ContainsRune("0123456789abcdef", r) {
			return false
		}
	}
	return true
}
