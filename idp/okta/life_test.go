package okta_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"usher/idp"
)

// names lists the calls since the last ResetCalls and empties the list.
func (o *orgInMemory) names() []string {
	var out []string
	for _, c := range o.Calls() {
		out = append(out, c.Name)
	}
	o.ResetCalls()
	return out
}

// life does what a grant needs of the provider: a look at the person and the membership, the addition and its proof, and
// hours later the removal and its proof.
func (o *orgInMemory) life(t *testing.T) (steps [3][]string) {
	t.Helper()
	o.ResetCalls()
	must := func(err error) {
		if err != nil {
			t.Error(err)
		}
	}
	u, err := o.provider.User(t.Context(), memoryUser)
	must(err)
	before, err := o.provider.IsMember(t.Context(), memoryGroup, memoryUser)
	must(err)
	steps[0] = o.names()
	must(o.provider.AddMember(t.Context(), memoryGroup, memoryUser))
	during, err := o.provider.IsMember(t.Context(), memoryGroup, memoryUser)
	must(err)
	steps[1] = o.names()
	time.Sleep(6 * time.Hour)
	ctx := idp.WithPriority(t.Context(), idp.Removal)
	must(o.provider.RemoveMember(ctx, memoryGroup, memoryUser))
	after, err := o.provider.IsMember(ctx, memoryGroup, memoryUser)
	must(err)
	steps[2] = o.names()
	if u.Status != idp.Active || before || !during || after {
		t.Errorf("status %s, member %v, %v, %v", u.Status, before, during, after)
	}
	return steps
}

func TestALifeIsTwoWritesAndTheirProofs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o, stop := inMemory(t, nil, nil)
		defer stop()
		t.Logf("the first life of a process: %v", o.life(t))
		for range 3 {
			got := o.life(t)
			for i, want := range [][]string{{"user.get", "user.groups"}, {"group.member.add", "user.groups"}, {"group.member.remove", "user.groups"}} {
				if !slices.Equal(got[i], want) {
					t.Errorf("step %d: %v, want %v", i, got[i], want)
				}
			}
		}
		time.Sleep(24 * time.Hour)
		if at := o.names(); len(at) > 0 {
			t.Errorf("at rest: %v", at)
		}
	})
}
