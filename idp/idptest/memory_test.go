package idptest_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"usher/idp"
	"usher/idp/idptest"
)

// memory is a vendor and its provider in one, without a network. bug names the one promise that it breaks, "" for none.
type memory struct {
	bug    string
	locked bool // the credentials are not accepted

	*state
}

type state struct {
	mu       sync.Mutex
	offset   time.Duration
	next     int
	users    map[idp.UserID]idp.User
	managers map[idp.UserID]string
	groups   map[idp.GroupID]*memoryGroup
	faults   []*idptest.Fault
	heal     chan struct{}
	calls    int
	changes  int
	refusals int
	window   int // changes per window, 0 = no limit
	used     int
	started  time.Time
	lag      time.Duration
	log      strings.Builder
}

type memoryGroup struct {
	idp.Group
	members map[idp.UserID]bool
	ends    map[idp.UserID]time.Time
	before  map[idp.UserID]bool // what lagging reads see
	changed time.Time
}

const memoryToken = "memory-token"

func newMemory(bug string) *memory {
	return &memory{bug: bug, state: &state{
		users: map[idp.UserID]idp.User{}, managers: map[idp.UserID]string{}, groups: map[idp.GroupID]*memoryGroup{}, heal: make(chan struct{}),
	}}
}

func (m *memory) now() time.Time { return time.Now().Add(m.offset) }

func (m *memory) fail(kind idp.Kind, op string, err error) error {
	if m.bug == "shows the token" && err == nil {
		err = errors.New("sent with " + memoryToken)
	}
	return &idp.Error{Kind: kind, Op: op, Err: err}
}

// request is one call on the imagined wire. work runs with the lock held and says what the vendor answers.
func (m *memory) request(ctx context.Context, op string, target idptest.Target, work func() error) error {
	if err := ctx.Err(); err != nil && m.bug != "ignores the context" {
		return m.ended(op, err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.settle()
	m.calls++
	if m.bug == "logs the token" {
		m.log.WriteString(memoryToken)
	}
	if m.locked {
		return m.fail(idp.Unauthorized, op, nil)
	}
	fault := m.take(target)
	if err := m.limit(ctx, op, target); err != nil {
		return err
	}
	if fault == nil {
		return work()
	}
	switch fault.Kind {
	case idptest.RateLimited:
		e := &idp.Error{Kind: idp.Throttled, Op: op, RetryAt: m.now().Add(time.Second)}
		if m.bug == "does not say when" {
			e.RetryAt = time.Time{}
		}
		if m.bug == "hammers" {
			m.calls += 50
		}
		return e
	case idptest.RateLimitedBare:
		return m.fail(idp.Throttled, op, nil)
	case idptest.Slow:
		return work()
	case idptest.HangBefore, idptest.HangAfter:
		if fault.Kind == idptest.HangAfter {
			_ = work()
		}
		m.mu.Unlock()
		<-ctx.Done()
		m.mu.Lock()
		return m.ended(op, ctx.Err())
	case idptest.CutAfter:
		_ = work()
		return m.fail(idp.Unavailable, op, nil)
	case idptest.Rejected:
		return m.fail(idp.Unauthorized, op, nil)
	case idptest.Denied:
		return m.fail(idp.Forbidden, op, nil)
	default:
		return m.fail(idp.Unavailable, op, nil)
	}
}

func (m *memory) ended(op string, err error) error {
	if m.bug == "drops the context's error" {
		return m.fail(idp.Unavailable, op, errors.New("timeout"))
	}
	return m.fail(idp.Unavailable, op, err)
}

func (m *memory) take(target idptest.Target) *idptest.Fault {
	for i, f := range m.faults {
		switch {
		case f.On != target:
		case f.Skip > 0:
			f.Skip--
		default:
			if f.Times--; f.Times == 0 {
				m.faults = slices.Delete(m.faults, i, i+1)
			}
			return f
		}
	}
	return nil
}

// limit keeps the window of changes, a tenth of it for removals.
func (m *memory) limit(ctx context.Context, op string, target idptest.Target) error {
	if m.window == 0 || target != idptest.Changes {
		return nil
	}
	if m.now().Sub(m.started) > time.Minute {
		m.started, m.used = m.now(), 0
	}
	left := m.window - m.used
	reserve := m.window / 10
	if idp.PriorityOf(ctx) == idp.Removal || m.bug == "keeps no reserve" {
		reserve = 0
	}
	if left <= reserve {
		if m.bug == "runs into the limit" {
			m.refusals++
		}
		return &idp.Error{Kind: idp.Throttled, Op: op, RetryAt: m.started.Add(time.Minute)}
	}
	m.used++
	return nil
}

func (m *memory) Name() string { return "memory" }

func (m *memory) User(ctx context.Context, id idp.UserID) (u idp.User, err error) {
	err = m.request(ctx, "read user", idptest.Reads, func() error {
		var ok bool
		if u, ok = m.users[id]; ok {
			return nil
		}
		for _, other := range m.users {
			if m.bug == "takes a login for an id" && other.Login == string(id) {
				u = other
				return nil
			}
		}
		if m.bug == "calls the missing invalid" {
			return m.fail(idp.Invalid, "read user", nil)
		}
		return m.fail(idp.UserNotFound, "read user", nil)
	})
	return u, err
}

func (m *memory) FindUser(ctx context.Context, email string) (idp.User, error) {
	var found []idp.User
	err := m.request(ctx, "find user", idptest.Reads, func() error {
		for _, u := range m.users {
			match := strings.EqualFold(u.Email, email)
			switch m.bug {
			case "finds by prefix":
				match = strings.HasPrefix(strings.ToLower(u.Email), strings.ToLower(email))
			case "minds letter case":
				match = u.Email == email
			}
			if match {
				found = append(found, u)
			}
		}
		return nil
	})
	if err != nil {
		return idp.User{}, err
	}
	present := slices.DeleteFunc(slices.Clone(found), func(u idp.User) bool { return u.Status == idp.Departed })
	if len(present) > 0 && m.bug != "counts the departed" {
		found = present
	}
	switch {
	case len(found) == 0:
		return idp.User{}, m.fail(idp.UserNotFound, "find user", nil)
	case len(found) > 1 && m.bug != "takes the first of several":
		return idp.User{}, m.fail(idp.Ambiguous, "find user", nil)
	}
	return found[0], nil
}

func (m *memory) Group(ctx context.Context, id idp.GroupID) (g idp.Group, err error) {
	err = m.request(ctx, "read group", idptest.Reads, func() error {
		found, ok := m.groups[id]
		if !ok {
			return m.fail(idp.GroupNotFound, "read group", nil)
		}
		g = found.Group
		return nil
	})
	return g, err
}

func (m *memory) UserGroups(ctx context.Context, user idp.UserID) (groups []idp.Group, err error) {
	err = m.request(ctx, "list groups", idptest.Reads, func() error {
		if _, ok := m.users[user]; !ok {
			return m.fail(idp.UserNotFound, "list groups", nil)
		}
		for _, g := range m.groups {
			if m.read(g)[user] {
				groups = append(groups, g.Group)
			}
		}
		if m.bug == "reads one page" && len(groups) > 200 {
			groups = groups[:200]
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return groups, nil
}

// read returns the members as reads see them.
func (m *memory) read(g *memoryGroup) map[idp.UserID]bool {
	if m.now().Sub(g.changed) < m.lag {
		return g.before
	}
	return g.members
}

func (m *memory) change(ctx context.Context, op string, group idp.GroupID, user idp.UserID, member bool) error {
	if m.bug == "judges every time" {
		if _, err := m.Group(ctx, group); err != nil {
			return err
		}
	}
	err := m.request(ctx, op, idptest.Changes, func() error {
		g, ok := m.groups[group]
		if !ok {
			return m.fail(idp.GroupNotFound, op, nil)
		}
		if _, ok := m.users[user]; !ok {
			return m.fail(idp.UserNotFound, op, nil)
		}
		if g.Refusal != "" && member && m.bug != "governs everything" {
			return m.fail(idp.NotGovernable, op, errors.New(g.Refusal))
		}
		if m.bug == "removes nobody" && !member {
			return nil
		}
		g.before = maps.Clone(g.members)
		g.changed = m.now()
		m.changes++
		if member {
			g.members[user] = true
		} else {
			delete(g.members, user)
			if m.bug != "leaves the end behind" {
				delete(g.ends, user)
			}
		}
		return nil
	})
	if m.bug == "claims success" && idp.KindOf(err) == idp.Unavailable && ctx.Err() == nil {
		return nil
	}
	return err
}

func (m *memory) AddMember(ctx context.Context, group idp.GroupID, user idp.UserID) error {
	switch m.bug {
	case "sends what nobody wants":
	case "gives up what was sent":
		wait, done := idp.Waiting(ctx)
		defer done()
		ctx = wait
		fallthrough
	default:
		if err := idp.Wanted(ctx); err != nil {
			return m.fail(idp.Unavailable, "add member", err)
		}
	}
	if m.bug == "repeats itself" {
		_ = m.change(ctx, "add member", group, user, true)
	}
	return m.change(ctx, "add member", group, user, true)
}

func (m *memory) RemoveMember(ctx context.Context, group idp.GroupID, user idp.UserID) error {
	return m.change(ctx, "remove member", group, user, false)
}

func (m *memory) IsMember(ctx context.Context, group idp.GroupID, user idp.UserID) (is bool, err error) {
	if m.bug == "sees what it wants" {
		return true, nil
	}
	err = m.request(ctx, "read membership", idptest.Reads, func() error {
		if g, ok := m.groups[group]; ok {
			is = m.read(g)[user]
		}
		return nil
	})
	return is && err == nil, err
}

// Members reads pages of 200.
func (m *memory) Members(ctx context.Context, group idp.GroupID) ([]idp.User, error) {
	members := []idp.User{}
	last := idp.UserID("")
	for {
		more := false
		err := m.request(ctx, "list members", idptest.Reads, func() error {
			g, ok := m.groups[group]
			if !ok {
				return m.fail(idp.GroupNotFound, "list members", nil)
			}
			page := 0
			for _, id := range slices.Sorted(maps.Keys(g.members)) {
				if id <= last && last != "" {
					continue
				}
				if page == 200 {
					more = true
					break
				}
				members = append(members, m.users[id])
				page++
				last = id
			}
			return nil
		})
		switch {
		case err != nil && m.bug == "lists what it has":
			return members, nil
		case err != nil:
			return nil, err
		case !more || m.bug == "reads one page":
			return members, nil
		}
	}
}

func (m *memory) Manager(ctx context.Context, user idp.UserID) (idp.User, error) {
	if _, err := m.User(ctx, user); err != nil {
		return idp.User{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	key := m.managers[user]
	for _, u := range m.users {
		if string(u.ID) == key || strings.EqualFold(u.Login, key) || strings.EqualFold(u.Email, key) ||
			(m.bug == "guesses the manager" && key != "" && strings.HasPrefix(u.Login, key)) {
			return u, nil
		}
	}
	return idp.User{}, m.fail(idp.UserNotFound, "find manager", nil)
}

func (m *memory) Check(ctx context.Context) []idp.Finding {
	err := m.request(ctx, "check", idptest.Reads, func() error { return nil })
	if err != nil && m.bug != "is always well" {
		return []idp.Finding{
			{Subject: "credentials", Detail: err.Error(), Fix: "Give others."},
			{Subject: "expiry", OK: true, Detail: "Not judged.", NoExpiry: m.bug == "denies its expiry without a fix"},
		}
	}
	return []idp.Finding{
		{Subject: "credentials", OK: true, Detail: "Accepted."},
		{Subject: "expiry", OK: true, Detail: "Memberships can end by themselves.", Fix: "Nothing to do.", NoExpiry: m.bug == "denies its expiry"},
	}
}

func (m *memory) ServerTime() time.Time { return m.now() }

// world wires the hooks.
func (m *memory) world() idptest.World {
	lock := func(f func()) {
		m.mu.Lock()
		defer m.mu.Unlock()
		f()
	}
	addUser := func(p idptest.Person) (id idp.UserID) {
		lock(func() {
			m.next++
			id = idp.UserID(fmt.Sprintf("user%08d", m.next))
			if p.Login == "" {
				p.Login = p.Email
			}
			m.users[id] = idp.User{
				ID: id, Login: p.Login, Email: p.Email, Name: p.First + " " + p.Last, Title: p.Title, Department: p.Department,
				Status: idp.Active, StatusDetail: "active",
			}
		})
		return id
	}
	addGroup := func(name, refusal string, members ...idp.UserID) (id idp.GroupID) {
		lock(func() {
			m.next++
			id = idp.GroupID(fmt.Sprintf("group%08d", m.next))
			g := &memoryGroup{Group: idp.Group{ID: id, Name: name, Refusal: refusal}, members: map[idp.UserID]bool{}, ends: map[idp.UserID]time.Time{}}
			for _, u := range members {
				g.members[u] = true
			}
			m.groups[id] = g
		})
		return id
	}
	return idptest.World{
		Provider: m,
		Secrets:  []string{memoryToken},
		NotApplicable: map[string]string{
			"SignOn": "no log", "FailSignOn": "no log", "AppID": "no log", "Sessions": "no sessions",
			"ActivityReader": "no log", "SessionRevoker": "no sessions",
		},
		AddUser: func(_ *testing.T, p idptest.Person) idp.UserID { return addUser(p) },
		AddGroup: func(_ *testing.T, name string, members ...idp.UserID) idp.GroupID {
			return addGroup(name, "", members...)
		},
		Members: func(group idp.GroupID) (ids []idp.UserID) {
			lock(func() {
				m.settle()
				if g, ok := m.groups[group]; ok {
					ids = slices.Sorted(maps.Keys(g.members))
				}
			})
			return ids
		},
		Discovers: idptest.Told{Members: true, Refusals: true},
		Calls:     func() (n int) { lock(func() { n = m.calls }); return n },
		Changes:   func() (n int) { lock(func() { n = m.changes }); return n },
		BigGroup: func(_ *testing.T, n int) idp.GroupID {
			users := make([]idp.UserID, n)
			for i := range users {
				users[i] = addUser(idptest.Person{Email: fmt.Sprintf("crowd%d@suite.example", i)})
			}
			return addGroup("Big", "", users...)
		},
		ManyGroups: func(_ *testing.T, user idp.UserID, n int) []idp.GroupID {
			groups := make([]idp.GroupID, n)
			for i := range groups {
				groups[i] = addGroup(fmt.Sprintf("Many %d", i), "", user)
			}
			return groups
		},
		Ungovernable: func(*testing.T) map[string]idp.GroupID {
			refusal := "This group is filled by something else."
			if m.bug == "mumbles" {
				refusal = "no"
			}
			return map[string]idp.GroupID{"special": addGroup("Special", refusal), "secret": addGroup("Secret", refusal)}
		},
		Join:  func(g idp.GroupID, u idp.UserID) { lock(func() { m.groups[g].members[u] = true }) },
		Leave: func(g idp.GroupID, u idp.UserID) { lock(func() { delete(m.groups[g].members, u) }) },
		SetStatus: func(_ *testing.T, id idp.UserID, s idp.UserStatus) {
			lock(func() { u := m.users[id]; u.Status, u.StatusDetail = s, string(s); m.users[id] = u })
		},
		Rename: func(_ *testing.T, id idp.UserID, email string) {
			lock(func() { u := m.users[id]; u.Login, u.Email = email, email; m.users[id] = u })
		},
		SameEmail: func(_ *testing.T, email string) idp.UserID {
			return addUser(idptest.Person{Login: "second", Email: email})
		},
		DeleteUser: func(id idp.UserID) {
			lock(func() {
				delete(m.users, id)
				for _, g := range m.groups {
					delete(g.members, id)
				}
			})
		},
		DeleteGroup: func(id idp.GroupID) { lock(func() { delete(m.groups, id) }) },
		SetManager:  func(u idp.UserID, manager string) { lock(func() { m.managers[u] = manager }) },
		Fault:       func(f idptest.Fault) { lock(func() { m.faults = append(m.faults, &f) }) },
		Heal:        func() { lock(func() { m.faults = nil }) },
		Lag: func(_ *testing.T, d time.Duration) idptest.World {
			slow := newMemory(m.bug)
			slow.lag = d
			return slow.world()
		},
		Advance: func(d time.Duration) { lock(func() { m.offset += d }) },
		Limit: func(_ *testing.T, n int) idptest.World {
			small := newMemory(m.bug)
			small.window, small.started = n, small.now()
			return small.world()
		},
		Refusals: func() (n int) { lock(func() { n = m.refusals }); return n },
		Locked:   func(*testing.T) idp.Provider { return &memory{bug: m.bug, locked: true, state: m.state} },
		Logs:     func() (text string) { lock(func() { text = m.log.String() }); return text },
	}
}
