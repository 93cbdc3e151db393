package okta_test

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

	"usher/idp"
	"usher/idp/okta"
	"usher/sandbox/battery"
	"usher/sandbox/oktasim"
)

// outcome is what a call that meets a fault must end in.
type outcome struct {
	kind   idp.Kind         // Of a read; "" = success.
	change idp.Kind         // Of a change.
	done   bool             // Whether a change has happened all the same.
	wait   [2]time.Duration // When to come back, at the earliest and the latest; zero = not told.
	within time.Duration    // The longest that the call may take; zero = a second.
}

// refused is a fault outside of the org: nobody listens.
const refused oktasim.FaultKind = "refused"

// faults is written from Okta's documents: what the vendor says about the outcome, and no more, decides. A change whose
// answer is no confirmation is Unavailable, whether or not it happened.
func faults() map[oktasim.Fault]outcome {
	const un, th = idp.Unavailable, idp.Throttled
	second, timeout := time.Second, 30*time.Second
	failed := outcome{kind: un, change: un}
	unheard := outcome{kind: un, change: un, done: true}
	kinds := map[oktasim.Fault]outcome{
		{Kind: oktasim.RateLimit, After: 20 * second}: {kind: th, change: th, wait: [2]time.Duration{20 * second, 22 * second}},
		{Kind: oktasim.RateLimitBare}:                 {kind: th, change: th, wait: [2]time.Duration{second, 2 * second}},
		{Kind: oktasim.RateConcurrency}:               {kind: th, change: th, wait: [2]time.Duration{second, 4 * second}},
		{Kind: oktasim.Error500}:                      failed,
		{Kind: oktasim.Error500Empty}:                 failed,
		{Kind: oktasim.Error502HTML}:                  failed,
		{Kind: oktasim.Error503}:                      failed,
		{Kind: oktasim.OKWithError}:                   failed,
		{Kind: refused}:                               failed,
		{Kind: oktasim.Down}:                          failed,
		{Kind: oktasim.ResetBefore}:                   failed,
		{Kind: oktasim.LostAnswer}:                    unheard,
		{Kind: oktasim.HangBefore}:                    {kind: un, change: un, within: timeout},
		{Kind: oktasim.HangAfter}:                     {kind: un, change: un, done: true, within: timeout},
		{Kind: oktasim.Slow, After: 20 * second}:      {done: true, within: timeout},
		{Kind: oktasim.Slow, After: 300 * second}:     {kind: un, change: un, done: true, within: timeout},
		{Kind: oktasim.SlowDrip}:                      {done: true, within: timeout},
		{Kind: oktasim.SlowDrip, After: 2 * second}:   {kind: un, done: true, within: timeout}, // A confirmation has no body.
		{Kind: oktasim.Truncated}:                     unheard,
		{Kind: oktasim.WrongTypes}:                    unheard,
		{Kind: oktasim.Unauthorized}:                  {kind: idp.Unauthorized, change: idp.Unauthorized},
		{Kind: oktasim.Forbidden}:                     {kind: idp.Forbidden, change: idp.Forbidden},
		{Kind: oktasim.Gone}:                          {kind: "", change: idp.UserNotFound}, // Of reads see operation.
	}
	return kinds
}

// operation is one call of the provider.
type operation struct {
	name   string
	on     string // The org's name of the request that does it.
	gone   idp.Kind
	change bool
	before bool // Whether the person is a member beforehand.
	do     func(context.Context, *okta.Provider) error
}

func operations() []operation {
	return []operation{
		{name: "User", on: "user.get", gone: idp.UserNotFound, do: func(ctx context.Context, p *okta.Provider) error {
			return value(p.User(ctx, memoryUser))
		}},
		{name: "FindUser", on: "user.list", gone: idp.Invalid, do: func(ctx context.Context, p *okta.Provider) error {
			return value(p.FindUser(ctx, "ada@suite.example"))
		}},
		{name: "Manager", on: "user.get", gone: idp.UserNotFound, do: func(ctx context.Context, p *okta.Provider) error {
			return value(p.Manager(ctx, memoryUser))
		}},
		{name: "Group", on: "group.get", gone: idp.GroupNotFound, do: func(ctx context.Context, p *okta.Provider) error {
			return value(p.Group(ctx, memoryGroup))
		}},
		{name: "Members", on: "group.members", gone: idp.GroupNotFound, do: func(ctx context.Context, p *okta.Provider) error {
			return value(p.Members(ctx, memoryGroup))
		}},
		{name: "UserGroups", on: "user.groups", gone: idp.UserNotFound, do: func(ctx context.Context, p *okta.Provider) error {
			return value(p.UserGroups(ctx, memoryUser))
		}},
		{name: "IsMember of one's own", on: "user.groups", gone: idp.UserNotFound, before: true, do: func(ctx context.Context, p *okta.Provider) error {
			is, err := p.IsMember(ctx, memoryGroup, memoryUser)
			return fits(is, true, err)
		}},
		{name: "IsMember of another's", on: "user.groups", gone: idp.UserNotFound, do: func(ctx context.Context, p *okta.Provider) error {
			is, err := p.IsMember(ctx, memoryGroup, memoryUser)
			return fits(is, false, err)
		}},
		{name: "LastUse", on: "log.list", gone: idp.Invalid, do: func(ctx context.Context, p *okta.Provider) error {
			return value(p.LastUse(ctx, "0oaapp1", memoryUser, time.Time{}))
		}},
		{name: "AddMember", on: "group.member.add", change: true, do: func(ctx context.Context, p *okta.Provider) error {
			return p.AddMember(ctx, memoryGroup, memoryUser)
		}},
		{name: "RemoveMember", on: "group.member.remove", change: true, before: true, do: func(ctx context.Context, p *okta.Provider) error {
			return p.RemoveMember(ctx, memoryGroup, memoryUser)
		}},
		{name: "RevokeSessions", on: "user.sessions.clear", change: true, do: func(ctx context.Context, p *okta.Provider) error {
			return p.RevokeSessions(ctx, memoryUser)
		}},
	}
}

// errWrong marks an answer that is no error and not the truth.
var errWrong = errors.New("the answer is wrong")

// fits demands the truth of an answer, and of an error that it claims nothing.
func fits(is, truth bool, err error) error {
	if err == nil && is != truth || err != nil && is {
		return fmt.Errorf("%w: %v beside %w", errWrong, is, err)
	}
	return err
}

func TestEveryFaultOnEveryCallHasItsOutcome(t *testing.T) {
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

// meet lets one call meet one fault and looks at all that must hold.
func (op operation) meet(t *testing.T, name string, f oktasim.Fault, want outcome) {
	down := false
	var o *orgInMemory
	o, stop := inMemory(t, func(c *oktasim.Config) {
		c.Groups[0].Members = []string{"00uboss0000000000001"}
		if op.before {
			c.Groups[0].Members = append(c.Groups[0].Members, string(memoryUser))
		}
		c.Logins = []oktasim.SSO{{User: string(memoryUser), App: "0oaapp1", At: time.Now().Add(-time.Hour)}}
	}, func(c *okta.Config) {
		dial := c.Dial
		c.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
			if down {
				return nil, &net.OpError{Op: "dial", Net: network, Err: errors.New("connect: connection refused")}
			}
			return dial(ctx, network, addr)
		}
	})
	defer stop()
	if _, err := o.provider.Group(t.Context(), memoryGroup); err != nil { // So that an addition is one call.
		t.Fatal(err)
	}
	o.ResetCalls()
	f.Name, f.Times = op.on, 1
	if cut := []oktasim.FaultKind{oktasim.Down, oktasim.ResetBefore, oktasim.LostAnswer}; !op.change && slices.Contains(cut, f.Kind) {
		f.Times = 2 // Go's own transport repeats a read once when a used connection is cut.
	}
	if f.Kind == refused {
		down = true
		o.provider.Close()
	} else {
		o.Inject(f)
	}
	began := time.Now()
	err := op.do(t.Context(), o.provider)
	took := time.Since(began)
	synctest.Wait()

	kind := want.kind
	switch {
	case op.change:
		kind = want.change
	case f.Kind == oktasim.Gone:
		kind = op.gone
	}
	if got := idp.KindOf(err); got != kind || (err == nil) != (kind == "") || errors.Is(err, errWrong) {
		t.Errorf("%s: %v (kind %q), want kind %q", name, err, got, kind)
	}
	if took > max(want.within, time.Second) {
		t.Errorf("%s: it took %v", name, took)
	}
	wait := idp.RetryAt(err).Sub(began)
	if idp.RetryAt(err).IsZero() {
		wait = 0
	}
	if wait < want.wait[0] || wait > want.wait[1] {
		t.Errorf("%s: come back in %v, want %v", name, wait, want.wait)
	}
	op.judge(t, name, o, f, want, err)
	down = false
	o.ClearFaults()
	time.Sleep(time.Minute)
	if err := op.do(t.Context(), o.provider); err != nil {
		t.Errorf("%s: after it %v", name, err)
	}
}

// judge looks at what the org has seen.
func (op operation) judge(t *testing.T, name string, o *orgInMemory, f oktasim.Fault, want outcome, err error) {
	if n := o.busy(); n > 0 && f.Kind != oktasim.HangBefore && f.Kind != oktasim.HangAfter && f.Kind != oktasim.Slow {
		t.Errorf("%s: %d connections are kept busy", name, n)
	}
	sent := 0
	for _, c := range o.Calls() {
		if c.Name == op.on {
			sent++
		}
	}
	switch {
	case f.Kind == refused && sent > 0, f.Kind != refused && op.change && sent != 1, f.Kind != refused && sent < 1:
		t.Errorf("%s: %d requests", name, sent)
	}
	if op.change && op.on != "user.sessions.clear" {
		in := slices.Contains(o.Members(string(memoryGroup)), string(memoryUser))
		if changed := in != op.before; changed != want.done {
			t.Errorf("%s: the change has happened: %v, want %v", name, changed, want.done)
		}
	}
	if err != nil {
		for _, secret := range []string{simToken, "SSWS", "Authorization", "suite.example", "http://"} {
			if strings.Contains(err.Error(), secret) {
				t.Errorf("%s: %q in: %v", name, secret, err)
			}
		}
	}
}

func TestCheckTellsEveryFaultAndEnds(t *testing.T) {
	t.Parallel()
	for f, want := range faults() {
		synctest.Test(t, func(t *testing.T) {
			o, stop := inMemory(t, nil, nil)
			defer stop()
			if f.Kind == refused {
				return
			}
			o.Inject(f)
			began := time.Now()
			findings := o.provider.Check(t.Context())
			if took := time.Since(began); took > 10*max(want.within, time.Second) {
				t.Errorf("%s: it took %v", f.Kind, took)
			}
			bad := 0
			for _, line := range findings {
				if !line.OK {
					bad++
				}
				if text := line.Detail + line.Fix; strings.Contains(text, simToken) || strings.Contains(text, "suite.example") {
					t.Errorf("%s: a secret in %+v", f.Kind, line)
				}
			}
			if well := want.kind == "" && f.Kind != oktasim.Gone; (bad == 0) != well {
				t.Errorf("%s: %d bad findings in %+v", f.Kind, bad, findings)
			}
			o.ClearFaults()
			o.ReleaseHangs()
		})
	}
}

// A service app has one more call: the one that fetches its access token. Whatever befalls it, the addition that needed it
// is not sent, its error says whose fault it is, and the next addition goes through.
func TestEveryFaultOfTheSignInHasItsOutcome(t *testing.T) {
	t.Parallel()
	key := newKey(t)
	for f, want := range faults() {
		kind := map[oktasim.FaultKind]idp.Kind{
			oktasim.RateLimit: idp.Throttled, oktasim.RateLimitBare: idp.Throttled, oktasim.RateConcurrency: idp.Throttled,
			oktasim.Unauthorized: idp.Unauthorized, oktasim.Forbidden: idp.Forbidden,
		}[f.Kind]
		switch {
		case kind != "":
		case want.kind == "" && f.Kind != oktasim.Gone:
		default:
			kind = idp.Unavailable
		}
		synctest.Test(t, func(t *testing.T) {
			o, stop := inMemory(t, func(c *oktasim.Config) { register(c, key) }, func(c *okta.Config) {
				app := keyConfig(key)
				c.Token, c.ClientID, c.KeyID, c.PrivateKeyPEM = "", app.ClientID, app.KeyID, app.PrivateKeyPEM
			})
			defer stop()
			if f.Kind == refused {
				return
			}
			f.Name, f.Times = "token", 1
			o.Inject(f)
			began := time.Now()
			err := o.provider.RemoveMember(t.Context(), memoryGroup, memoryUser)
			if got := idp.KindOf(err); got != kind {
				t.Errorf("%s: %v (kind %q), want kind %q", f.Kind, err, got, kind)
			}
			if took := time.Since(began); took > 31*time.Second {
				t.Errorf("%s: it took %v", f.Kind, took)
			}
			if at := idp.RetryAt(err); (kind == idp.Throttled) != at.After(began) {
				t.Errorf("%s: come back at %v", f.Kind, at)
			}
			for _, c := range o.Calls() {
				if err != nil && c.Name == "group.member.remove" {
					t.Errorf("%s: the removal was sent", f.Kind)
				}
			}
			if err != nil && strings.ContainsAny(err.Error(), "\n") || err != nil && strings.Contains(err.Error(), "client_assertion") {
				t.Errorf("%s: %v", f.Kind, err)
			}
			time.Sleep(time.Minute)
			if err := o.provider.RemoveMember(t.Context(), memoryGroup, memoryUser); err != nil {
				t.Errorf("%s: after it %v", f.Kind, err)
			}
		})
	}
}

// pair is two faults that befall one life, each once.
type pair [2]oktasim.Fault

// randomPair picks two faults of the requests that a life makes. A person or group that is said to be gone ends the life.
func randomPair(r *rand.Rand) (p pair) {
	var all []oktasim.Fault
	for f := range faults() {
		if f.Kind != refused && f.Kind != oktasim.Gone {
			all = append(all, f)
		}
	}
	slices.SortFunc(all, func(a, b oktasim.Fault) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.After, b.After))
	})
	names := []string{"user.get", "user.groups", "group.get", "group.roles", "rule.list", "group.member.add", "group.member.remove", "*"}
	for i := range p {
		p[i] = all[r.IntN(len(all))]
		p[i].Name, p[i].Times, p[i].Skip = names[r.IntN(len(names))], 1, r.IntN(3)
	}
	return p
}

func TestPairsOfFaultsNeitherLoseNorDoubleAChange(t *testing.T) {
	t.Parallel()
	first := battery.Seed(t)
	battery.Entries{Commit: battery.Numbers(first, 150), Night: battery.Numbers(first, 5000)}.Play(t, func(t *testing.T, entry string) {
		p := randomPair(rand.New(rand.NewPCG(battery.Number(t, entry), 0))) //nolint:gosec // To be repeated, not to be secret.
		synctest.Test(t, func(t *testing.T) {
			o, stop := inMemory(t, nil, nil)
			defer stop()
			for _, f := range p {
				o.Inject(f)
			}
			o.persist(t, p, func(ctx context.Context) error { return value(o.provider.User(ctx, memoryUser)) })
			for _, want := range []bool{true, false} {
				o.persist(t, p, func(ctx context.Context) error { return o.settle(ctx, want) })
				if in := slices.Contains(o.Members(string(memoryGroup)), string(memoryUser)); in != want {
					t.Errorf("a member: %v, want %v after %+v", in, want, p)
				}
			}
			adds, removals := 0, 0
			for _, c := range o.Calls() {
				if c.Changed && c.Name == "group.member.add" {
					adds++
				}
				if c.Changed && c.Name == "group.member.remove" {
					removals++
				}
			}
			if adds != 1 || removals != 1 || o.ChangelessCalls() > 0 {
				t.Errorf("%d additions, %d removals, %d for nothing after %+v", adds, removals, o.ChangelessCalls(), p)
			}
		})
	})
}

func value(_ any, err error) error { return err }

// settle brings about a membership or its absence: it looks, changes, and looks again.
func (o *orgInMemory) settle(ctx context.Context, want bool) error {
	is, err := o.provider.IsMember(ctx, memoryGroup, memoryUser)
	if err != nil || is == want {
		return err
	}
	if want {
		err = o.provider.AddMember(ctx, memoryGroup, memoryUser)
	} else {
		err = o.provider.RemoveMember(ctx, memoryGroup, memoryUser)
	}
	if err != nil {
		return err
	}
	if is, err = o.provider.IsMember(ctx, memoryGroup, memoryUser); err == nil && is != want {
		err = errWrong
	}
	return err
}

// persist tries as the runner does: it comes back when it is told to, or after a second.
func (o *orgInMemory) persist(t *testing.T, p pair, do func(context.Context) error) {
	t.Helper()
	began := time.Now()
	for range 20 {
		err := do(t.Context())
		if err == nil {
			break
		}
		if errors.Is(err, errWrong) {
			t.Errorf("%v after %+v", err, p)
		}
		time.Sleep(max(time.Until(idp.RetryAt(err)), time.Second))
	}
	if took := time.Since(began); took > 3*time.Minute {
		t.Errorf("it took %v after %+v", took, p)
	}
}
