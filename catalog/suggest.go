package catalog

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Suggestion is a group that no catalog names, as somebody who writes one wants to have it.
type Suggestion struct {
	Group Group
	// App is the application that the group opens; empty means that the group stands for itself.
	App string
	// OktaApp is that application's id in Okta, if it is there.
	OktaApp     string
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
		return cmp.Or(cmp.Compare(a.app(), b.app()), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Group.String(), b.Group.String()))
	})
	ids, names := map[string]bool{}, map[string]bool{}
	for len(list) > 0 {
		name := list[0].app()
		n := slices.IndexFunc(list, func(s Suggestion) bool { return s.app() != name })
		if n < 0 {
			n = len(list)
		}
		suggestApp(say, freshName(name, names), list[:n], ids)
		list = list[n:]
	}
	return out.String()
}

func (s Suggestion) app() string { return cmp.Or(s.App, s.Name) }

func suggestApp(say func(string, ...any), name string, roles []Suggestion, ids map[string]bool) {
	say("  - id: %s\n    name: %q\n    status: unassigned\n    risk: medium\n", freshID(name, ids), name)
	if id := roles[0].OktaApp; id != "" {
		say("    okta_app: %s\n", quoted(id, 60))
	}
	var owners []string
	for _, r := range roles {
		for _, o := range r.Owners {
			if o = quoted(o, 300); !slices.Contains(owners, o) {
				owners = append(owners, o)
			}
		}
	}
	if len(owners) > 0 {
		say("    owners: [%s]\n", strings.Join(owners, ", "))
	}
	say("    entitlements:\n")
	names := map[string]bool{}
	for _, r := range roles {
		say("      - id: %s", freshID(r.Name, ids))
		if r.Facts != "" {
			say("  # %s", oneLine(r.Facts))
		}
		say("\n        name: %q\n", freshName(r.Name, names))
		if r.Description != "" {
			say("        description: %s\n", quoted(r.Description, 200))
		}
		say("        groups: [%s]\n", quoted(r.Group.String(), 300))
	}
}

// freshName makes a name on one line, as short as a catalog wants it, that differs from all used by more than its case.
func freshName(name string, used map[string]bool) string {
	const most = 60
	cut := func(s string, n int) string {
		r := []rune(s)
		return strings.TrimSpace(string(r[:min(len(r), n)]))
	}
	name = cmp.Or(oneLine(name), "Group")
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
	r := []rune(oneLine(s))
	return fmt.Sprintf("%q", string(r[:min(len(r), most)]))
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
