package cli_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"usher/access"
	"usher/catalog"
	"usher/idp"
	"usher/sandbox/battery"
	"usher/sandbox/jirasim"
	"usher/sandbox/oktasim"
	"usher/sandbox/slacksim"
)

// crowd is a company of n people with one role of each risk, each approved by itself.
func crowd(n int) setup {
	var company, catalog strings.Builder
	company.WriteString("name: Crowd\ndomain: larkspur.example\nadmins: [noor]\npeople:\n  - {handle: noor, name: Noor Haddad, title: IT, department: IT}\n")
	for i := range n {
		fmt.Fprintf(&company, "  - {handle: %s, name: Person %d, title: Clerk, department: Sales, manager: noor}\n", handle(i), i)
	}
	company.WriteString("groups:\n")
	catalog.WriteString("version: 1\napps:\n")
	for _, risk := range risks() {
		fmt.Fprintf(&company, "  - {id: 00g1%s, name: %s, members: []}\n", risk, risk)
		fmt.Fprintf(&catalog, "  - {id: app-%s, name: App %s, risk: %s, status: approved, owners: [noor@larkspur.example], entitlements: [{id: role-%s, name: Role %s, groups: [\"okta:00g1%s\"], durations: [1h, 2h, 4h], policy: {rules: [{automatic: true, because: A storm needs many}]}}]}\n",
			risk, risk, risk, risk, risk, risk)
	}
	return setup{company: company.String(), catalog: catalog.String(), adjust: func(s *slacksim.Config, _ *jirasim.Config, _ *oktasim.Config) {
		s.NoRateLimits = true // Slack's limits have tests of their own.
	}}
}

func risks() []string { return []string{"low", "medium", "high", "critical"} }

func handle(i int) string { return "p" + string(rune('a'+i/26)) + string(rune('a'+i%26)) }

// give has the core give somebody a role at once, without Slack's forms.
func (w *town) give(ctx context.Context, who, role string, d time.Duration) error {
	p, _ := w.world.Company.Person(who)
	s := w.life.prog.Service()
	by, err := s.Identify(ctx, access.SlackProfile{ID: access.SlackID(p.SlackID()), Email: p.Email(), EmailConfirmed: true, Name: p.Name})
	if err != nil {
		return err
	}
	w.byCore = true
	_, err = s.Submit(ctx, access.Draft{By: by, Entitlement: catalog.EntitlementID("role-" + role), Duration: catalog.Duration(d), Justification: "A storm"})
	return err
}

// Removals are due while Okta is away. When it is back, leavers go first, then the highest risk, then what was due first,
// and somebody who was approved meanwhile does not wait for the end of the storm.
func TestAStormIsTakenInTheOrderOfDanger(t *testing.T) {
	t.Parallel()
	battery.Alone(t)
	const people, gone, late = 30, 17, 29
	report(t, inTown(t, crowd(people), func(ctx context.Context, w *town) []string {
		for i := range people - 1 {
			length := time.Hour
			switch {
			case i == gone:
				length = 4 * time.Hour
			case i < people/2: // Whoever asked first is due last.
				length = 2 * time.Hour
			}
			for _, risk := range risks() {
				if err := w.give(ctx, handle(i), risk, length); err != nil {
					return []string{err.Error()}
				}
			}
			w.sleep(ctx, 10*time.Second)
		}
		w.settle(ctx)
		w.sleep(ctx, 40*time.Minute)
		from := time.Now()
		w.world.Okta.Inject(oktasim.Fault{Kind: oktasim.Down})
		w.sleep(ctx, 100*time.Minute)
		w.world.Okta.ClearFaults()
		w.world.Okta.Inject(oktasim.Fault{Name: "group.member.remove", Kind: oktasim.Slow, After: 300 * time.Millisecond})
		back := len(w.world.Okta.Calls())
		leaver, _ := w.world.Company.Person(handle(gone))
		if err := w.world.Okta.Deactivate(leaver.OktaID()); err != nil {
			return []string{err.Error()}
		}
		if n, err := w.life.prog.Service().Offboard(ctx, idp.UserID(leaver.OktaID())); err != nil || n != len(risks()) {
			return []string{fmt.Sprintf("offboarded %d grants: %v", n, err)}
		}
		if err := w.give(ctx, handle(late), "low", time.Hour); err != nil {
			return []string{err.Error()}
		}
		w.outages = append(w.outages, span{from, time.Now()})
		w.settle(ctx)
		return append(w.order(back, leaver.OktaID()), w.judge(ctx)...)
	}))
}

// order looks at the removals since a call: each must come when it is due by danger, give or take the calls under way at
// once, but for the one or two that were tried just before Okta came back and wait for their next turn.
func (w *town) order(since int, leaver string) []string {
	type removal struct {
		user, group string
		danger      int
		due, at     time.Time
	}
	var list []removal
	added := -1
	for _, c := range w.world.Okta.Calls()[since:] {
		if c.Name == "group.member.add" && added < 0 {
			added = len(list)
		}
		if c.Name != "group.member.remove" || c.Status != http.StatusNoContent {
			continue
		}
		part := strings.Split(c.Path, "/") // /api/v1/groups/GROUP/users/USER
		r := removal{group: part[4], user: part[6], at: c.At}
		r.danger = slices.Index(risks(), strings.TrimPrefix(r.group, "00g1"))
		if r.user == leaver {
			r.danger += 100
		} else {
			r.due = w.dueOf(r.user, r.group)
		}
		list = append(list, r)
	}
	var faults []string
	const atOnce = 6
	tooLate := 0
	for j, r := range list {
		for i := range max(0, j-atOnce) {
			if o := list[i]; o.danger < r.danger || o.danger == r.danger && o.due.After(r.due) {
				tooLate++
				break
			}
		}
	}
	if len(list) < 100 {
		return []string{fmt.Sprintf("%d removals", len(list))}
	}
	if tooLate > 2 {
		faults = append(faults, fmt.Sprintf("of %d removals %d came after less dangerous ones: %v", len(list), tooLate, list))
	}
	if added < 0 || added > len(list)/2 {
		faults = append(faults, fmt.Sprintf("an approved access was given after %d of %d removals", added, len(list)))
	}
	if told := w.transitions(list[0].at, list[len(list)-1].at); told < len(list)/2 {
		faults = append(faults, fmt.Sprintf("Jira was told of %d ends while %d removals were made", told, len(list)))
	}
	return faults
}

// transitions counts the issues whose status was moved within a time.
func (w *town) transitions(from, to time.Time) (n int) {
	for _, c := range w.world.Jira.Calls() {
		if c.Name == "transition.do" && c.Changed && c.At.After(from) && c.At.Before(to) {
			n++
		}
	}
	return n
}

func (w *town) dueOf(user, group string) (due time.Time) {
	w.read(func(tx access.Tx) bool {
		ids, err := tx.IDs(access.Requests, "requester/"+user, "", 0)
		for _, id := range ids {
			var g access.Grant
			if tx.Get(access.Grants, id, &g) == nil && covers(g, group) {
				due = g.DueAt
			}
		}
		return err == nil
	})
	return due
}
