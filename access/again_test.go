package access_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"usher/access"
)

// watchedStore tells of each effect that a commit has put.
type watchedStore struct {
	access.Store
	put func(access.Effect)
}

type watchedTx struct {
	access.Tx
	seen *[]access.Effect
}

func (tx watchedTx) PutEffect(e access.Effect) error {
	*tx.seen = append(*tx.seen, e)
	return tx.Tx.PutEffect(e)
}

func (s watchedStore) Update(ctx context.Context, f func(access.Tx) error) error {
	var seen []access.Effect
	err := s.Store.Update(ctx, func(tx access.Tx) error {
		seen = nil
		return f(watchedTx{tx, &seen})
	})
	for _, e := range seen {
		if err == nil {
			s.put(e)
		}
	}
	return err
}

// loseFirst is a Slack that takes the first status message and never says so.
type loseFirst struct {
	*slack
	mu    sync.Mutex
	tries []access.Message
}

func (n *loseFirst) Send(ctx context.Context, m access.Message) (access.Receipt, error) {
	if m.Kind != access.MessageStatus {
		return n.slack.Send(ctx, m)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.tries = append(n.tries, m)
	if len(n.tries) == 1 {
		return access.Receipt{}, &access.TargetError{Target: access.TargetSlack, Transient: true, Only: true, Err: errors.New("the answer was lost")}
	}
	return n.slack.Send(ctx, m)
}

// TestAWishAtTheMomentOfAFailureLooksBeforeItRepeats wishes for a message anew after its failed try was written down and
// before the runner has heard of it.
func TestAWishAtTheMomentOfAFailureLooksBeforeItRepeats(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	n := &loseFirst{slack: w.slack}
	var once atomic.Bool
	canceled := make(chan error, 1)
	w.store = watchedStore{w.store, func(e access.Effect) {
		if e.Kind == access.EffectStatus && e.Attempts == 1 && once.CompareAndSwap(false, true) {
			_, err := w.service.Cancel(t.Context(), w.person("rita"), e.Request)
			canceled <- err
		}
	}}
	w.adjust = func(c *access.Config) { c.Notifier = n }
	w.open()
	w.run()
	w.submit("rita", "write", time.Hour)
	if err := <-canceled; err != nil {
		t.Fatal(err)
	}
	w.until("told", func() bool {
		w.advance(time.Minute)
		n.mu.Lock()
		defer n.mu.Unlock()
		return len(n.tries) > 1
	})
	n.mu.Lock()
	defer n.mu.Unlock()
	if second := n.tries[1]; second.At == (access.MessageRef{}) && !second.Again {
		t.Error("the message is posted again without a look for the one that may have arrived")
	}
}

// losing is a Slack that takes the status messages of some tries and never says so; during has something happen meanwhile.
type losing struct {
	*slack
	lost   []int
	during func(try int)

	mu    sync.Mutex
	tries []access.Message
}

func (n *losing) all() []access.Message {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.tries)
}

func (n *losing) Send(ctx context.Context, m access.Message) (access.Receipt, error) {
	if m.Kind != access.MessageStatus {
		return n.slack.Send(ctx, m)
	}
	n.mu.Lock()
	n.tries = append(n.tries, m)
	try := len(n.tries)
	n.mu.Unlock()
	n.during(try)
	if slices.Contains(n.lost, try) {
		return access.Receipt{}, &access.TargetError{Target: access.TargetSlack, Transient: true, Only: true, Err: errors.New("the answer was lost")}
	}
	return n.slack.Send(ctx, m)
}

// The second try of a message succeeds, but while it runs something newer is to be told. The try that tells it is lost, too.
func TestANewerMessageWhoseAnswerIsLostIsLookedForToo(t *testing.T) {
	t.Parallel()
	var n *losing
	virtual(t, func(w *world, c *access.Config) {
		n = &losing{slack: w.slack, lost: []int{1, 3}, during: func(int) {}}
		c.Notifier = n
	}, func(t *testing.T, w *world) {
		n.during = func(try int) {
			if try == 2 {
				if err := w.decide("mona", n.all()[0].Request.ID, access.Deny, "No."); err != nil {
					t.Error(err)
				}
			}
		}
		w.run()
		w.submit("rita", "write", time.Hour)
		wait(10 * time.Minute)
		tries := n.all()
		if len(tries) < 4 {
			t.Fatalf("%d tries", len(tries))
		}
		if fourth := tries[3]; fourth.At == (access.MessageRef{}) && !fourth.Again {
			t.Error("the message is posted again without a look for the one that may have arrived")
		}
	})
}

// An outage is no refusal: one "no" after many tries that failed otherwise does not end the trying.
func TestOneRefusalAfterALongOutageIsNoReasonToGiveUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tries := 0
	w.slack.mu.Lock()
	w.slack.fail = func() error {
		switch tries++; {
		case tries <= 30:
			return &access.TargetError{Target: access.TargetSlack, Op: "post status", Transient: true, Only: true, Err: errors.New("away")}
		case tries <= 32: // One for each message.
			return &access.TargetError{Target: access.TargetSlack, Op: "post status", Err: errors.New("404 Not Found")}
		}
		return nil
	}
	w.slack.mu.Unlock()
	w.run()
	r := w.submit("rita", "write", time.Hour)
	w.until("both messages are there", func() bool {
		w.advance(time.Minute)
		x := w.request(r.ID)
		return x.Status != (access.MessageRef{}) && len(x.Asks) == 1 && x.Asks[0].Message != (access.MessageRef{})
	})
}
