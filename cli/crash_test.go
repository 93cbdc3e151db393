package cli_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"usher/access"
	"usher/sandbox"
	"usher/sandbox/jirasim"
	"usher/sandbox/oktasim"
	"usher/sandbox/slacksim"
	"usher/store"
)

const githubWrite = "00g1githubwrite"

// product is the program as a process of its own, started again whenever it dies.
type product struct {
	t      *testing.T
	world  *sandbox.World
	book   *book // The company's catalog.
	tale   tale  // What is played and judged.
	dir    string
	deaths int
	diedAt time.Time // Of the last death, by the sandbox's clock, as are outages.

	mu      sync.Mutex
	log     bytes.Buffer
	clock   string
	outages []span

	running *os.Process
}

// kill ends the program as a power switch would.
func (p *product) kill() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.running.Kill(); err != nil {
		p.t.Error(err)
	}
}

func newProduct(t *testing.T) *product {
	t.Helper()
	manifest, err := os.ReadFile("../manifest.yml")
	if err != nil {
		t.Fatal(err)
	}
	w, err := sandbox.Start(sandbox.Config{Manifest: manifest})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	b, err := readBook(string(sandbox.Catalog()))
	if err != nil {
		t.Fatal(err)
	}
	p := &product{t: t, world: w, book: b, tale: scripted(), dir: t.TempDir()}
	p.clock = filepath.Join(p.dir, "clock")
	p.write("catalog.yml", sandbox.Catalog())
	p.write("usher.yml", []byte(testSettings))
	w.Clock.OnMove(func() { p.write("clock", strconv.AppendInt(nil, int64(w.Clock.Offset()), 10)) })
	return p
}

const testSettings = `
jira:
  project: ACCESS
  issue_type: Access request
  statuses: {waiting: Waiting for approval, approved: Approved, active: Active, ended: Done, denied: Denied, canceled: Canceled, expired: Canceled, failed: Failed}
identity: {match_email: true, domains: [larkspur.example]}
admins: [noor@larkspur.example]
catalog: [catalog.yml]
database: usher.db
`

// write replaces a file as a whole, so that a reader never sees half of it.
func (p *product) write(name string, data []byte) {
	path := filepath.Join(p.dir, name)
	if err := os.WriteFile(path+".new", data, 0o600); err != nil {
		p.t.Error(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		p.t.Error(err)
	}
}

// Write collects the program's log.
func (p *product) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.log.Write(b)
}

func (p *product) logged() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.log.String()
}

// keepAlive runs the program until ctx ends; the first life ends at the crash point, later ones have none.
func (p *product) keepAlive(ctx context.Context, crash string) error {
	for ctx.Err() == nil {
		cmd := exec.CommandContext(ctx, os.Args[0], "serve", "-config", filepath.Join(p.dir, "usher.yml"))
		cmd.Env = append(os.Environ(), childVar+"=1", clockVar+"="+p.clock, dirVar+"="+p.dir)
		if p.dead() == 0 {
			cmd.Env = append(cmd.Env, crashVar+"="+crash)
		}
		if p.tale.slow != "" {
			cmd.Env = append(cmd.Env, slowVar+"="+hostOf(p.world.Environment(), p.tale.slow), lagVar+"="+p.tale.lag.String())
		}
		for k, v := range p.world.Environment() {
			cmd.Env = append(cmd.Env, k+"="+v)
		}
		cmd.Stdout, cmd.Stderr = p, p
		cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
		cmd.WaitDelay = 15 * time.Second
		err := cmd.Start()
		if err == nil {
			p.mu.Lock()
			p.running = cmd.Process
			p.mu.Unlock()
			if p.dead() > 0 {
				p.out(p.diedAt)
			}
			err = cmd.Wait()
		}
		if ctx.Err() != nil {
			return nil //nolint:nilerr // Stopped on purpose; how it exits then is not judged here.
		}
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.ExitCode() != -1 {
			return fmt.Errorf("the program ended by itself: %w\n%s", err, p.logged())
		}
		p.mu.Lock()
		p.deaths++
		p.diedAt = p.world.Clock.Now()
		p.mu.Unlock()
	}
	return nil
}

// dead counts the deaths so far.
func (p *product) dead() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.deaths
}

// out notes from when to now something was in the product's way.
func (p *product) out(from time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.outages = append(p.outages, span{from, p.world.Clock.Now()})
}

// armLost makes the call that the program is about to send hang once its work is done, and kills the program then. The
// program waits at the point before the call until that is arranged.
func (p *product) armLost(ctx context.Context, point string) {
	call, lost := strings.CutPrefix(point, "lost ")
	if !lost || !p.appears(ctx, lostFile) {
		return
	}
	x := p.world
	if call == "ack#1" {
		x.Slack.KillConnections() // The program goes on and dies when it believes that the answer is out.
		p.write(armedFile, nil)
		return
	}
	waiting := hangAfter(x, call)
	p.write(armedFile, nil)
	select {
	case <-waiting:
		p.kill()
	case <-ctx.Done():
	}
}

// hangAfter has the next call of the operation behind an outside write hang after its work; the channel is closed then.
func hangAfter(x *sandbox.World, call string) <-chan struct{} {
	vendor, name := operation(call)
	return hangOn(x, vendor, name)
}

func hangOn(x *sandbox.World, vendor, name string) <-chan struct{} {
	switch vendor {
	case "jira":
		x.Jira.Inject(jirasim.Fault{Name: name, Kind: jirasim.FaultHangAfter, Times: 1})
		return x.Jira.Waiting(name)
	case "okta":
		x.Okta.Inject(oktasim.Fault{Name: name, Kind: oktasim.HangAfter, Times: 1})
		return x.Okta.Waiting(name)
	default:
		x.Slack.Inject(slacksim.Fault{Name: name, Kind: slacksim.HangAfter, Times: 1})
		return x.Slack.Waiting(name)
	}
}

// operation names the vendor's operation behind an outside write such as "add#1"; empty if there is none.
func operation(call string) (vendor, name string) {
	call, number, _ := strings.Cut(call, "#")
	switch call {
	case "open":
		return "jira", "issue.create"
	case "mirror":
		return "jira", "transition.do"
	case "add", "remove":
		return "okta", "group.member." + call
	case "open view":
		return "slack", "views.open"
	case "update view":
		return "slack", "views.update"
	case "send ask", "send status": // The first is posted, and so is the news that access was given; the others change a message.
		if number == "1" || number == "2" && call == "send status" {
			return "slack", "chat.postMessage"
		}
		return "slack", "chat.update"
	}
	return "", ""
}

// appears waits for a file in the program's folder.
func (p *product) appears(ctx context.Context, name string) bool {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		if _, err := os.Stat(filepath.Join(p.dir, name)); err == nil {
			return true
		}
		select {
		case <-ctx.Done():
			return false
		case <-tick.C:
		}
	}
}

// try repeats what a person does until it works, as people do when an app does not answer.
func (p *product) try(ctx context.Context, what string, f func(context.Context) error) {
	p.t.Helper()
	var err error
	for ctx.Err() == nil {
		if err = p.world.Slack.WaitConnected(ctx, 1); err != nil {
			break
		}
		short, cancel := context.WithTimeout(ctx, 5*time.Second)
		err = f(short)
		cancel()
		if err == nil {
			return
		}
		p.t.Logf("%s, again: %v", what, err)
	}
	p.t.Fatalf("%s: %v\n%s", what, err, p.logged())
}

func (p *product) until(ctx context.Context, what string, cond func() bool) {
	p.t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !cond() {
		select {
		case <-ctx.Done():
			p.t.Fatalf("never came about: %s\n%s", what, p.logged())
		case <-tick.C:
		}
	}
}

// crashPoints are the 55 points of one life at which the process is killed: before and after each of eleven durable
// writes, and before, in the middle of and after each of eleven outside writes.
func crashPoints() []string {
	var list []string
	for _, w := range []string{
		"submit#1", "start open#1", "issueOpened#1", "sent ask#1", "verdict#1", "inspected#1", "added#1", "mirrored#1", "due#1", "removed#1", "mirrored#2",
	} {
		list = append(list, "before commit "+w, "after commit "+w)
	}
	for _, x := range []string{
		"ack#1", "open view#1", "open#1", "send ask#1", "send ask#2", "add#1", "mirror#1", "send status#2", "remove#1", "mirror#2", "send status#3",
	} {
		list = append(list, "before "+x, "lost "+x, "after "+x)
	}
	return list
}

// At night, nineteen rounds of other lives besides: each kill in a tale of its own.
func TestKilledAnywhereNothingIsLostOrDoubled(t *testing.T) {
	t.Parallel()
	each(t, crashPoints(), append(crashPoints(), rounds(crashPoints(), 19)...), func(t *testing.T, entry string) {
		point := unrounded(entry)
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
		defer cancel()
		p := newProduct(t)
		if entry != point {
			p.tale = killTale(entry)
			t.Logf("%+v", p.tale)
		}
		stop := p.alive(ctx, point)
		p.live(ctx)
		p.until(ctx, "the program has died at "+point, func() bool { return p.dead() > 0 })
		if err := p.world.Slack.WaitConnected(ctx, 1); err != nil {
			t.Fatal(err)
		}
		p.settled(ctx)
		stop()
		for p.busy() && ctx.Err() == nil { // It was stopped within a call: on a slow machine quiet is no proof that nothing is left.
			stop = p.alive(ctx, "")
			p.settled(ctx)
			stop()
		}
		if n := p.dead(); n != 1 {
			t.Errorf("the program died %d times, want once at %q", n, point)
		}
		p.judge(p.database())
	})
}

// alive runs the program, which dies once at the point, until the returned function stops it.
func (p *product) alive(ctx context.Context, point string) (stop func()) {
	run, cancel := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- p.keepAlive(run, point) }()
	go p.armLost(run, point)
	return func() {
		p.t.Helper()
		cancel()
		if err := <-done; err != nil {
			p.t.Fatal(err)
		}
	}
}

// busy reports whether the stopped program has left something to be done.
func (p *product) busy() (left bool) {
	s, err := store.Open(store.Config{Path: p.database(), Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		p.t.Fatal(err)
	}
	err = s.View(p.t.Context(), func(tx access.Tx) error {
		effects, err := tx.Effects()
		left = len(effects) > 0
		return err
	})
	if err := errors.Join(err, s.Close()); err != nil {
		p.t.Fatal(err)
	}
	return left
}

// live plays the tale: ask, approve, have, and the end of its time.
func (p *product) live(ctx context.Context) {
	w, tale := p.world, p.tale
	group, user, boss := p.group(), p.slackID(tale.who), p.slackID(tale.bosses[0])
	p.try(ctx, "request", func(ctx context.Context) error {
		if len(w.Jira.Issues()) > 0 || len(w.Slack.Messages(user)) > 0 {
			return nil // Usher has it, and the requester sees that, though the form was lost.
		}
		if _, open := w.Slack.View(user); open {
			if err := w.Slack.CloseAll(ctx, user); err != nil {
				return err
			}
		}
		return w.Request(ctx, tale.who, tale.words, tale.role, tale.length, "A fix")
	})
	// After a crash in the middle of a create Usher waits for what Jira's search may still hide: five minutes of its clock.
	began := time.Now()
	p.until(ctx, tale.bosses[0]+" is asked", func() bool {
		if time.Since(began) > 500*time.Millisecond+5*tale.lag {
			w.Clock.Advance(5 * time.Second)
		}
		return len(w.Slack.Messages(boss)) > 0
	})
	if !tale.hasty { // The approver thinks until it is told that the request waits, so that what comes next is news in a message of its own.
		p.until(ctx, tale.who+" is told", func() bool { return len(w.Slack.Messages(user)) > 0 })
		w.Clock.Advance(tale.thinks[0])
	}
	m := w.Slack.Messages(boss)[0]
	p.try(ctx, "approve", func(ctx context.Context) error {
		if now, _ := w.Slack.Message(m.Channel, m.TS); !strings.Contains(now.Plain(), "[Approve]") {
			return nil
		}
		return w.Press(ctx, tale.bosses[0], m, "approve")
	})
	p.until(ctx, tale.who+" is a member", func() bool { return w.Member(group, tale.who) })
	if _, err := w.WaitMessage(ctx, tale.who, "active until"); err != nil {
		p.t.Fatalf("%v\n%s", err, p.logged())
	}
	p.over(ctx)
	p.until(ctx, tale.who+" is no member", func() bool { return !w.Member(group, tale.who) })
	p.until(ctx, "the issue is Done", func() bool {
		list := w.Jira.Issues()
		return len(list) > 0 && list[0].Status == "Done"
	})
}

// over brings the access to its end: its time passes, or it is given back.
func (p *product) over(ctx context.Context) {
	w, tale := p.world, p.tale
	from := w.Clock.Now()
	if tale.release == 0 {
		w.Clock.Advance(timeOf(tale.length))
		p.out(from)
		return
	}
	w.Clock.Advance(tale.release)
	p.try(ctx, "release", func(ctx context.Context) error {
		if !w.Member(p.group(), tale.who) {
			return nil
		}
		return w.PressHome(ctx, tale.who, "Release")
	})
}

// group is the one that the tale's role gives.
func (p *product) group() string { return p.book.named(p.tale.role).groups()[0] }

func (p *product) slackID(handle string) string {
	who, _ := p.world.Company.Person(handle)
	return who.SlackID()
}

func (p *product) database() string { return filepath.Join(p.dir, "usher.db") }

// settled waits until the message says that the access has ended, which is the last thing to be told, the messages before
// it are folded, and nobody has been called for a while. What is never folded is for the oracle.
func (p *product) settled(ctx context.Context) {
	w := p.world
	if _, err := w.WaitMessage(ctx, p.tale.who, "ended"); err != nil {
		p.t.Fatalf("%v\n%s", err, p.logged())
	}
	last, since := -1, time.Now()
	p.until(ctx, "the earlier messages are folded", func() bool { return p.folded() || time.Since(since) > 10*time.Second })
	p.until(ctx, "quiet", func() bool {
		if n := len(w.Okta.Calls()) + len(w.Jira.Calls()) + len(w.Slack.Calls()); n != last {
			last, since = n, time.Now()
		}
		return time.Since(since) > 300*time.Millisecond+3*p.tale.lag
	})
}

// folded reports whether all of the requester's messages but one say that a newer one has replaced them.
func (p *product) folded() bool {
	live := 0
	for _, m := range p.world.Slack.Messages(p.slackID(p.tale.who)) {
		if kind, _ := markOf(m.Metadata); kind == "status" && chapterOf(m.Metadata) != "over" {
			live++
		}
	}
	return live <= 1
}

// judge reads only the vendors' truth and the store; then the oracle does. A death excuses that something is late by the time
// until the program runs again, and nothing else: what may have been done before is looked at before it is done again.
func (p *product) judge(database string) {
	t, w := p.t, p.world
	t.Helper()
	issues := w.Jira.Issues()
	if len(issues) != 1 {
		t.Errorf("%d issues, want one", len(issues))
	}
	var changes []bool
	who, _ := w.Company.Person(p.tale.who)
	for _, c := range w.Okta.MemberHistory(p.group()) {
		if c.User == who.OktaID() {
			changes = append(changes, c.Added)
		}
	}
	if !slices.Equal(changes, []bool{true, false}) {
		t.Errorf("membership changes %v, want one add and one remove", changes)
	}
	s, err := store.Open(store.Config{Path: database, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	err = s.View(t.Context(), func(tx access.Tx) error { return p.judgeStore(tx) })
	if err != nil {
		t.Error(err)
	}
	o := &oracle{world: w, store: s, outages: p.outages, book: p.book, realTime: true}
	report(t, o.judge(t.Context()))
	if t.Failed() {
		t.Log(p.logged())
	}
}

func (p *product) judgeStore(tx access.Tx) error {
	ids, err := tx.IDs(access.Grants, "all", "", 0)
	if err != nil {
		return err
	}
	if len(ids) != 1 {
		return fmt.Errorf("%d grants, want one", len(ids))
	}
	var g access.Grant
	if err := tx.Get(access.Grants, ids[0], &g); err != nil {
		return err
	}
	why := access.EndExpired
	if p.tale.release > 0 {
		why = access.EndReleased
	}
	if g.State != access.GrantEnded || g.EndReason != why {
		return fmt.Errorf("grant is %s (%s), want ended (%s)", g.State, g.EndReason, why)
	}
	events, err := tx.Events(g.Request, 0)
	if err != nil {
		return err
	}
	if err := access.VerifyChain(events); err != nil {
		return err
	}
	once := map[access.EventKind]int{}
	for _, e := range events {
		once[e.Kind]++
	}
	for _, k := range []access.EventKind{access.EventRequested, access.EventIssueOpened, access.EventApproved, access.EventMemberAdded, access.EventActive, access.EventRevoking, access.EventMemberRemoved, access.EventEnded} {
		if once[k] != 1 {
			return fmt.Errorf("event %s happened %d times, want once", k, once[k])
		}
	}
	effects, err := tx.Effects()
	if err != nil {
		return err
	}
	if len(effects) != 0 {
		return fmt.Errorf("effects are left: %+v", effects)
	}
	if _, some, err := tx.NextDue(); err != nil || some {
		return errors.Join(err, errors.New("a timer is left"))
	}
	return nil
}
