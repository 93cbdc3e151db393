package webhook_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	standard "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// app is a receiver that speaks the whole protocol. Signatures it has judged by the library of the Standard Webhooks
// specification.
type app struct {
	now    func() time.Time
	lag    time.Duration // of reads of memberships
	verify []*standard.Webhook
	// later lets changes be accepted first and done by finish; without a location if silent.
	later, silent bool

	mu     sync.Mutex
	serial int
	users  []*account // in the order of their making
	teams  []*team
	done   map[string]bool   // keys of changes
	keys   []string          // of all changes that came
	open   map[string]func() // changes to be finished, by their keys
	asked  int               // how often the state of a change was asked for
}

type account struct {
	id, login, email, name, title, department, status string
}

type team struct {
	id, name, refusal string
	order             []string
	moments           map[string][]moment
}

type moment struct {
	at time.Time
	in bool
}

func newApp(now func() time.Time, secrets ...string) *app {
	a := &app{now: now, done: map[string]bool{}, open: map[string]func(){}}
	for _, s := range secrets {
		w, err := standard.NewWebhook(s)
		if err != nil {
			panic(err)
		}
		a.verify = append(a.verify, w)
	}
	return a
}

// locked runs f as the app's own admin would do it.
func (a *app) locked(f func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	f()
}

func (a *app) id(kind string) string {
	a.serial++
	return fmt.Sprintf("%s-%06d-made", kind, a.serial)
}

func (a *app) user(id string) *account {
	for _, u := range a.users {
		if u.id == id {
			return u
		}
	}
	return nil
}

func (a *app) team(id string) *team {
	for _, g := range a.teams {
		if g.id == id {
			return g
		}
	}
	return nil
}

func (g *team) has(user string, at time.Time) bool {
	for _, m := range slices.Backward(g.moments[user]) {
		if !m.at.After(at) {
			return m.in
		}
	}
	return false
}

func (g *team) set(user string, in bool, at time.Time) {
	if g.moments[user] == nil {
		g.order = append(g.order, user)
	}
	g.moments[user] = append(g.moments[user], moment{at, in})
}

func (g *team) members(at time.Time) []string {
	return slices.DeleteFunc(slices.Clone(g.order), func(u string) bool { return !g.has(u, at) })
}

func (a *app) seen() time.Time { return a.now().Add(-a.lag) }

// ServeHTTP judges the signature and answers.
func (a *app) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	a.mu.Lock()
	defer a.mu.Unlock()
	seconds, _ := strconv.ParseInt(r.Header.Get("webhook-timestamp"), 10, 64)
	fresh := a.now().Sub(time.Unix(seconds, 0)).Abs() < time.Minute
	right := slices.ContainsFunc(a.verify, func(v *standard.Webhook) bool { return v.VerifyIgnoringTimestamp(body, r.Header) == nil })
	if !fresh || !right || r.Method == http.MethodGet && r.Header.Get("webhook-id") != readID(r) {
		refuse(w, http.StatusUnauthorized, "unauthorized", "")
		return
	}
	path := strings.Split(strings.TrimPrefix(r.URL.Path, "/hooks/"), "/")
	switch {
	case r.Method == http.MethodPost && path[0] == "changes":
		a.change(w, r, body)
	case path[0] == "changes":
		a.asked++
		if a.open[path[1]] != nil {
			answer(w, 200, map[string]any{"status": "pending"})
			return
		}
		answer(w, 200, map[string]any{"status": "done"})
	case path[0] == "users":
		a.usersAt(w, r, path)
	default:
		a.groupsAt(w, r, path)
	}
}

func refuse(w http.ResponseWriter, status int, word, reason string) {
	answer(w, status, map[string]any{"error": word, "reason": reason})
}

// change makes a change, or puts it off.
func (a *app) change(w http.ResponseWriter, r *http.Request, body []byte) {
	var c struct{ Action, Group, User string }
	if json.Unmarshal(body, &c) != nil || c.Action != "add" && c.Action != "remove" {
		refuse(w, http.StatusBadRequest, "invalid", "")
		return
	}
	key, g := r.Header.Get("webhook-id"), a.team(c.Group)
	a.keys = append(a.keys, key)
	switch {
	case a.done[key]: // It came again.
	case g == nil:
		refuse(w, http.StatusNotFound, "group_not_found", "")
		return
	case a.user(c.User) == nil:
		refuse(w, http.StatusNotFound, "user_not_found", "person1@suite.example is not here")
		return
	case g.refusal != "":
		refuse(w, http.StatusForbidden, "not_governable", g.refusal)
		return
	case a.later:
		if !a.silent {
			w.Header().Set("Location", "changes/"+key)
		}
		a.open[key] = func() { g.set(c.User, c.Action == "add", a.now()) }
		answer(w, http.StatusAccepted, map[string]any{"status": "pending"})
		return
	default:
		g.set(c.User, c.Action == "add", a.now())
		a.done[key] = true
	}
	answer(w, 200, map[string]any{"status": "done"})
}

// finish does what was put off, and returns the keys.
func (a *app) finish() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	var keys []string
	for key, do := range a.open {
		do()
		a.done[key] = true
		keys = append(keys, key)
	}
	a.open = map[string]func(){}
	return keys
}

func (u *account) show() any {
	return map[string]any{
		"id": u.id, "login": u.login, "email": u.email, "name": u.name, "title": u.title, "department": u.department, "status": u.status,
	}
}

func (g *team) show() any { return map[string]any{"id": g.id, "name": g.name, "refusal": g.refusal} }

func (a *app) usersAt(w http.ResponseWriter, r *http.Request, path []string) {
	if len(path) == 1 {
		var found []any
		for _, u := range a.users {
			if strings.EqualFold(u.email, r.URL.Query().Get("email")) {
				found = append(found, u.show())
			}
		}
		pages(w, r, "users", found)
		return
	}
	u := a.user(path[1])
	switch {
	case u == nil:
		refuse(w, http.StatusNotFound, "user_not_found", "")
	case len(path) == 3:
		var found []any
		for _, g := range a.teams {
			if g.has(u.id, a.seen()) {
				found = append(found, g.show())
			}
		}
		pages(w, r, "groups", found)
	default:
		answer(w, 200, u.show())
	}
}

func (a *app) groupsAt(w http.ResponseWriter, r *http.Request, path []string) {
	if len(path) == 1 {
		var all []any
		for _, g := range a.teams {
			all = append(all, g.show())
		}
		pages(w, r, "groups", all)
		return
	}
	g := a.team(path[1])
	switch {
	case g == nil:
		refuse(w, http.StatusNotFound, "group_not_found", "")
	case len(path) == 4:
		answer(w, 200, map[string]any{"member": g.has(path[3], a.seen())})
	case len(path) == 3:
		a.membersOf(w, r, g)
	default:
		answer(w, 200, g.show())
	}
}

// membersOf pages by the last id of the page before, so that who comes and goes moves nobody.
func (a *app) membersOf(w http.ResponseWriter, r *http.Request, g *team) {
	byID := map[string]*account{}
	for _, u := range a.users {
		byID[u.id] = u
	}
	after, rows, next := r.URL.Query().Get("after"), []any{}, ""
	ids := g.members(a.seen())
	slices.Sort(ids)
	for _, id := range ids {
		switch {
		case id <= after || byID[id] == nil:
		case len(rows) == pageSize:
			answer(w, 200, map[string]any{"members": rows, "next": next})
			return
		default:
			rows, next = append(rows, byID[id].show()), id
		}
	}
	answer(w, 200, map[string]any{"members": rows})
}

const pageSize = 100

// pages answers with a part of a list.
func pages(w http.ResponseWriter, r *http.Request, name string, all []any) {
	from, _ := strconv.Atoi(r.URL.Query().Get("after"))
	to := min(from+pageSize, len(all))
	body := map[string]any{name: append([]any{}, all[from:to]...)}
	if to < len(all) {
		body["next"] = strconv.Itoa(to)
	}
	answer(w, 200, body)
}
