package cli_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"usher/access"
	"usher/catalog"
	"usher/sandbox/jirasim"
	"usher/sandbox/oktasim"
	"usher/sandbox/slacksim"
)

// village is a company of n people in teams of ten, with roles that their managers decide and roles that need nobody.
func village(n int) setup {
	var company, cat strings.Builder
	company.WriteString("name: Village\ndomain: larkspur.example\nadmins: [noor]\npeople:\n  - {handle: noor, name: Noor Haddad, title: IT, department: IT}\n")
	for i := range n {
		boss := "noor"
		if i%10 != 0 {
			boss = villager(i - i%10)
		}
		fmt.Fprintf(&company, "  - {handle: %s, name: Person %d, title: Clerk, department: Sales, manager: %s}\n", villager(i), i, boss)
	}
	company.WriteString("groups:\n")
	cat.WriteString("version: 1\napps:\n")
	for r := range 20 {
		policy := "{rules: [{steps: [{approvers: [manager]}]}]}"
		if r%2 == 0 {
			policy = "{rules: [{automatic: true, because: Harmless}]}"
		}
		fmt.Fprintf(&company, "  - {id: 00g1role%02d, name: role-%02d, members: []}\n", r, r)
		fmt.Fprintf(&cat, "  - {id: app-%02d, name: App %02d, risk: %s, status: approved, owners: [noor@larkspur.example], entitlements: [{id: role-%02d, name: Role %02d, groups: [\"okta:00g1role%02d\"], durations: [1h, 6h, 1d, 7d], policy: %s}]}\n",
			r, r, risks()[r%4], r, r, r, policy)
	}
	return setup{company: company.String(), catalog: cat.String(), adjust: func(s *slacksim.Config, _ *jirasim.Config, _ *oktasim.Config) {
		s.NoRateLimits = true // Slack's limits have tests of their own.
	}}
}

func villager(i int) string {
	b := []byte("v")
	for range 4 {
		b = append(b, byte('a'+i%26))
		i /= 26
	}
	return string(b)
}

// A month in a company of five thousand: people ask and managers decide all day, vendors fail for minutes, the product
// dies, and in the end every access has ended on time or says until when it lasts. Nightly, ten years: as 120 months.
func TestAMonthOfFiveThousandPeople(t *testing.T) {
	t.Parallel()
	people, asks := size(300, 5000, 5000), size(40, 400, 400)
	village := village(people)
	first := seed(t)
	each(t, numbers(first, 1), numbers(first, 120), func(t *testing.T, entry string) {
		var seen tally
		report(t, inTown(t, village, func(ctx context.Context, w *town) []string {
			defer func() { seen = w.tally }()
			return w.month(ctx, dice(entry), people, asks)
		}))
		t.Logf("%+v", seen)
	})
}

func (w *town) month(ctx context.Context, rng *rand.Rand, people, asks int) []string {
	mend := func() {}
	gap := 30 * 24 * time.Hour / time.Duration(asks)
	var open []access.RequestID
	for i := range asks {
		var id access.RequestID
		apart(func() { id = w.wants(ctx, rng, villager(rng.IntN(people))) })
		if id != "" {
			open = append(open, id)
		}
		if len(open) > 0 && rng.IntN(10) < 9 {
			apart(func() { w.rules(ctx, open[0]) })
			open = open[1:]
		}
		switch {
		case i%100 == 50:
			vendor := []string{"okta", "jira", "slack"}[rng.IntN(3)]
			mend = w.outage(vendor, []string{"down", "error_503", "lost_answer", "error_500"}[rng.IntN(4)])
		case i%100 == 51:
			mend()
		case i%100 == 20:
			w.life.dieAfter(1 + rng.IntN(30))
		}
		w.sleep(ctx, gap/2+time.Duration(rng.Int64N(int64(gap))))
	}
	w.world.ClearFaults()
	w.sleep(ctx, 10*time.Minute)
	w.settle(ctx)
	return w.judge(ctx)
}

// wants has somebody ask for a role of the village; empty if nothing is left to decide.
func (w *town) wants(ctx context.Context, rng *rand.Rand, who string) access.RequestID {
	by, err := w.identify(ctx, who)
	if err != nil {
		return ""
	}
	length := []time.Duration{time.Hour, 6 * time.Hour, 24 * time.Hour, 7 * 24 * time.Hour}[rng.IntN(4)]
	w.byCore = true
	r, err := w.life.prog.Service().Submit(ctx, access.Draft{
		By: by, Entitlement: catalog.EntitlementID(fmt.Sprintf("role-%02d", rng.IntN(20))), Duration: catalog.Duration(length), Justification: "For the village",
	})
	if err != nil || r.State != access.RequestPending {
		return ""
	}
	return r.ID
}

// rules has the one who was asked approve.
func (w *town) rules(ctx context.Context, id access.RequestID) {
	var r access.Request
	w.read(func(tx access.Tx) bool { return tx.Get(access.Requests, string(id), &r) == nil })
	if len(r.Asks) > 0 {
		by, envelope := r.Asks[0].Approver, "home/"+string(id)
		w.direct[envelope] = string(by.Slack)
		_, _ = w.life.prog.Service().Decide(ctx, by, id, access.Approve, "", access.Origin{Envelope: envelope, Home: true})
	}
}

func (w *town) identify(ctx context.Context, who string) (access.Person, error) {
	p, _ := w.world.Company.Person(who)
	return w.life.prog.Service().Identify(ctx, access.SlackProfile{ID: access.SlackID(p.SlackID()), Email: p.Email(), EmailConfirmed: true, Name: p.Name})
}

// Nothing is due for a day: nobody is called.
func TestAtRestNobodyIsCalledForADay(t *testing.T) {
	t.Parallel()
	report(t, inTown(t, setup{}, func(ctx context.Context, w *town) []string {
		w.ask(ctx, "petra", "salesforce user", "Salesforce: User", "7 days")
		w.approve(ctx, "grace", "Salesforce: User")
		w.until(ctx, "Petra has it", w.state("petra", "Salesforce: User", access.GrantActive))
		w.settle(ctx)
		w.world.ResetCalls()
		w.sleep(ctx, 24*time.Hour)
		calls := len(w.world.Okta.Calls()) + len(w.world.Jira.Calls())
		for _, c := range w.world.Slack.Calls() {
			if !slices.Contains([]string{"socket.connect", "apps.connections.open"}, c.Name) {
				calls++
			}
		}
		return w.expect(calls == 0, fmt.Sprintf("%d calls while nothing was due", calls))
	}))
}
