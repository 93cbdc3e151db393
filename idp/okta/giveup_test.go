package okta_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"usher/idp"
	"usher/idp/okta"
	"usher/sandbox/oktasim"
)

// additions counts the additions that the org was asked for.
func (o *orgInMemory) additions() (n int) {
	for _, c := range o.Calls() {
		if c.Name == "group.member.add" {
			n++
		}
	}
	return n
}

// added adds the member and gives that up after d. It returns the error and how long after that it
// came.
func (o *orgInMemory) added(t *testing.T, d time.Duration) (late time.Duration, err error) {
	t.Helper()
	over, given := make(chan struct{}), time.Now().Add(d)
	time.AfterFunc(d, func() { close(over) })
	err = o.provider.AddMember(idp.WithWish(t.Context(), idp.Wish{Over: over}), memoryGroup, memoryUser)
	return time.Since(given), err
}

// inOrg plays a story in an org whose group is known, so that an addition is one call.
func inOrg(t *testing.T, limit int, story func(t *testing.T, o *orgInMemory)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o, stop := inMemory(t, func(c *oktasim.Config) {
			c.Limits = map[string]int{oktasim.BucketOther: 2 * limit} // Of which one token gets half.
		}, func(c *okta.Config) { c.Reserve = 0.1 })
		defer stop()
		if _, err := o.provider.Group(t.Context(), memoryGroup); err != nil {
			t.Fatal(err)
		}
		story(t, o)
	})
}

func TestAnAdditionThatWaitsForAPlaceIsGivenUp(t *testing.T) {
	inOrg(t, 1000, func(t *testing.T, o *orgInMemory) {
		if _, err := o.provider.User(t.Context(), memoryUser); err != nil { // From here on several may be under way.
			t.Fatal(err)
		}
		o.Inject(oktasim.Fault{Name: "user.get", Kind: oktasim.HangBefore})
		ctx, cancel := context.WithCancel(t.Context())
		for range 10 {
			go func() { _, _ = o.provider.User(ctx, memoryUser) }()
		}
		synctest.Wait()
		late, err := o.added(t, 3*time.Second)
		if !errors.Is(err, idp.ErrGivenUp) || late != 0 || o.additions() != 0 {
			t.Errorf("%v, %v after it was given up, %d additions sent", err, late, o.additions())
		}
		cancel()
		o.ClearFaults()
		synctest.Wait()
		if err := o.provider.AddMember(t.Context(), memoryGroup, memoryUser); err != nil {
			t.Errorf("the next addition: %v", err)
		}
	})
}

func TestAnAdditionThatWaitsForTheNextWindowIsGivenUp(t *testing.T) {
	inOrg(t, 20, func(t *testing.T, o *orgInMemory) {
		var end time.Time
		for end.IsZero() {
			end = idp.RetryAt(o.provider.AddMember(t.Context(), memoryGroup, memoryUser))
		}
		if err := o.provider.RemoveMember(idp.WithPriority(t.Context(), idp.Removal), memoryGroup, memoryUser); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Until(end) - 1500*time.Millisecond)
		before := o.additions()
		late, err := o.added(t, 500*time.Millisecond)
		time.Sleep(time.Minute)
		if !errors.Is(err, idp.ErrGivenUp) || late != 0 || o.additions() != before || len(o.Members(string(memoryGroup))) != 0 {
			t.Errorf("%v, %v after it was given up, %d additions sent", err, late, o.additions()-before)
		}
	})
}

func TestAnAdditionThatIsNotWantedAnyMoreIsNotSent(t *testing.T) {
	inOrg(t, 1000, func(t *testing.T, o *orgInMemory) {
		ctx := idp.WithWish(t.Context(), idp.Wish{Wanted: func() bool { return false }})
		if err := o.provider.AddMember(ctx, memoryGroup, memoryUser); !errors.Is(err, idp.ErrGivenUp) || o.additions() != 0 {
			t.Errorf("%v, %d additions sent", err, o.additions())
		}
	})
}

// What was sent is finished: the org goes on with it anyway.
func TestAnAdditionThatWasSentIsNotGivenUp(t *testing.T) {
	inOrg(t, 1000, func(t *testing.T, o *orgInMemory) {
		o.Inject(oktasim.Fault{Name: "group.member.add", Kind: oktasim.Slow, Times: 1, After: 20 * time.Second})
		late, err := o.added(t, 5*time.Second)
		if err != nil || late != 15*time.Second || !slices.Contains(o.Members(string(memoryGroup)), string(memoryUser)) {
			t.Errorf("%v, %v after it was given up", err, late)
		}
	})
}
