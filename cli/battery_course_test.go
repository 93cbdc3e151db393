package cli_test

import (
	"context"
	"math/rand/v2"
	"strings"
	"time"

	"usher/access"
)

// course is what goes on in the village, month after month, on one file: people ask and decide in Slack, come and leave, vendors
// fail, the product dies and the clock jumps. It ends when the product is at rest.
type course struct {
	*town
	rng    *rand.Rand
	people int
	asks   int           // In a month.
	month  time.Duration // How long a month is.
	back   time.Duration // By how much the clock was put back at most.

	bySlack map[string]string // Handles.
	known   []string          // Who has asked before, a few of them often.
	open    []access.RequestID
	coming  []string // Who has yet to join.
	gone    map[string]bool
	left    []leaver
	mend    func()
	mended  time.Time // When the vendor that fails is mended.
	did     map[string]int
}

// leaver is somebody who left, whether Okta could be asked about it then or not.
type leaver struct {
	handle string
	at     time.Time
}

func (w *town) course(rng *rand.Rand, people, asks int, month time.Duration) *course {
	c := &course{
		town: w, rng: rng, people: people, asks: asks, month: month, bySlack: map[string]string{}, gone: map[string]bool{}, did: map[string]int{},
	}
	for _, p := range w.world.Company.People {
		c.bySlack[p.SlackID()] = p.Handle
	}
	for i := range people {
		if joiner(i) {
			c.coming = append(c.coming, villager(i))
			c.gone[villager(i)] = true
		}
	}
	return c
}

// play plays a month, until the product is at rest.
func (c *course) play(ctx context.Context) {
	gap := c.month / time.Duration(c.asks)
	for range c.asks {
		c.ask(ctx)
		c.ruleNext(ctx)
		switch n := c.rng.IntN(100); {
		case n < 5:
			c.cancel(ctx)
		case n < 20:
			c.extend(ctx)
		case n < 28:
			c.release(ctx)
		case n < 31:
			c.revoke(ctx)
		case n < 34:
			c.leave()
		case n < 36:
			c.join()
		}
		c.trouble(ctx)
		c.pass(ctx, gap/2+time.Duration(c.rng.Int64N(int64(gap))))
	}
	c.calm(ctx)
}

// trouble lets something go wrong, often nothing.
func (c *course) trouble(ctx context.Context) {
	switch n := c.rng.IntN(100); {
	case n < 15:
		vendor, op, _ := strings.Cut(pick(c.rng, faultCalls()), " ")
		c.inject(vendor, op, pick(c.rng, faultKinds()), 1+c.rng.IntN(3))
		c.did["faults"]++
	case n < 20:
		c.life.dieAfter(1 + c.rng.IntN(40))
	case n < 23 && c.mend == nil:
		kind := pick(c.rng, []string{"down", "error_503", "error_500", "lost_answer", "hang_before", "hang_after", "rate_limit_bare"})
		c.mend = c.outage(pick(c.rng, []string{"okta", "jira", "slack"}), kind)
		long := pick(c.rng, []time.Duration{time.Minute, 10 * time.Minute, 40 * time.Minute, 3 * time.Hour, 9 * time.Hour})
		c.mended = time.Now().Add(long/2 + time.Duration(c.rng.Int64N(int64(long))))
		c.did["outages"]++
	case n < 24:
		c.world.Slack.KillConnections()
	case n < 26: // The machine was suspended.
		c.advance(time.Duration(c.rng.Int64N(int64(5 * time.Hour))))
		c.did["jumps"]++
	case n < 27 && c.mend == nil:
		c.putBack(ctx)
	case n < 28:
		c.restartInOrder(ctx)
	}
}

// putBack has the clock go back by some seconds and, some minutes later, be put right again; meanwhile Usher goes on by its own
// time. Nothing dies or fails then: what a new life writes would be dated before what the vendors did for the old one, and the
// oracle could not tell.
func (c *course) putBack(ctx context.Context) {
	back := time.Duration(c.rng.Int64N(int64(20 * time.Second)))
	c.world.ClearFaults()
	c.pass(ctx, time.Minute)
	c.life.dieAfter(0)
	c.world.Clock.Advance(-back)
	c.back = max(c.back, back)
	c.ask(ctx)
	c.ruleNext(ctx)
	c.pass(ctx, 5*time.Minute)
	c.advance(back)
	c.pass(ctx, time.Minute)
	c.did["jumps"]++
}

// pass lets time pass; a vendor is mended when its time has come.
func (c *course) pass(ctx context.Context, d time.Duration) {
	end := time.Now().Add(d)
	if c.mend != nil && c.mended.Before(end) {
		c.sleep(ctx, time.Until(c.mended))
		c.mend()
		c.mend = nil
	}
	c.sleep(ctx, time.Until(end))
}

// calm ends all trouble and waits until nothing is left to do.
func (c *course) calm(ctx context.Context) {
	if c.mend != nil {
		c.mend()
		c.mend = nil
	}
	c.world.ClearFaults()
	c.sleep(ctx, 30*time.Minute) // Search at Jira lags behind; who lost an answer waits for it.
	c.settle(ctx)
}

func (c *course) restartInOrder(ctx context.Context) {
	from := c.world.Clock.Now()
	c.end()
	c.start(ctx)
	c.outages = append(c.outages, span{from, c.world.Clock.Now()})
	c.did["restarts"]++
}

func pick[T any](rng *rand.Rand, list []T) T { return list[rng.IntN(len(list))] }
