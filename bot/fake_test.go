package bot

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"usher/access"
	"usher/catalog"
)

// fakeCore is a core that holds a little state and can be told to be slow, to refuse and to break.
type fakeCore struct {
	now func() time.Time

	mu       sync.Mutex
	people   map[access.SlackID]access.Person
	choices  []access.Choice
	closed   []access.Closed
	requests map[access.RequestID]access.Request
	grants   map[access.RequestID]access.Grant
	home     access.Home
	fail     map[string][]error // By method; used up one by one, nil passes.
	hold     map[string]chan struct{}
	held     chan string // Told when a call begins to wait.
	calls    []string
	drafts   []access.Draft
	decided  []decision
	keys     []string
}

type decision struct {
	By      access.Person
	ID      access.RequestID
	Verdict access.Verdict
	Reason  string
	Origin  access.Origin
}

func newFakeCore() *fakeCore {
	c := &fakeCore{
		now: noonNow, people: map[access.SlackID]access.Person{}, requests: map[access.RequestID]access.Request{},
		grants: map[access.RequestID]access.Grant{}, fail: map[string][]error{}, hold: map[string]chan struct{}{}, held: make(chan string, 100),
		choices: []access.Choice{{Entitlement: "github-write", Role: writeRole()}, {Entitlement: "github-admin", Role: adminRole()}},
	}
	for _, p := range []access.Person{ann(), bob(), cyd()} {
		c.people[p.Slack] = p
	}
	return c
}

func noonNow() time.Time { return noon() }

// enter notes the call, waits if it is told to, and returns the error in line.
func (c *fakeCore) enter(ctx context.Context, name string) error {
	c.mu.Lock()
	c.calls = append(c.calls, name)
	hold := c.hold[name]
	var err error
	if list := c.fail[name]; len(list) > 0 {
		err, c.fail[name] = list[0], list[1:]
	}
	c.mu.Unlock()
	if hold != nil {
		c.held <- name
		select {
		case <-hold:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if err != nil && err.Error() == "panic" {
		panic("told to")
	}
	return err
}

func (c *fakeCore) refuse(name string, errs ...error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fail[name] = append(c.fail[name], errs...)
}

// slow makes a method wait until the returned function is called.
func (c *fakeCore) slow(name string) func() {
	c.mu.Lock()
	defer c.mu.Unlock()
	ch := make(chan struct{})
	c.hold[name] = ch
	return func() {
		c.mu.Lock()
		delete(c.hold, name)
		c.mu.Unlock()
		close(ch)
	}
}

func (c *fakeCore) count(name string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := 0
	for _, s := range c.calls {
		if s == name {
			n++
		}
	}
	return n
}

func (c *fakeCore) set(r access.Request, g *access.Grant) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.requests[r.ID] = r
	if g != nil {
		c.grants[r.ID] = *g
	}
}

func (c *fakeCore) Now() time.Time { return c.now() }

func (c *fakeCore) Identify(ctx context.Context, p access.SlackProfile) (access.Person, error) {
	if err := c.enter(ctx, "identify"); err != nil {
		return access.Person{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	who, ok := c.people[p.ID]
	if !ok || p.Guest || p.Bot || p.Deleted || p.Outsider {
		return access.Person{}, outsider()
	}
	return who, nil
}

func (c *fakeCore) Choices(ctx context.Context, _ access.Person, query string, limit int) ([]access.Choice, error) {
	if err := c.enter(ctx, "choices"); err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	var list []access.Choice
	for _, x := range c.choices {
		if containsAll(x.Role.String(), query) && len(list) < limit {
			list = append(list, x)
		}
	}
	return list, nil
}

func (c *fakeCore) Closed(ctx context.Context, _ access.Person, query string, limit int) ([]access.Closed, error) {
	if err := c.enter(ctx, "closed"); err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	var list []access.Closed
	for _, x := range c.closed {
		if containsAll(x.Role.String(), query) && len(list) < limit {
			list = append(list, x)
		}
	}
	return list, nil
}

func (c *fakeCore) Left(ctx context.Context, id access.SlackID) error {
	return c.enter(ctx, "left "+string(id))
}

func (c *fakeCore) Preview(ctx context.Context, d access.Draft) (access.Preview, error) {
	if err := c.enter(ctx, "preview"); err != nil {
		return access.Preview{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	i := slices.IndexFunc(c.choices, func(x access.Choice) bool { return x.Entitlement == d.Entitlement })
	if i < 0 {
		return access.Preview{}, &access.Refusal{Code: access.NotRequestable, Field: access.FieldEntitlement, Text: "This is not in the catalog any more."}
	}
	p := *onePreview()
	p.Role = c.choices[i].Role
	if d.Duration != access.NotChosen {
		p.Duration = d.Duration
	}
	if !slices.Contains(p.Durations, p.Duration) {
		return access.Preview{}, &access.Refusal{Code: access.BadDuration, Field: access.FieldDuration, Text: "This length is not offered."}
	}
	if p.Duration == day {
		p.Steps = []access.PreviewStep{{People: []access.Person{cyd()}, Quorum: 1}}
	}
	return p, nil
}

func (c *fakeCore) Submit(ctx context.Context, d access.Draft) (access.Request, error) {
	if err := c.enter(ctx, "submit"); err != nil {
		return access.Request{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.drafts = append(c.drafts, d)
	r := pendingRequest(900 + len(c.drafts))
	r.Requester, r.Duration, r.Justification = d.By, max(d.Duration, 0), strings.TrimSpace(d.Justification)
	c.requests[r.ID] = r
	return r, nil
}

func (c *fakeCore) Decide(ctx context.Context, by access.Person, id access.RequestID, v access.Verdict, reason string, o access.Origin) (access.Request, error) {
	if err := c.enter(ctx, "decide"); err != nil {
		return access.Request{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.decided = append(c.decided, decision{by, id, v, reason, o})
	return c.requests[id], nil
}

func (c *fakeCore) Cancel(ctx context.Context, _ access.Person, id access.RequestID) (access.Request, error) {
	err := c.enter(ctx, "cancel "+string(id))
	return access.Request{}, err
}

func (c *fakeCore) Release(ctx context.Context, _ access.Person, id access.GrantID) (access.Grant, error) {
	err := c.enter(ctx, "release "+string(id))
	c.mu.Lock()
	defer c.mu.Unlock()
	c.home.Grants = slices.DeleteFunc(c.home.Grants, func(g access.HomeGrant) bool { return g.Grant.ID == id })
	return access.Grant{}, err
}

func (c *fakeCore) Revoke(ctx context.Context, _ access.Person, id access.GrantID, reason string) (access.Grant, error) {
	return access.Grant{}, c.enter(ctx, fmt.Sprintf("revoke %s %s", id, reason))
}

func (c *fakeCore) Revocable(ctx context.Context, _ access.Person, of access.SlackID) ([]access.Grant, error) {
	if err := c.enter(ctx, "revocable "+string(of)); err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	var list []access.Grant
	for _, g := range c.grants {
		if g.Subject.Slack == of {
			list = append(list, g)
		}
	}
	return list, nil
}

func (c *fakeCore) Extend(ctx context.Context, by access.Person, id access.GrantID, justification, key string) (access.Request, error) {
	if err := c.enter(ctx, "extend "+string(id)+" "+justification); err != nil {
		return access.Request{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.keys = append(c.keys, key)
	r := pendingRequest(700 + len(c.keys))
	if len(c.keys) == 1 {
		r.State = access.RequestDenied // What an earlier try with this key came to.
	}
	r.Kind, r.Requester, r.Duration = access.KindExtension, by, catalog.Duration(day)
	return r, nil
}

func (c *fakeCore) AskDiscovery(ctx context.Context, by access.Person) error {
	return c.enter(ctx, "discover "+string(by.Slack))
}

func (c *fakeCore) Suggestion(ctx context.Context, _ access.Person, group string) (access.FoundGroup, string, error) {
	if err := c.enter(ctx, "suggest "+group); err != nil {
		return access.FoundGroup{}, "", err
	}
	for _, f := range found4gallery().Found {
		if f.Group.String() == group {
			return f, access.Suggest(f), nil
		}
	}
	return access.FoundGroup{}, "", &access.Refusal{Code: access.NotFound, Text: "This group is in the catalog by now."}
}

func (c *fakeCore) Home(ctx context.Context, by access.Person) (access.Home, error) {
	if err := c.enter(ctx, "home"); err != nil {
		return access.Home{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	h := c.home
	h.Person, h.Now = by, noon()
	h.Grants = slices.Clone(h.Grants)
	return h, nil
}

func (c *fakeCore) Request(ctx context.Context, _ access.Person, id access.RequestID) (access.Request, *access.Grant, error) {
	if err := c.enter(ctx, "request"); err != nil {
		return access.Request{}, nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	r, ok := c.requests[id]
	if !ok {
		return r, nil, &access.Refusal{Code: access.NotFound, Text: "Usher does not know this request."}
	}
	if g, ok := c.grants[id]; ok {
		return r, &g, nil
	}
	return r, nil, nil
}
