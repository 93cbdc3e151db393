package access_test

import (
	"context"
	"math/rand/v2"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"usher/access"
	"usher/catalog"
	"usher/idp"
	"usher/sandbox/battery"
)

// chaos is a company in which everything goes wrong for a while: what the directory answers and what it does differ, the process
// dies, the disk is full, Jira fails. Deeds are what people and machines do in it, in an order that the dice choose.
type chaos struct {
	*world
	rng    *rand.Rand
	vendor *unruly
	mona   access.Person
	owen   access.Person
	hold   []*holder
	end    context.CancelFunc // Of the present process.
	life   int64              // Which process the present one is,
	alive  atomic.Int64       // and which one is not dead.
	fuse   atomic.Int64       // How many more steps the present process takes before it dies; 0 or less is no limit.
	full   atomic.Bool        // The disk.
	leaps  bool               // The wall clock jumps; else reads may trail behind writes.
	ahead  atomic.Int64       // By how much the wall clock has jumped.
}

// holder is somebody who asks for access, by roles that all give one group.
type holder struct {
	access.Person

	group  idp.GroupID
	roles  []catalog.EntitlementID
	asked  []access.RequestID // What the answer to asking was, extensions included.
	before bool               // A member from before Usher.
	left   bool               // The company.
}

// mortal is a store that a dead process cannot reach any more.
type mortal struct {
	access.Store
	c    *chaos
	life int64
}

func (s mortal) View(ctx context.Context, f func(access.Tx) error) error {
	s.c.stopIfDead(s.life)
	return s.Store.View(ctx, f)
}

func (s mortal) Update(ctx context.Context, f func(access.Tx) error) error {
	s.c.stopIfDead(s.life)
	return s.Store.Update(ctx, f)
}

// stopIfDead ends what a dead process is still at.
func (c *chaos) stopIfDead(life int64) {
	if c.alive.Load() != life {
		runtime.Goexit()
	}
}

// step is a point at which a killed process leaves something different behind than at the one before.
func (c *chaos) step(life int64) {
	if c.fuse.Add(-1) == 0 {
		c.alive.CompareAndSwap(life, -life)
	}
	c.stopIfDead(life)
}

// Whatever went wrong and however often: when all is calm nobody is a member without a grant, nobody lacks what they were given, and
// the record says what was done.
func TestChaosLeavesNobodyBehind(t *testing.T) {
	t.Parallel()
	first := battery.Seed(t)
	battery.Entries{Commit: battery.Numbers(first, 200), Night: battery.Numbers(first, 20_000)}.Play(t, func(t *testing.T, entry string) {
		if !battery.Nightly() { // The collector would look at the stacks of all that wait for their turn, again and again.
			t.Parallel()
		}
		inChaos(t, battery.Number(t, entry), func(c *chaos) {
			for range 8 + c.rng.IntN(20) {
				c.something()
				wait(time.Duration(c.rng.IntN(6000)) * time.Millisecond)
				c.reviveIfDead()
			}
			c.judge()
		})
	})
}

// inChaos plays a story in such a company.
func inChaos(t *testing.T, seed uint64, story func(c *chaos)) {
	t.Helper()
	c := &chaos{rng: rand.New(rand.NewPCG(seed, 7))} //nolint:gosec // Dice.
	virtual(t, func(w *world, cfg *access.Config) {
		if c.world == nil {
			c.world, c.vendor = w, newUnruly(w.dir, seed, c.clock)
		}
		life := c.alive.Load()
		cfg.Providers["dir"] = c.vendor
		cfg.Store = mortal{filling{w.store, &c.full}, c, life}
		cfg.Crash = func(string) { c.step(life) }
		cfg.Now = c.clock
		start := time.Now()
		cfg.Elapsed = func() time.Duration { return time.Since(start) }
	}, func(t *testing.T, _ *world) {
		c.t = t
		c.begin()
		defer c.over()
		story(c)
	})
}

// clock is the wall clock of the company.
func (c *chaos) clock() time.Time { return time.Now().Add(time.Duration(c.ahead.Load())) }

// begin has everybody met while all is still calm, and lets the directory loose.
func (c *chaos) begin() {
	c.start()
	c.mona, c.owen = c.person("mona"), c.person("owen")
	c.hold = []*holder{
		{Person: c.person("rita"), group: "gwrite", roles: []catalog.EntitlementID{"write", "also-write"}, before: c.rng.IntN(5) == 0},
		{Person: c.person("rob"), group: "gshort", roles: []catalog.EntitlementID{"short"}},
	}
	for _, h := range c.hold {
		if h.before {
			c.vendor.before(h.group, h.User)
		}
	}
	wait(time.Second)
	lag := time.Duration(0)
	switch c.rng.IntN(4) {
	case 0:
		lag = time.Duration(1+c.rng.IntN(6)) * time.Second
	case 1:
		c.leaps = true
	}
	c.vendor.loose(lag)
}

// start starts the next process; the one before is dead.
func (c *chaos) start() {
	c.life++
	c.alive.Store(c.life)
	c.fuse.Store(0)
	if c.end != nil {
		c.end()
	}
	c.open()
	ctx, cancel := context.WithCancel(c.t.Context())
	c.end = cancel
	runner := c.service.Runner()
	go func() {
		if err := runner.Run(ctx); err != nil {
			c.t.Errorf("runner: %v", err)
		}
	}()
}

// reviveIfDead starts the next process if the present one has died in the middle of something.
func (c *chaos) reviveIfDead() {
	if c.alive.Load() != c.life {
		c.vendor.note("dead")
		c.start()
	}
}

// over ends the last process, and what the dead ones are still at.
func (c *chaos) over() {
	c.alive.Store(0)
	c.end()
	wait(2 * time.Minute)
}
