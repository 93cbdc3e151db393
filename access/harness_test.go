package access_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"usher/access"
	"usher/catalog"
	"usher/idp"
	"usher/store/storetest"
)

const testCatalog = `
version: 1
settings: {security: [sec@x.example, sol@x.example]}
apps:
  - id: git
    name: Git
    risk: medium
    status: approved
    owners: [owen@x.example, olga@x.example]
    entitlements:
      - id: write
        name: Write
        groups: ["dir:gwrite"]
        durations: [1h, 6h, 24h]
        policy: {rules: [{steps: [{approvers: [manager]}], because: The manager decides}]}
      - id: also-write
        name: Also write
        groups: ["dir:gwrite"]
        durations: [1h, 6h, 24h]
        policy: {rules: [{steps: [{approvers: [manager]}]}]}
      - id: auto
        name: Auto
        groups: ["dir:gauto"]
        policy: {rules: [{automatic: true, because: harmless}]}
      - id: short
        name: Short
        groups: ["dir:gshort"]
        durations: [1h, 6h]
        policy: {rules: [{when: duration <= duration("1h"), automatic: true, because: short}, {steps: [{approvers: [manager]}]}]}
      - id: admin
        name: Admin
        risk: critical
        elevated: true
        groups: ["dir:gadmin", "dir:gadmin2"]
        durations: [30m, 1h, 4h]
      - id: pair
        name: Pair
        groups: ["dir:gpair"]
        policy: {rules: [{steps: [{approvers: [owner], quorum: 2}]}]}
      - id: hidden
        name: Hidden
        groups: ["dir:ghidden"]
        visible: requester.department == "Elsewhere"
        because: Only Elsewhere
        policy: {rules: [{steps: [{approvers: [manager]}]}]}
`

// world is the core with fakes that hold state and can fail on demand.
type world struct {
	t       *testing.T
	service *access.Service
	dir     *directory
	tracker *tracker
	slack   *slack
	store   access.Store
	// adjust changes the configuration of the next service.
	adjust func(*access.Config)

	mu  sync.Mutex
	now time.Time
	cat *catalog.Catalog
}

// catalog puts another catalog in force.
func (w *world) catalog(text string) {
	w.t.Helper()
	c, err := catalog.Parse(catalog.Source{Name: "test.yml", Data: []byte(text)})
	if err != nil {
		w.t.Fatal(err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cat = c
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, now: time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC), store: storetest.Memory()}
	w.dir = newDirectory()
	w.tracker = &tracker{issues: map[access.RequestID]*issue{}}
	w.slack = &slack{people: w.dir, messages: map[string]access.Message{}, old: map[access.MessageRef]bool{}}
	w.open()
	return w
}

// open makes a service on the world's store, as a restart does.
func (w *world) open() {
	w.t.Helper()
	w.catalog(testCatalog)
	var err error
	cfg := access.Config{
		Store: w.store, Tracker: w.tracker, Notifier: w.slack, Providers: map[string]idp.Provider{"dir": w.dir}, Directory: "dir",
		Catalog: func() *catalog.Catalog { w.mu.Lock(); defer w.mu.Unlock(); return w.cat }, Admins: []string{"ada@x.example"}, Now: w.clock,
		Calm: -1, Identity: access.Identity{MatchEmail: true, Domains: []string{"x.example"}}, Logger: slog.New(slog.DiscardHandler),
	}
	if w.adjust != nil {
		w.adjust(&cfg)
	}
	w.service, err = access.New(cfg)
	if err != nil {
		w.t.Fatal(err)
	}
}

// run starts the runner and returns a function that stops it and waits.
func (w *world) run() (stop func()) {
	ctx, cancel := context.WithCancel(w.t.Context())
	done := make(chan error, 1)
	service := w.service
	go func() { done <- service.Runner().Run(ctx) }()
	var once sync.Once
	stop = func() {
		once.Do(func() {
			cancel()
			if err := <-done; err != nil {
				w.t.Errorf("runner: %v", err)
			}
		})
	}
	w.t.Cleanup(stop)
	return stop
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) advance(d time.Duration) {
	w.mu.Lock()
	w.now = w.now.Add(d)
	w.mu.Unlock()
	w.service.Runner().Wake()
}

func (w *world) person(name string) access.Person {
	w.t.Helper()
	p, err := w.service.Identify(w.t.Context(), w.slack.profile(name))
	if err != nil {
		w.t.Fatalf("identify %s: %v", name, err)
	}
	return p
}

func (w *world) submit(who string, what catalog.EntitlementID, d time.Duration) access.Request {
	w.t.Helper()
	r, err := w.service.Submit(w.t.Context(), access.Draft{By: w.person(who), Entitlement: what, Duration: catalog.Duration(d), Justification: "needed"})
	if err != nil {
		w.t.Fatalf("submit: %v", err)
	}
	return r
}

func (w *world) decide(who string, id access.RequestID, v access.Verdict, reason string) error {
	_, err := w.service.Decide(w.t.Context(), w.person(who), id, v, reason, access.Origin{Home: true})
	return err
}

// until waits for a condition without a fixed sleep between state changes.
func (w *world) until(what string, cond func() bool) {
	w.t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for !cond() {
		if time.Now().After(deadline) {
			w.t.Fatalf("never came about: %s\nissues: %s", what, w.tracker.dump())
		}
		w.service.Runner().Wake()
		time.Sleep(2 * time.Millisecond) // Polls a condition with a deadline.
	}
}

func (w *world) grant(id access.RequestID) access.Grant {
	var g access.Grant
	err := w.store.View(w.t.Context(), func(tx access.Tx) error { return tx.Get(access.Grants, string(id), &g) })
	if err != nil && !errors.Is(err, access.ErrNotFound) {
		w.t.Fatal(err)
	}
	return g
}

func (w *world) request(id access.RequestID) access.Request {
	w.t.Helper()
	var r access.Request
	if err := w.store.View(w.t.Context(), func(tx access.Tx) error { return tx.Get(access.Requests, string(id), &r) }); err != nil {
		w.t.Fatal(err)
	}
	return r
}

func (w *world) events(id access.RequestID) []access.Event {
	w.t.Helper()
	var list []access.Event
	err := w.store.View(w.t.Context(), func(tx access.Tx) (err error) {
		list, err = tx.Events(id, 0)
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return list
}

func (w *world) state(id access.RequestID) access.GrantState { return w.grant(id).State }

// active asks, has the manager approve, and waits for the access.
func (w *world) active(who string, what catalog.EntitlementID, d time.Duration) access.RequestID {
	w.t.Helper()
	r := w.submit(who, what, d)
	w.until("issue of "+string(what), func() bool { return w.request(r.ID).Issue.Key != "" })
	if r.State == access.RequestPending {
		if err := w.decide("mona", r.ID, access.Approve, ""); err != nil {
			w.t.Fatal(err)
		}
	}
	w.until(string(what)+" active", func() bool { return w.state(r.ID) == access.GrantActive })
	return r.ID
}

// directory is an identity provider in memory.
type directory struct {
	mu      sync.Mutex
	users   map[idp.UserID]idp.User
	manager map[idp.UserID]idp.UserID
	members map[idp.GroupID][]idp.UserID
	fail    func(op string, g idp.GroupID) error
	log     []string // "add group user" and "remove group user" that changed something
	calls   int
}

func newDirectory() *directory {
	d := &directory{users: map[idp.UserID]idp.User{}, manager: map[idp.UserID]idp.UserID{}, members: map[idp.GroupID][]idp.UserID{}}
	for _, n := range []string{"rita", "rob", "mona", "owen", "olga", "sec", "sol", "ada", "lone"} {
		id := idp.UserID("u-" + n)
		d.users[id] = idp.User{ID: id, Name: n, Email: n + "@x.example", Department: "Eng", Status: idp.Active, StatusDetail: "ACTIVE"}
		if n != "mona" && n != "lone" {
			d.manager[id] = "u-mona"
		}
	}
	return d
}

func (d *directory) do(op string, g idp.GroupID) error {
	d.calls++
	if d.fail != nil {
		return d.fail(op, g)
	}
	return nil
}

func (d *directory) Name() string { return "dir" }

func (d *directory) User(_ context.Context, id idp.UserID) (idp.User, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.do("user", ""); err != nil {
		return idp.User{}, err
	}
	u, ok := d.users[id]
	if !ok {
		return u, &idp.Error{Kind: idp.UserNotFound, Op: "get user"}
	}
	return u, nil
}

func (d *directory) FindUser(_ context.Context, email string) (idp.User, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.do("find", ""); err != nil {
		return idp.User{}, err
	}
	var found []idp.User
	for _, u := range d.users {
		if u.Email == email {
			found = append(found, u)
		}
	}
	switch len(found) {
	case 0:
		return idp.User{}, &idp.Error{Kind: idp.UserNotFound, Op: "find user"}
	case 1:
		return found[0], nil
	}
	return idp.User{}, &idp.Error{Kind: idp.Ambiguous, Op: "find user"}
}

func (d *directory) Group(_ context.Context, id idp.GroupID) (idp.Group, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return idp.Group{ID: id}, d.do("group", id)
}

func (d *directory) UserGroups(_ context.Context, u idp.UserID) ([]idp.Group, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.do("groups", ""); err != nil {
		return nil, err
	}
	var list []idp.Group
	for g, m := range d.members {
		if slices.Contains(m, u) {
			list = append(list, idp.Group{ID: g})
		}
	}
	return list, nil
}

func (d *directory) Manager(_ context.Context, u idp.UserID) (idp.User, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.do("manager", ""); err != nil {
		return idp.User{}, err
	}
	m, ok := d.manager[u]
	if !ok {
		return idp.User{}, &idp.Error{Kind: idp.UserNotFound, Op: "find manager"}
	}
	return d.users[m], nil
}

func (d *directory) AddMember(_ context.Context, g idp.GroupID, u idp.UserID) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.do("add", g); err != nil {
		return err
	}
	if !slices.Contains(d.members[g], u) {
		d.members[g] = append(d.members[g], u)
		d.log = append(d.log, fmt.Sprintf("add %s %s", g, u))
	}
	return nil
}

func (d *directory) RemoveMember(_ context.Context, g idp.GroupID, u idp.UserID) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.do("remove", g); err != nil {
		return err
	}
	if slices.Contains(d.members[g], u) {
		d.members[g] = slices.DeleteFunc(d.members[g], func(o idp.UserID) bool { return o == u })
		d.log = append(d.log, fmt.Sprintf("remove %s %s", g, u))
	}
	return nil
}

func (d *directory) IsMember(_ context.Context, g idp.GroupID, u idp.UserID) (bool, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.do("read", g); err != nil {
		return false, err
	}
	return slices.Contains(d.members[g], u), nil
}

func (d *directory) member(g idp.GroupID, who string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Contains(d.members[g], idp.UserID("u-"+who))
}

func (d *directory) failing(f func(op string, g idp.GroupID) error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.fail = f
}

func (d *directory) changes() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.log)
}

func (d *directory) callCount() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.calls
}

// issue is one issue of the fake tracker.
type issue struct {
	key    string
	status access.IssueStatus
	lines  []access.Event
	past   []access.IssueStatus // Every status it has had.
}

// tracker keeps issues in memory and can lose answers.
type tracker struct {
	mu     sync.Mutex
	issues map[access.RequestID]*issue
	opens  int
	fail   func(op string) error // Before the work.
	lose   func(op string) bool  // After the work: no answer.
}

func (k *tracker) Open(_ context.Context, r access.IssueRecord) (access.Issue, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.fail != nil {
		if err := k.fail("open"); err != nil {
			return access.Issue{}, err
		}
	}
	if i := k.issues[r.Request.ID]; i != nil && r.Again {
		return access.Issue{ID: i.key, Key: i.key}, nil
	}
	k.opens++
	i := &issue{key: fmt.Sprintf("ACCESS-%d", k.opens), status: r.Status, lines: slices.Clone(r.Events), past: []access.IssueStatus{r.Status}}
	k.issues[r.Request.ID] = i
	if k.lose != nil && k.lose("open") {
		return access.Issue{}, &access.TargetError{Target: access.TargetJira, Op: "open issue", Transient: true, Sent: true}
	}
	return access.Issue{ID: i.key, Key: i.key}, nil
}

func (k *tracker) Update(_ context.Context, i access.Issue, r access.IssueRecord) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.fail != nil {
		if err := k.fail("update"); err != nil {
			return err
		}
	}
	is := k.issues[r.Request.ID]
	if is == nil || is.key != i.Key {
		return fmt.Errorf("issue %s is not the issue of %s", i.Key, r.Request.ID)
	}
	is.status, is.past = r.Status, append(is.past, r.Status)
	for _, e := range r.Events {
		if !r.Again || !slices.ContainsFunc(is.lines, func(o access.Event) bool { return o.Seq == e.Seq }) {
			is.lines = append(is.lines, e)
		}
	}
	if k.lose != nil && k.lose("update") {
		return &access.TargetError{Target: access.TargetJira, Op: "update issue", Transient: true, Sent: true}
	}
	return nil
}

func (k *tracker) Account(_ context.Context, email string) (access.AccountID, error) {
	return access.AccountID("acc-" + email), nil
}

func (k *tracker) of(id access.RequestID) issue {
	k.mu.Lock()
	defer k.mu.Unlock()
	if i := k.issues[id]; i != nil {
		return issue{key: i.key, status: i.status, lines: slices.Clone(i.lines)}
	}
	return issue{}
}

func (k *tracker) wasEver(id access.RequestID, s access.IssueStatus) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.issues[id] != nil && slices.Contains(k.issues[id].past, s)
}

func (k *tracker) dump() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	s := ""
	for id, i := range k.issues {
		s += fmt.Sprintf("%s %s %s\n", id, i.key, i.status)
		for _, e := range i.lines {
			s += fmt.Sprintf("  %d %s %s\n", e.Seq, e.Kind, e.Text)
		}
	}
	return s
}

func (k *tracker) failing(f func(op string) error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.fail = f
}

// slack keeps the last state of every message.
type slack struct {
	people   *directory
	mu       sync.Mutex
	messages map[string]access.Message // by kind, request and person
	old      map[access.MessageRef]bool
	posts    int
	fail     func() error
	silent   string // Who gets nothing.
}

func (s *slack) profile(name string) access.SlackProfile {
	return access.SlackProfile{ID: access.SlackID("U" + name), Team: "T", Name: name, Email: name + "@x.example", EmailConfirmed: true}
}

func (s *slack) Send(_ context.Context, m access.Message) (access.Receipt, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail != nil {
		if err := s.fail(); err != nil {
			return access.Receipt{}, err
		}
	}
	if s.silent != "" && m.To.Name == s.silent {
		return access.Receipt{}, &access.TargetError{Target: access.TargetSlack, Op: "post", Transient: true, Only: true, Err: errors.New("away")}
	}
	if m.Kind == access.MessageFolded {
		s.old[m.At] = true
		return access.Receipt{At: m.At}, nil
	}
	at := m.At
	if at == (access.MessageRef{}) {
		s.posts++
		at = access.MessageRef{Channel: "D" + string(m.To.Slack), TS: fmt.Sprint(s.posts)}
	}
	s.messages[string(m.Kind)+"/"+string(m.Request.ID)+"/"+m.To.Name] = m
	return access.Receipt{At: at}, nil
}

// replaced reports whether a newer message has taken the place of this one.
func (s *slack) replaced(at access.MessageRef) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.old[at]
}

func (s *slack) Find(_ context.Context, email string) (access.SlackProfile, error) {
	name := email[:len(email)-len("@x.example")]
	return s.profile(name), nil
}

func (s *slack) Changed(...access.SlackID) {}

func (s *slack) last(kind access.MessageKind, id access.RequestID, who string) (access.Message, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m, ok := s.messages[string(kind)+"/"+string(id)+"/"+who]
	return m, ok
}
