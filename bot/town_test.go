package bot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"usher/access"
	"usher/catalog"
	"usher/idp"
	"usher/sandbox/slacksim"
	"usher/store/storetest"
)

const townCatalog = `
version: 1
settings: {deadline: 2h, security: [sec@x.example, sol@x.example]}
apps:
  - id: git
    name: Git
    risk: medium
    status: approved
    owners: [owen@x.example, olga@x.example]
    entitlements:
      - {id: write, name: Write, groups: ["dir:gwrite"], durations: [1h, 6h], policy: {rules: [{steps: [{approvers: [manager]}]}]}}
      - {id: pair, name: Pair, groups: ["dir:gpair"], durations: [1h], policy: {rules: [{steps: [{approvers: [owner], quorum: 2}]}]}}
      - {id: two, name: Two, groups: ["dir:gtwo"], durations: [1h], policy: {rules: [{steps: [{approvers: [manager]}, {approvers: [owner]}]}]}}
      - {id: both, name: Both, groups: ["dir:gboth"], durations: [1h], policy: {rules: [{steps: [{approvers: [mona@x.example, owen@x.example]}, {approvers: [owen@x.example, mona@x.example]}]}]}}
      - {id: auto, name: Auto, groups: ["dir:gauto"], durations: [1h], policy: {rules: [{automatic: true, because: harmless}]}}
      - {id: hidden, name: Hidden, groups: ["dir:ghidden"], durations: [1h], visible: requester.department == "Elsewhere", because: Only Elsewhere, policy: {rules: [{steps: [{approvers: [manager]}]}]}}
  - id: old
    name: Old
    risk: low
    status: retired
    owners: [owen@x.example]
    entitlements:
      - {id: old-role, name: Role, groups: ["dir:gold"], durations: [1h], policy: {rules: [{steps: [{approvers: [manager]}]}]}}
`

// town is the bot with the real core behind it, a directory and a tracker in memory, all in virtual time.
type town struct {
	*stage
	service *access.Service
	store   access.Store
	dir     *townDirectory
	tracker *townTracker
	catalog atomic.Pointer[catalog.Catalog]
}

// slowStore takes as long for a commit as a disk may: enough for an acknowledgement to come too early.
type slowStore struct{ access.Store }

func (s slowStore) Update(ctx context.Context, f func(access.Tx) error) error {
	time.Sleep(20 * time.Millisecond)
	return s.Store.Update(ctx, f)
}

// slackOf are the Slack users of the town: full members by their names, and those who are not.
func slackOf(name string) string { return "U1" + strings.ToUpper(name) }

func townPeople() []slacksim.User {
	var list []slacksim.User
	for _, n := range []string{"rita", "rob", "mona", "owen", "olga", "sec", "sol", "ada", "lone"} {
		list = append(list, slacksim.User{ID: slackOf(n), Name: n, RealName: strings.ToUpper(n[:1]) + n[1:], Email: n + "@x.example", EmailConfirmed: true})
	}
	return append(list,
		slacksim.User{ID: slackOf("rita2"), Name: "rita2", Email: "rita@private.example", EmailConfirmed: true},
		slacksim.User{ID: slackOf("guest"), Name: "guest", Email: "sec@x.example", EmailConfirmed: true, Guest: true},
		slacksim.User{ID: slackOf("robot"), Name: "robot", IsBot: true},
		slacksim.User{ID: slackOf("gone"), Name: "gone", Email: "mona@x.example", EmailConfirmed: true, Deleted: true},
		slacksim.User{ID: slackOf("unconfirmed"), Name: "unconfirmed", Email: "mona@x.example"},
		slacksim.User{ID: slackOf("stranger"), Name: "stranger", Email: "nobody@x.example", EmailConfirmed: true},
		slacksim.User{ID: slackOf("foreign"), Name: "foreign", Email: "mona@y.example", EmailConfirmed: true},
		slacksim.User{ID: slackOf("outsider"), Name: "outsider", TeamID: "T0OTHER", Email: "mona@x.example", EmailConfirmed: true},
	)
}

func parseCatalog(t testing.TB, text string) *catalog.Catalog {
	t.Helper()
	c, err := catalog.Parse(catalog.Source{Name: "town.yml", Data: []byte(text)})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// inTown plays in a town; adjust may be nil.
func inTown(t *testing.T, adjust func(*slacksim.Config, *Config), f func(*town)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		w := &town{store: slowStore{storetest.Memory()}, dir: newTownDirectory(), tracker: &townTracker{issues: map[access.RequestID]*townIssue{}}}
		w.stage = buildOn(t, m, 1000*time.Hour, func(sc *slacksim.Config, bc *Config) {
			sc.RetryScale, sc.Now, sc.Users, bc.Dial = 1, nil, townPeople(), m.dial
			if adjust != nil {
				adjust(sc, bc)
			}
		})
		w.catalog.Store(parseCatalog(t, townCatalog))
		var err error
		w.service, err = access.New(access.Config{
			Store: w.store, Tracker: w.tracker, Notifier: w.note, Providers: map[string]idp.Provider{"dir": w.dir}, Directory: "dir",
			Catalog: w.catalog.Load, Admins: []string{"ada@x.example"}, Now: time.Now, Logger: slog.New(slog.DiscardHandler),
			Identity: access.Identity{
				MatchEmail: true, Domains: []string{"x.example"},
				Explicit: map[access.SlackID]idp.UserID{access.SlackID(slackOf("rita2")): "u-rita"},
			},
		})
		w.must(err)
		w.bot.core = w.service
		ctx, stop := context.WithCancel(context.Background())
		var runner sync.WaitGroup
		runner.Go(func() {
			if err := w.service.Runner().Run(ctx); err != nil {
				t.Error(err)
			}
		})
		t.Cleanup(runner.Wait)
		t.Cleanup(stop)
		w.run()
		w.must(w.sim.WaitConnected(w.ctx, 2))
		synctest.Wait()
		f(w)
	})
}

// settle lets everything come to rest that needs no time, and a little more for what is spaced out.
func (w *town) settle() {
	synctest.Wait()
	time.Sleep(5 * time.Second)
	synctest.Wait()
}

func (w *town) person(name string) access.Person {
	w.t.Helper()
	p, err := w.service.Identify(w.ctx, access.SlackProfile{ID: access.SlackID(slackOf(name)), Team: "T0SANDBOX", Name: name, Email: name + "@x.example", EmailConfirmed: true})
	w.must(err)
	return p
}

// asked makes a request and waits until its approvers are asked.
func (w *town) asked(who string, what catalog.EntitlementID) access.RequestID {
	w.t.Helper()
	r, err := w.service.Submit(w.ctx, access.Draft{By: w.person(who), Entitlement: what, Duration: access.NotChosen, Justification: "needed"})
	w.must(err)
	w.settle()
	return r.ID
}

// active makes a request and has it approved by the manager.
func (w *town) active(who string, what catalog.EntitlementID) access.RequestID {
	w.t.Helper()
	id := w.asked(who, what)
	if w.request(id).State == access.RequestPending {
		w.decide("mona", id, access.Approve)
	}
	if w.grant(id).State != access.GrantActive {
		w.t.Fatalf("the access is %q", w.grant(id).State)
	}
	return id
}

func (w *town) decide(who string, id access.RequestID, v access.Verdict) {
	w.t.Helper()
	_, err := w.service.Decide(w.ctx, w.person(who), id, v, "because", access.Origin{Home: true})
	w.must(err)
	w.settle()
}

func (w *town) request(id access.RequestID) access.Request {
	w.t.Helper()
	var r access.Request
	w.must(w.store.View(w.ctx, func(tx access.Tx) error { return tx.Get(access.Requests, string(id), &r) }))
	return r
}

func (w *town) grant(id access.RequestID) access.Grant {
	w.t.Helper()
	var g access.Grant
	err := w.store.View(w.ctx, func(tx access.Tx) error { return tx.Get(access.Grants, string(id), &g) })
	if !errors.Is(err, access.ErrNotFound) {
		w.must(err)
	}
	return g
}

// question is the message by which somebody was asked.
func (w *town) question(id access.RequestID, who string) slacksim.Message {
	w.t.Helper()
	for _, a := range w.request(id).Asks {
		if string(a.Approver.Slack) == slackOf(who) {
			if m, ok := w.sim.Message(a.Message.Channel, a.Message.TS); ok {
				return m
			}
		}
	}
	w.t.Fatalf("%s was not asked about %s", who, id)
	return slacksim.Message{}
}

// truth is everything that must not change by a click that does not count: requests, grants, members, issues.
func (w *town) truth() string {
	w.t.Helper()
	var b strings.Builder
	for _, id := range w.tracker.ids() { // Every request has an issue.
		r, err := json.Marshal(w.request(id))
		w.must(err)
		g, err := json.Marshal(w.grant(id))
		w.must(err)
		fmt.Fprintf(&b, "request %s\ngrant %s\n", r, g)
	}
	return b.String() + w.dir.dump() + w.tracker.dump()
}

// shown is every text that anybody has in front of them: messages to one person, DMs, windows.
func (w *town) shown() []string {
	var list []string
	for _, u := range w.sim.Users() {
		for _, m := range w.sim.Messages(u.ID) {
			list = append(list, fmt.Sprintf("%s sees %s %s: %s", u.ID, m.Channel, m.TS, m.Plain()))
		}
		for _, v := range w.sim.Stack(u.ID) {
			list = append(list, u.ID+" has open: "+v.Plain())
		}
	}
	for _, m := range w.sim.Messages(slacksim.GeneralChannel) {
		list = append(list, "in general: "+m.Plain())
	}
	return list
}

// news is what shown has and had not before.
func news(before, after []string) string {
	return strings.Join(slices.DeleteFunc(slices.Clone(after), func(s string) bool { return slices.Contains(before, s) }), "\n")
}

// townDirectory is an identity provider in memory.
type townDirectory struct {
	mu      sync.Mutex
	users   map[idp.UserID]idp.User
	members map[idp.GroupID][]idp.UserID
	boss    idp.UserID // Of everybody but two and those in people.
	people  map[idp.UserID]idp.UserID
	adds    map[string]int
}

func newTownDirectory() *townDirectory {
	d := &townDirectory{people: map[idp.UserID]idp.UserID{}, boss: "u-mona", users: map[idp.UserID]idp.User{}, members: map[idp.GroupID][]idp.UserID{}, adds: map[string]int{}}
	for _, n := range []string{"rita", "rob", "mona", "owen", "olga", "sec", "sol", "ada", "lone"} {
		id := idp.UserID("u-" + n)
		d.users[id] = idp.User{ID: id, Name: n, Email: n + "@x.example", Department: "Eng", Status: idp.Active, StatusDetail: "ACTIVE"}
	}
	return d
}

func (d *townDirectory) dump() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return fmt.Sprint(d.members)
}

func (d *townDirectory) suspend(name string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	u := d.users[idp.UserID("u-"+name)]
	u.Status, u.StatusDetail = idp.Inactive, "SUSPENDED"
	d.users[u.ID] = u
}

func (d *townDirectory) Name() string { return "dir" }

func (d *townDirectory) User(_ context.Context, id idp.UserID) (idp.User, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if u, ok := d.users[id]; ok {
		return u, nil
	}
	return idp.User{}, &idp.Error{Kind: idp.UserNotFound, Op: "get user"}
}

func (d *townDirectory) FindUser(_ context.Context, email string) (idp.User, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, u := range d.users {
		if strings.EqualFold(u.Email, email) {
			return u, nil
		}
	}
	return idp.User{}, &idp.Error{Kind: idp.UserNotFound, Op: "find user"}
}

func (d *townDirectory) Group(_ context.Context, id idp.GroupID) (idp.Group, error) {
	return idp.Group{ID: id, Name: string(id)}, nil
}

func (d *townDirectory) UserGroups(_ context.Context, u idp.UserID) ([]idp.Group, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	var list []idp.Group
	for g, m := range d.members {
		if slices.Contains(m, u) {
			list = append(list, idp.Group{ID: g})
		}
	}
	return list, nil
}

func (d *townDirectory) Manager(ctx context.Context, u idp.UserID) (idp.User, error) {
	if u == "u-mona" || u == "u-lone" {
		return idp.User{}, &idp.Error{Kind: idp.UserNotFound, Op: "find manager"}
	}
	d.mu.Lock()
	boss, ok := d.people[u]
	if !ok {
		boss = d.boss
	}
	d.mu.Unlock()
	return d.User(ctx, boss)
}

func (d *townDirectory) AddMember(_ context.Context, g idp.GroupID, u idp.UserID) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !slices.Contains(d.members[g], u) {
		d.members[g] = append(d.members[g], u)
		d.adds[string(g)+" "+string(u)]++
	}
	return nil
}

func (d *townDirectory) RemoveMember(_ context.Context, g idp.GroupID, u idp.UserID) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.members[g] = slices.DeleteFunc(d.members[g], func(o idp.UserID) bool { return o == u })
	return nil
}

func (d *townDirectory) IsMember(_ context.Context, g idp.GroupID, u idp.UserID) (bool, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Contains(d.members[g], u), nil
}

// townTracker keeps issues in memory.
type townTracker struct {
	mu     sync.Mutex
	issues map[access.RequestID]*townIssue
	opens  int
}

type townIssue struct {
	key    string
	status access.IssueStatus
	lines  []string
}

func (k *townTracker) dump() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	var list []string
	for id, i := range k.issues {
		list = append(list, fmt.Sprint(id, *i))
	}
	slices.Sort(list)
	return strings.Join(list, "\n")
}

func (k *townTracker) ids() []access.RequestID {
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.Sorted(maps.Keys(k.issues))
}

func (k *townTracker) Open(_ context.Context, r access.IssueRecord) (access.Issue, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	i := k.issues[r.Request.ID]
	if i == nil {
		k.opens++
		i = &townIssue{key: fmt.Sprintf("ACCESS-%d", k.opens), status: r.Status}
		k.issues[r.Request.ID] = i
	}
	return access.Issue{ID: i.key, Key: i.key, URL: "https://jira.example/browse/" + i.key}, nil
}

func (k *townTracker) Update(_ context.Context, i access.Issue, r access.IssueRecord) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	is := k.issues[r.Request.ID]
	if is == nil || is.key != i.Key {
		return fmt.Errorf("issue %s is not the one of %s", i.Key, r.Request.ID)
	}
	is.status = r.Status
	for _, e := range r.Events {
		is.lines = append(is.lines, fmt.Sprint(e.Seq, e.Kind))
	}
	return nil
}

func (k *townTracker) Account(context.Context, string) (access.AccountID, error) { return "", nil }

func TestARequestIsMadeApprovedAndEndsInTown(t *testing.T) {
	t.Parallel()
	inTown(t, nil, func(w *town) {
		id := w.active("rita", "write")
		if got, _ := w.dir.IsMember(w.ctx, "gwrite", "u-rita"); !got {
			t.Error("rita is not in the group")
		}
		time.Sleep(2 * time.Hour)
		w.settle()
		if g := w.grant(id); g.State != access.GrantEnded || g.EndReason != access.EndExpired {
			t.Errorf("%s %s", g.State, g.EndReason)
		}
	})
}
