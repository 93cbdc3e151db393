package jira

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"usher/access"
	"usher/sandbox/battery"
	"usher/sandbox/jirasim"
)

// outcome is what a write that meets a fault must end in.
type outcome struct {
	well      bool // No error at all.
	permanent bool
	sent      bool // It is open whether the write was done.
	only      bool
	wait      time.Duration // What the vendor asks for.
	within    time.Duration // The longest that the call may take; zero = a second.
}

// refused is a fault outside of the site: nobody listens.
const refused jirasim.FaultKind = "refused"

// faults is written from Jira's documents. Nothing but an answer tells that a write was not done, and an answer of a proxy
// does not.
func faults() map[jirasim.Fault]outcome {
	const timeout = 20 * time.Second
	minute := time.Minute
	open := outcome{sent: true}
	return map[jirasim.Fault]outcome{
		{Kind: jirasim.FaultRateLimit, After: 7 * time.Second}: {wait: 7 * time.Second},
		{Kind: jirasim.FaultBareLimit}:                         {},
		{Kind: jirasim.FaultError500}:                          open,
		{Kind: jirasim.FaultError502}:                          open,
		{Kind: jirasim.FaultError503}:                          open,
		{Kind: jirasim.FaultError503, After: 9 * time.Second}:  {sent: true, wait: 9 * time.Second},
		{Kind: jirasim.FaultOKWithError}:                       open,
		{Kind: refused}:                                        {},
		{Kind: jirasim.FaultDown}:                              open,
		{Kind: jirasim.FaultResetBefore}:                       open,
		{Kind: jirasim.FaultLostAnswer}:                        open,
		{Kind: jirasim.FaultHangBefore}:                        {sent: true, within: timeout},
		{Kind: jirasim.FaultHangAfter}:                         {sent: true, within: timeout},
		{Kind: jirasim.FaultSlow, After: 15 * time.Second}:     {well: true, within: timeout},
		{Kind: jirasim.FaultSlow, After: time.Hour}:            {sent: true, within: timeout},
		{Kind: jirasim.FaultSlowDrip, After: 2 * time.Second}:  {well: true, within: timeout},
		{Kind: jirasim.FaultSlowDrip, After: time.Hour}:        {sent: true, within: timeout},
		{Kind: jirasim.FaultTruncated}:                         open,
		{Kind: jirasim.FaultWrongTypes}:                        open,
		{Kind: jirasim.FaultUnauthorize}:                       {wait: minute},
		{Kind: jirasim.FaultForbidden}:                         {wait: minute, only: true},
		{Kind: jirasim.FaultGone}:                              {permanent: true},
		{Kind: jirasim.FaultConflict}:                          {only: true},
	}
}

// operation is one call of the tracker.
type operation struct {
	name string
	on   string // The site's name of the request that does it.
	// bodiless says that success has no body, which nothing can garble or slow down.
	bodiless bool
	do       func(ctx context.Context, s *site, i access.Issue, again bool) error
	// judge looks at the truth when all is over.
	judge func(s *site, i access.Issue) error
}

func operations() []operation {
	update := func(status access.IssueStatus, kinds ...access.EventKind) func(context.Context, *site, access.Issue, bool) error {
		return func(ctx context.Context, s *site, i access.Issue, again bool) error {
			r := s.record(status, 2, kinds...)
			r.Again = again
			return s.tr.Update(ctx, i, r)
		}
	}
	stands := func(status string) func(*site, access.Issue) error {
		return func(s *site, i access.Issue) error {
			got, ok := s.Issue(i.Key)
			if !ok || got.Status != status || len(got.Comments) != 1 {
				return fmt.Errorf("status %q with %d comments", got.Status, len(got.Comments))
			}
			return nil
		}
	}
	return []operation{
		{name: "Open", on: "issue.create", do: func(ctx context.Context, s *site, _ access.Issue, again bool) error {
			r := s.record(access.IssueWaiting, 1, access.EventRequested)
			r.Request.ID, r.Again = "another", again
			_, err := s.tr.Open(ctx, r)
			return err
		}, judge: func(s *site, _ access.Issue) error {
			if n := len(s.IssuesByLabel("usher-another")); n != 1 {
				return fmt.Errorf("%d issues", n)
			}
			return nil
		}},
		{name: "Update that moves", on: "transition.do", bodiless: true, do: update(access.IssueApproved, access.EventApproved), judge: stands("Approved")},
		{name: "Update that comments", on: "comment.add", do: update(access.IssueWaiting, access.EventStepApproved), judge: stands("Waiting for approval")},
	}
}

func TestEveryFaultOnEveryWriteHasItsOutcome(t *testing.T) {
	t.Parallel()
	for _, op := range operations() {
		t.Run(op.name, func(t *testing.T) {
			t.Parallel()
			for f, want := range faults() {
				name := fmt.Sprintf("%s after %v", f.Kind, f.After)
				synctest.Test(t, func(t *testing.T) { op.meet(t, name, f, want) })
			}
		})
	}
}

// meet lets one write meet one fault, and then repeats it as the runner would until it works.
func (op operation) meet(t *testing.T, name string, f jirasim.Fault, want outcome) {
	s, n, stop := inMemory(t, screens)
	defer stop()
	down := false
	dial := s.cfg.Dial
	s.tr.Close()
	s.restart(func(c *Config) {
		c.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
			if down {
				return nil, &net.OpError{Op: "dial", Net: network, Err: errors.New("connect: connection refused")}
			}
			return dial(ctx, network, addr)
		}
	})
	issue := s.open()
	if err := s.tr.Update(t.Context(), issue, s.record(access.IssueWaiting, 1)); err != nil { // It is known where it stands.
		t.Fatal(err)
	}
	p := s.tr.memory.stands(issue.Key).place
	if _, err := s.tr.moves(t.Context(), issue.Key, p); err != nil {
		t.Fatal(err)
	}
	s.ResetCalls()
	f.Name, f.Times = op.on, 1
	if f.Kind == refused {
		down = true
		s.tr.Close()
	} else {
		s.Inject(f)
	}
	if op.bodiless && (f.Kind == jirasim.FaultTruncated || f.Kind == jirasim.FaultWrongTypes || f.Kind == jirasim.FaultSlowDrip) {
		want = outcome{well: true}
	}
	began := time.Now()
	err := op.do(t.Context(), s, issue, false)
	took := time.Since(began)
	synctest.Wait()
	want.judge(t, name, err)
	if took > max(want.within, time.Second) {
		t.Errorf("%s: it took %v", name, took)
	}
	if busy := n.busy(); busy > 0 && f.Kind != jirasim.FaultHangBefore && f.Kind != jirasim.FaultHangAfter && f.Kind != jirasim.FaultSlow {
		t.Errorf("%s: %d connections are kept busy", name, busy)
	}
	if f.Kind != refused {
		op.once(t, name, s)
	}
	down = false
	s.ClearFaults()
	if want.permanent {
		return
	}
	for try := 0; err != nil; try++ {
		var te *access.TargetError
		if !errors.As(err, &te) || !te.Transient || try == 50 {
			t.Errorf("%s: try %d: %v", name, try, err)
			return
		}
		time.Sleep(max(te.RetryAfter, time.Second))
		err = op.do(t.Context(), s, issue, true)
	}
	if err := op.judge(s, issue); err != nil {
		t.Errorf("%s: in the end %v", name, err)
	}
}

// once sees to it that the write that met the fault was sent once.
func (op operation) once(t *testing.T, name string, s *site) {
	sent := 0
	for _, c := range s.Calls() {
		if c.Name == op.on {
			sent++
		}
	}
	if sent != 1 {
		t.Errorf("%s: %d requests", name, sent)
	}
}

func (want outcome) judge(t *testing.T, name string, err error) {
	var te *access.TargetError
	switch {
	case want.well:
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		return
	case !errors.As(err, &te):
		t.Errorf("%s: %v is no error of the target", name, err)
		return
	}
	if te.Transient == want.permanent || te.Sent != want.sent || te.Only != want.only || te.RetryAfter != want.wait {
		t.Errorf("%s: %v is %+v, want %+v", name, err, *te, want)
	}
	for _, secret := range []string{jirasim.BotToken, jirasim.BotEmail, "Basic ", "http://", "It happened", "Fix the"} {
		if strings.Contains(err.Error(), secret) {
			t.Errorf("%s: %q in: %v", name, secret, err)
		}
	}
}

// Account reads only, and an issue without a reporter beats no issue, so it fails only where waiting helps.
func TestEveryFaultOnALookUpHasItsOutcome(t *testing.T) {
	t.Parallel()
	for f, want := range faults() {
		name := fmt.Sprintf("%s after %v", f.Kind, f.After)
		synctest.Test(t, func(t *testing.T) {
			s, _, stop := inMemory(t)
			defer stop()
			if f.Kind == refused {
				return
			}
			f.Name, f.Times = "user.search", 1
			if f.Kind == jirasim.FaultDown || f.Kind == jirasim.FaultResetBefore || f.Kind == jirasim.FaultLostAnswer {
				f.Times = 2 // Go's own transport repeats a read once when a used connection is cut.
			}
			s.Inject(f)
			began := time.Now()
			got, err := s.tr.Account(t.Context(), "alice@example.com")
			if took := time.Since(began); took > max(want.within, time.Second) {
				t.Errorf("%s: it took %v", name, took)
			}
			want.sent = false
			if f.Kind == jirasim.FaultForbidden || f.Kind == jirasim.FaultGone {
				want = outcome{well: true}
			} else if (got != "") != want.well {
				t.Errorf("%s: account %q beside %v", name, got, err)
			}
			want.judge(t, name, err)
			s.ClearFaults()
			if got, err := s.tr.Account(t.Context(), "alice@example.com"); got == "" || err != nil {
				t.Errorf("%s: after it %q, %v", name, got, err)
			}
		})
	}
}

func TestVerifyTellsEveryFaultAndEnds(t *testing.T) {
	t.Parallel()
	for f, want := range faults() {
		name := fmt.Sprintf("%s after %v", f.Kind, f.After)
		synctest.Test(t, func(t *testing.T) {
			s, _, stop := inMemory(t)
			defer stop()
			if f.Kind == refused || f.Kind == jirasim.FaultForbidden {
				return
			}
			s.Inject(f)
			began := time.Now()
			findings := s.tr.Verify(t.Context())
			if took := time.Since(began); took > 8*max(want.within, time.Second) {
				t.Errorf("%s: it took %v", name, took)
			}
			bad := 0
			for _, line := range findings {
				if !line.OK {
					bad++
				}
				if text := line.Detail + line.Fix; strings.Contains(text, jirasim.BotToken) || strings.Contains(text, jirasim.BotEmail) {
					t.Errorf("%s: a secret in %+v", name, line)
				}
			}
			if (bad == 0) != want.well {
				t.Errorf("%s: %d bad findings in %+v", name, bad, findings)
			}
			s.ClearFaults()
			s.ReleaseHangs()
		})
	}
}

// randomPair picks two faults of the requests that a life makes. An issue that is said to be gone ends the life.
func randomPair(r *rand.Rand) (p [2]jirasim.Fault) {
	var all []jirasim.Fault
	for f := range faults() {
		if f.Kind != refused && f.Kind != jirasim.FaultGone {
			all = append(all, f)
		}
	}
	slices.SortFunc(all, func(a, b jirasim.Fault) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.After, b.After))
	})
	names := []string{"issue.create", "transition.do", "transition.list", "issue.get", "comment.list", "comment.add", "myself.get", "search.jql", "*"}
	for i := range p {
		p[i] = all[r.IntN(len(all))]
		p[i].Name, p[i].Times = names[r.IntN(len(names))], 1+r.IntN(2)
	}
	return p
}

func TestPairsOfFaultsNeitherLoseNorDoubleAWrite(t *testing.T) {
	t.Parallel()
	first := battery.Seed(t)
	battery.Entries{Commit: battery.Numbers(first, 150), Night: battery.Numbers(first, 5000)}.Play(t, func(t *testing.T, entry string) {
		r := rand.New(rand.NewPCG(battery.Number(t, entry), 0)) //nolint:gosec // To be repeated, not to be secret.
		p := randomPair(r)
		forgetful := r.IntN(2) == 0
		synctest.Test(t, func(t *testing.T) {
			change := []func(*jirasim.Config){func(c *jirasim.Config) { c.IndexLag = time.Duration(r.IntN(4)) * time.Minute }}
			if r.IntN(3) > 0 {
				change = append(change, screens)
			}
			s, _, stop := inMemory(t, change...)
			defer stop()
			for _, f := range p {
				s.Inject(f)
			}
			s.endure(t, p, forgetful)
		})
	})
}

// endure carries a request through its life, trying each step until it works, and looks at the truth.
func (s *site) endure(t *testing.T, p [2]jirasim.Fault, forgetful bool) {
	var issue access.Issue
	steps := []func(again bool) error{
		func(again bool) (err error) {
			r := s.record(access.IssueWaiting, 1, access.EventRequested)
			r.Again = again
			issue, err = s.tr.Open(t.Context(), r)
			return err
		},
	}
	for i, status := range []access.IssueStatus{access.IssueApproved, access.IssueActive, access.IssueEnded} {
		steps = append(steps, func(again bool) error {
			r := s.record(status, 2+i, access.EventApproved)
			r.Again = again
			return s.tr.Update(t.Context(), issue, r)
		})
	}
	for n, step := range steps {
		tries := 0
		for err := step(false); err != nil; err = step(true) {
			var te *access.TargetError
			if tries++; !errors.As(err, &te) || !te.Transient || tries > 100 {
				t.Fatalf("step %d, try %d: %v after %+v", n, tries, err, p)
			}
			time.Sleep(max(te.RetryAfter, time.Second))
			if forgetful && tries <= 2 { // Each loss of memory costs the wait for the search once more.
				s.tr.Close()
				s.restart()
			}
		}
	}
	all := s.IssuesByLabel("usher-" + string(s.request().ID))
	if len(all) != 1 || all[0].Status != "Done" || len(all[0].Comments) != 3 {
		t.Errorf("%d issues, the first %q with %d comments after %+v", len(all), all[0].Status, len(all[0].Comments), p)
	}
}
