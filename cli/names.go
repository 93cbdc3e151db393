package cli

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"usher/catalog"
	"usher/idp"
)

// listed is up to how many groups in order are shown one by one.
const listed = 30

// checkNames looks up every group and every person that the catalog and the settings name: a request for a role whose
// group or approvers are not there is refused, or approved and then stuck.
func (p *parts) checkNames(ctx context.Context, provider string, how pace) []finding {
	questions := p.nameQuestions(provider)
	found, err := answers(ctx, how, questions)
	list := summary(found)
	if p.live == nil {
		list = append(list, finding{provider + " groups", skipped, "checked when the catalog is right", ""})
	}
	if err != nil {
		list = append(list, finding{
			provider + " groups and people", fails,
			fmt.Sprintf("%d of %d not checked: %v", len(questions)-len(found), len(questions), err),
			fixNoAnswer,
		})
	}
	return list
}

// nameQuestions are about the groups of a provider, and about the people if it is the directory.
func (p *parts) nameQuestions(provider string) []question {
	var list []question
	if p.live != nil {
		list = p.groupQuestions(provider)
	}
	list = append(list, p.accountQuestions(provider)...)
	if provider == p.cfg.people() {
		list = append(list, p.peopleQuestions()...)
	}
	return list
}

// accountQuestions are about the accounts at a provider that the settings name.
func (p *parts) accountQuestions(provider string) []question {
	var list []question
	accounts := p.cfg.Identity.Accounts[provider]
	for _, user := range slices.Sorted(maps.Keys(accounts)) {
		list = append(list, func(ctx context.Context) (finding, error) {
			x := finding{subject: "account of " + user + " at " + provider, mark: fails, fix: "correct the id under identity.accounts"}
			u, err := p.idp[provider].User(ctx, idp.UserID(accounts[user]))
			return x.judge(u, err, "has the id "+accounts[user])
		})
	}
	return list
}

// summary makes one line of the people in order, and of the groups if they are many.
func summary(found []finding) []finding {
	var list, bad []finding
	groups, people := 0, 0
	for _, f := range found {
		if f.mark == notable {
			groups++
		}
		if f.mark != well {
			bad = append(bad, f)
			continue
		}
		if strings.HasPrefix(f.subject, "group ") {
			groups++
			list = append(list, f)
			continue
		}
		people++
	}
	if groups > listed {
		list = []finding{{"groups", well, fmt.Sprintf("%d, all of them there and fit to be changed by Usher", groups), ""}}
	}
	if people > 0 {
		list = append(list, finding{"people", well, fmt.Sprintf("%d people whom catalog and settings name, each one active user of the directory", people), ""})
	}
	if groups == 0 {
		bad = otherOrg(bad)
	}
	return append(list, merged(bad)...)
}

const (
	fixNoAnswer = "the provider did not answer; check the address, the network and the rate limits, then try again"
	fixGroup    = "correct the id in the catalog; the group's page in the provider's console shows it"
	fixOrg      = "none of the groups is there: see whether the settings name the directory that the catalog was written for, or correct the ids"
)

// otherOrg says of many groups, none of which is there, what is more likely than as many mistakes.
func otherOrg(bad []finding) []finding {
	n := 0
	for _, f := range bad {
		if f.fix == fixGroup {
			n++
		}
	}
	for i := range bad {
		if n >= 3 && bad[i].fix == fixGroup {
			bad[i].fix = fixOrg
		}
	}
	return bad
}

func (p *parts) groupQuestions(provider string) []question {
	users := p.live.Current().Groups()
	groups := slices.DeleteFunc(slices.Collect(maps.Keys(users)), func(g catalog.Group) bool { return g.Provider != provider })
	slices.SortFunc(groups, func(a, b catalog.Group) int { return strings.Compare(a.String(), b.String()) })
	var list []question
	for _, g := range groups {
		list = append(list, func(ctx context.Context) (finding, error) { return p.askGroup(ctx, g, users[g].Title()) })
	}
	return list
}

func (p *parts) askGroup(ctx context.Context, g catalog.Group, role string) (finding, error) {
	x := finding{subject: fmt.Sprintf("group %s of %s", g, role), mark: fails}
	got, err := p.idp[g.Provider].Group(ctx, idp.GroupID(g.ID))
	switch kind := idp.KindOf(err); {
	case aboutAll(err):
		return x, err
	case kind == idp.Invalid:
		x.detail, x.fix = "not found; "+title(g.Provider)+" has no ids of this form", fixGroup
	case kind == idp.GroupNotFound:
		x.detail, x.fix = p.missed(ctx, g), fixGroup
	case kind == idp.Forbidden:
		x.detail, x.fix = "Usher may not read it", "give Usher's account the right to read it: docs/providers says how for "+title(g.Provider)
	case err != nil:
		x.detail, x.fix = err.Error(), "see what "+title(g.Provider)+" says about this group"
	case got.Refusal != "":
		_, _, _ = p.called(ctx, g, got.Name) // It is there, at least.
		x.detail, x.fix = got.Name+": "+got.Refusal, "map the role to a group that only Usher and people change"
	default:
		x.mark, x.detail, x.fix = p.called(ctx, g, got.Name)
	}
	return x, nil
}

// person is somebody who is named by their address.
type person struct {
	address string
	roles   []string
}

func (p *parts) peopleQuestions() []question {
	var people []*person
	known := map[string]*person{}
	add := func(role, address string) {
		who := known[strings.ToLower(address)]
		if who == nil {
			who = &person{address: address}
			known[strings.ToLower(address)] = who
			people = append(people, who)
		}
		if !slices.Contains(who.roles, role) {
			who.roles = append(who.roles, role)
		}
	}
	docs := documents(p.cfg.Catalog)
	for _, role := range []string{"owner", "approver", "security"} {
		for _, d := range docs {
			named(d, role, func(address string) { add(role, address) })
		}
	}
	for _, a := range p.cfg.Admins {
		add("admin", a)
	}
	var list []question
	for _, who := range people {
		list = append(list, func(ctx context.Context) (finding, error) { return p.askPerson(ctx, *who) })
	}
	for _, slackID := range slices.Sorted(maps.Keys(p.cfg.Identity.People)) {
		list = append(list, func(ctx context.Context) (finding, error) {
			return p.askPair(ctx, slackID, p.cfg.Identity.People[slackID])
		})
	}
	return list
}

func (p *parts) askPerson(ctx context.Context, who person) (finding, error) {
	x := finding{subject: strings.Join(who.roles, " and ") + " " + who.address, mark: fails, fix: "correct the address in the catalog, or name somebody else"}
	if who.roles[0] == "admin" {
		x.fix = "correct the address in the setting admins, or name somebody else"
	}
	u, err := p.idp[p.cfg.people()].FindUser(ctx, who.address)
	return x.judge(u, err, "has this address")
}

// askPair looks up the directory's side of a pair of the settings.
func (p *parts) askPair(ctx context.Context, slackID, user string) (finding, error) {
	x := finding{subject: "identity of " + slackID, mark: fails, fix: "correct the directory id under identity.people"}
	u, err := p.idp[p.cfg.people()].User(ctx, idp.UserID(user))
	return x.judge(u, err, "has the id "+user)
}

// judge completes a finding about a person by what the directory answered.
func (x finding) judge(u idp.User, err error, what string) (finding, error) {
	switch kind := idp.KindOf(err); {
	case aboutAll(err):
		return x, err
	case kind == idp.UserNotFound, kind == idp.Invalid:
		x.detail = "nobody in the directory " + what
	case kind == idp.Ambiguous:
		x.detail = "more than one user of the directory " + what
	case err != nil:
		x.detail, x.fix = err.Error(), "see what the directory says about this user"
	case u.Status != idp.Active:
		x.detail = "not an active user of the directory (" + u.StatusDetail + ")"
	default:
		x.mark, x.fix = well, ""
	}
	return x, nil
}

// documents reads the catalog's files. Those that cannot be read were complained about when the catalog was loaded.
func documents(paths []string) []*yaml.Node {
	var list []*yaml.Node
	for _, path := range paths {
		files := []string{path}
		if info, err := os.Stat(path); err == nil && info.IsDir() {
			yml, _ := filepath.Glob(filepath.Join(path, "[!.]*.yml")) // The patterns are well formed.
			more, _ := filepath.Glob(filepath.Join(path, "[!.]*.yaml"))
			files = append(yml, more...)
		}
		for _, f := range files {
			var doc yaml.Node
			if data, err := os.ReadFile(f); err == nil && yaml.Unmarshal(data, &doc) == nil {
				list = append(list, &doc)
			}
		}
	}
	return list
}

// named calls f for each address that a document lists under the key of a role, wherever that stands.
func named(n *yaml.Node, role string, f func(address string)) {
	key := map[string]string{"owner": "owners", "approver": "approvers", "security": "security"}[role]
	for i, c := range n.Content {
		if n.Kind == yaml.MappingNode && i%2 == 1 && n.Content[i-1].Value == key && c.Kind == yaml.SequenceNode {
			for _, a := range c.Content {
				if strings.Contains(a.Value, "@") {
					f(a.Value)
				}
			}
		}
		named(c, role, f)
	}
}

// checkLocks complains about roles that ask for a second lock at a provider that has none: never, or by what it found of its
// license and rights.
func (p *parts) checkLocks(provider string, found []idp.Finding) []finding {
	const without = "take second_lock out of the catalog: Usher alone ends this access"
	var why []finding
	for _, x := range found {
		if x.NoExpiry {
			why = append(why, finding{detail: x.Detail, fix: strings.TrimSuffix(x.Fix, ".") + "; or " + without})
		}
	}
	if _, can := p.idp[provider].(idp.Expirer); !can {
		why = []finding{{detail: title(provider) + " cannot end memberships by itself", fix: without}}
	}
	if p.live == nil {
		return nil
	}
	var list []finding
	for _, app := range p.live.Current().Apps() {
		for _, e := range app.Entitlements {
			if !e.SecondLock || !slices.ContainsFunc(e.Groups, func(g catalog.Group) bool { return g.Provider == provider }) {
				continue
			}
			for _, x := range why {
				list = append(list, finding{"second lock of " + e.Title(), fails, x.detail, x.fix})
			}
		}
	}
	return list
}
