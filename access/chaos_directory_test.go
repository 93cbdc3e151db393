package access_test

import (
	"context"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"sync"
	"time"

	"usher/idp"
)

// unruly is a directory that is slow, loses answers, refuses, and makes additions long after it was asked to; what it does about one
// membership depends on the seed alone. Its reads may trail behind its writes.
type unruly struct {
	*directory
	seed  uint64
	clock func() time.Time
	began time.Time

	mu    sync.Mutex
	calm  bool
	lag   time.Duration
	out   time.Time // Until when it answers nothing about groups,
	whole bool      // nor about people.
	dice  map[string]*rand.Rand
	turns map[string][]turn
	log   []string
}

// turn is a moment at which a membership began or ended.
type turn struct {
	real, told time.Time // By a clock that never jumps, and by the wall clock.
	in         bool
}

func newUnruly(d *directory, seed uint64, clock func() time.Time) *unruly {
	return &unruly{directory: d, seed: seed, clock: clock, began: time.Now(), calm: true, dice: map[string]*rand.Rand{}, turns: map[string][]turn{}}
}

// note keeps a line for whoever looks into a failure.
func (d *unruly) note(format string, a ...any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.log = append(d.log, fmt.Sprintf("%8.1f ", time.Since(d.began).Seconds())+fmt.Sprintf(format, a...))
}

// loose lets it go on as it likes, with reads that late.
func (d *unruly) loose(lag time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.calm, d.lag = false, lag
}

// calmDown has it answer as it should from now on, though its reads stay late. What it was asked to add before may still come.
func (d *unruly) calmDown() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.calm, d.out = true, time.Time{}
}

func (d *unruly) outFor(long time.Duration, whole bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.out, d.whole = time.Now().Add(long), whole
}

// before makes somebody a member before Usher is there.
func (d *unruly) before(g idp.GroupID, u idp.UserID) {
	d.directory.mu.Lock()
	defer d.directory.mu.Unlock()
	d.members[g] = append(d.members[g], u)
}

// roll throws the dice of one kind of call about one membership; -1 when it is calm.
func (d *unruly) roll(about string, sides int) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.calm {
		return -1
	}
	if d.dice[about] == nil {
		d.dice[about] = rand.New(rand.NewPCG(d.seed, uint64(crc32.ChecksumIEEE([]byte(about))))) //nolint:gosec // Dice.
	}
	return d.dice[about].IntN(sides)
}

// away is the error of an outage; nil when there is none.
func (d *unruly) away(op string, people bool) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if time.Now().Before(d.out) && (d.whole || !people) {
		return unheard(op)
	}
	return nil
}

// unheard is all that the caller gets to know when no answer comes.
func unheard(op string) error { return &idp.Error{Kind: idp.Unavailable, Op: op} }

// way is how one change goes.
type way string

const (
	well      way = "well"
	slow      way = "slowly"
	lost      way = "done, its answer lost"
	unmade    way = "not done, and no answer"
	late      way = "done late, and no answer"
	throttled way = "throttled"
	forbidden way = "forbidden"
)

// changed carries a change out in a way that the dice choose. Only additions come late, for nobody notices a removal that is made
// after the group was given anew: see docs/limits.md.
func (d *unruly) changed(op string, g idp.GroupID, u idp.UserID, change func() error) error {
	about := op + " " + string(g) + " " + string(u)
	ways := []way{slow, lost, unmade, late, late, throttled, forbidden, well, well, well, well, well}
	w := well
	if i := d.roll(about, len(ways)); i >= 0 {
		w = ways[i]
	}
	d.note("%s: %s", about, w)
	if err := d.away(op, false); err != nil {
		return err
	}
	switch w {
	case slow:
		pause := d.upTo(about, 20*time.Second)
		if op == "remove" { // It is the answer that comes late.
			err := change()
			time.Sleep(pause)
			return err
		}
		time.Sleep(pause)
	case lost:
		if err := change(); err != nil {
			return err
		}
		return unheard(op)
	case late:
		if op == "add" {
			d.later(about, change)
		}
		time.Sleep(d.upTo(about, 20*time.Second))
		return unheard(op)
	case unmade:
		return unheard(op)
	case throttled:
		return &idp.Error{Kind: idp.Throttled, Op: op, RetryAt: d.clock().Add(10 * time.Second)}
	case forbidden:
		return &idp.Error{Kind: idp.Forbidden, Op: op}
	case well:
	}
	return change()
}

// upTo is some time up to the longest.
func (d *unruly) upTo(about string, longest time.Duration) time.Duration {
	return time.Duration(max(0, d.roll(about, int(longest/time.Millisecond)))) * time.Millisecond
}

// later makes a change within the two minutes in which it may still come.
func (d *unruly) later(about string, change func() error) {
	time.AfterFunc(d.upTo(about, 110*time.Second), func() { d.note("%s: came late, %v", about, change()) })
}

// turned makes a change and keeps when it changed something.
func (d *unruly) turned(g idp.GroupID, u idp.UserID, in bool, change func() error) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := len(d.changes())
	err := change()
	if len(d.changes()) > n {
		key := string(g) + " " + string(u)
		d.turns[key] = append(d.turns[key], turn{time.Now(), d.clock(), in})
	}
	return err
}

// turnsOf are the changes of a membership, in their order.
func (d *unruly) turnsOf(g idp.GroupID, u idp.UserID) []turn {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]turn(nil), d.turns[string(g)+" "+string(u)]...)
}

func (d *unruly) AddMember(ctx context.Context, g idp.GroupID, u idp.UserID) error {
	if err := idp.Wanted(ctx); err != nil {
		return &idp.Error{Kind: idp.Unavailable, Op: "add", Err: err}
	}
	return d.changed("add", g, u, func() error {
		return d.turned(g, u, true, func() error { return d.directory.AddMember(ctx, g, u) })
	})
}

func (d *unruly) RemoveMember(ctx context.Context, g idp.GroupID, u idp.UserID) error {
	return d.changed("remove", g, u, func() error {
		return d.turned(g, u, false, func() error { return d.directory.RemoveMember(ctx, g, u) })
	})
}

// IsMember shows what was true some seconds ago, or nothing.
func (d *unruly) IsMember(ctx context.Context, g idp.GroupID, u idp.UserID) (bool, error) {
	if err := d.away("read", false); err != nil {
		return false, err
	}
	if d.roll("read "+string(g)+" "+string(u), 8) == 0 {
		return false, unheard("read")
	}
	is, err := d.directory.IsMember(ctx, g, u)
	d.mu.Lock()
	lag := d.lag
	d.mu.Unlock()
	for _, turn := range d.turnsOf(g, u) {
		if time.Since(turn.real) < lag {
			is = !is
		}
	}
	return is, err
}

func (d *unruly) User(ctx context.Context, id idp.UserID) (idp.User, error) {
	if err := d.away("user", true); err != nil {
		return idp.User{}, err
	}
	return d.directory.User(ctx, id)
}

func (d *unruly) Manager(ctx context.Context, id idp.UserID) (idp.User, error) {
	if err := d.away("manager", true); err != nil {
		return idp.User{}, err
	}
	return d.directory.Manager(ctx, id)
}
