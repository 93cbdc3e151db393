package catalog

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Suggestion is a group that no catalog names, as somebody who writes one wants to have it.
type Suggestion struct {
	Group Group
	// App is the application that the group opens, and AppID its id at the group's provider; an empty id means that the group
	// stands for itself.
	App, AppID  string
	Name        string
	Description string
	// Owners are e-mail addresses.
	Owners []string
	// Facts follow the id of the role as a comment.
	Facts string
}

// Suggest writes the apps of a catalog that name these groups, one app for all groups that open it. Nothing of it may be
// requested: the apps are unassigned until a person says otherwise. Texts are cut to what a catalog takes.
func Suggest(list []Suggestion) string {
	var out strings.Builder
	say := func(format string, args ...any) { fmt.Fprintf(&out, format, args...) }
	say("apps:\n")
	if len(list) == 0 {
		say("  []\n")
	}
	list = slices.SortedStableFunc(slices.Values(list), func(a, b Suggestion) int {
		return cmp.Or(cmp.Compare(a.app(), b.app()), cmp.Compare(a.key(), b.key()), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Group.String(), b.Group.String()))
	})
	ids, names := map[string]bool{}, map[string]bool{}
	for len(list) > 0 {
		n := slices.IndexFunc(list, func(s Suggestion) bool { return s.key() != list[0].key() })
		if n < 0 {
			n = len(list)
		}
		n = min(n, maxEntitlements)
		suggestApp(say, freshName(list[0].app(), names), list[:n], ids)
		list = list[n:]
	}
	return out.String()
}

func (s Suggestion) app() string {
	if s.AppID == "" {
		return s.Name
	}
	return cmp.Or(s.App, s.Name)
}

// key is of one app: of two with the same name each has its own owners.
func (s Suggestion) key() string {
	if s.AppID == "" {
		return s.Group.String()
	}
	return s.Group.Provider + " " + s.AppID
}

func suggestApp(say func(string, ...any), name string, roles []Suggestion, ids map[string]bool) {
	say("  - id: %s\n    name: %q\n    status: unassigned\n    risk: medium\n", freshID(name, ids), name)
	if id := roles[0].AppID; roles[0].Group.Provider == "okta" && strings.HasPrefix(id, "0oa") && len(id) <= maxName {
		say("    okta_app: %s\n", quoted(id, 60))
	}
	if owners := ownersOf(roles); len(owners) > 0 {
		say("    owners: [%s]\n", strings.Join(owners, ", "))
	}
	say("    entitlements:\n")
	names := map[string]bool{}
	for _, r := range roles {
		say("      - id: %s", freshID(r.Name, ids))
		if r.Facts != "" {
			say("  # %s", OneLine(r.Facts))
		}
		say("\n        name: %q\n", freshName(r.Name, names))
		if OneLine(r.Description) != "" {
			say("        description: %s\n", quoted(r.Description, 200))
		}
		say("        groups: [%s]\n", quoted(r.Group.String(), 300))
	}
}

// ownersOf are the owners of all groups, as many as a catalog takes.
func ownersOf(roles []Suggestion) (owners []string) {
	for _, r := range roles {
		for _, o := range r.Owners {
			address, ok := address(o)
			if o = fmt.Sprintf("%q", address); ok && len(owners) < maxList && !slices.Contains(owners, o) {
				owners = append(owners, o)
			}
		}
	}
	return owners
}

// freshName makes a name on one line, as short as a catalog wants it, that differs from all used by more than its case.
func freshName(name string, used map[string]bool) string {
	const most = 60
	cut := func(s string, n int) string {
		r := []rune(s)
		return strings.TrimSpace(string(r[:min(len(r), n)]))
	}
	name = cmp.Or(OneLine(name), "Group")
	fresh := cut(name, most)
	for n := 2; used[strings.ToLower(fresh)]; n++ {
		number := fmt.Sprintf(" (%d)", n)
		fresh = cut(name, most-len(number)) + number
	}
	used[strings.ToLower(fresh)] = true
	return fresh
}

// freshID makes an id of a name that is not used yet.
func freshID(name string, used map[string]bool) string {
	id := strings.Trim(strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		case r >= 'A' && r <= 'Z':
			return r - 'A' + 'a'
		}
		return '-'
	}, name), "-")
	for strings.Contains(id, "--") {
		id = strings.ReplaceAll(id, "--", "-")
	}
	id = cmp.Or(strings.Trim(id[:min(len(id), 40)], "-"), "group")
	if id[0] < 'a' {
		id = "g" + id
	}
	fresh := id
	for n := 2; used[fresh]; n++ {
		fresh = fmt.Sprintf("%s-%d", id, n)
	}
	used[fresh] = true
	return fresh
}

// quoted writes a YAML string on one line, cut at so many characters.
func quoted(s string, most int) string {
	r := []rune(OneLine(s))
	return fmt.Sprintf("%q", string(r[:min(len(r), most)]))
}

// OneLine is a text from elsewhere as one line without signs that cannot be printed, such as those that steer a terminal.
func OneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case r == utf8.RuneError || !unicode.IsPrint(r):
			return -1
		}
		return r
	}, s)
	return strings.Join(strings.Fields(s), " ")
}
