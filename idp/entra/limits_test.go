package entra_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"usher/idp"
	"usher/idp/entra"
	"usher/sandbox"
	"usher/sandbox/graphsim"
)

func TestReadsThatHangDoNotHoldUpARemoval(t *testing.T) {
	t.Parallel()
	s := start(t, false, nil)
	p := s.provider(t, entra.Config{})
	u := s.person(t, "ada@suite.example")
	g := s.team(t, u)
	if _, err := p.User(t.Context(), u); err != nil { // signs in
		t.Fatal(err)
	}
	s.Inject(graphsim.Fault{Name: "user.get", Kind: graphsim.HangBefore})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 12)
	for range cap(done) {
		go func() {
			_, err := p.User(ctx, u)
			done <- err
		}()
	}
	<-s.Waiting("user.get")
	must(t, p.RemoveMember(idp.WithPriority(t.Context(), idp.Removal), g, u))
	cancel()
	for range cap(done) {
		if err := <-done; idp.KindOf(err) != idp.Unavailable {
			t.Errorf("a read that hung: %v", err)
		}
	}
}

func TestAnAdditionThatWaitsForAPlaceIsGivenUp(t *testing.T) {
	t.Parallel()
	s := start(t, false, nil)
	p := s.provider(t, entra.Config{})
	u := s.person(t, "ada@suite.example")
	g := s.team(t)
	if _, err := p.Group(t.Context(), g); err != nil { // Signs in and judges the group.
		t.Fatal(err)
	}
	s.Inject(graphsim.Fault{Name: "user.get", Kind: graphsim.HangBefore})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 12)
	for range cap(done) {
		go func() {
			_, err := p.User(ctx, u)
			done <- err
		}()
	}
	for taken := 0; taken < 4; { // All places but the one for removals.
		taken = 0
		for _, c := range s.Calls() {
			if c.Name == "user.get" && c.Fault != "" {
				taken++
			}
		}
		time.Sleep(time.Millisecond)
	}
	over := make(chan struct{})
	time.AfterFunc(50*time.Millisecond, func() { close(over) })
	if err := p.AddMember(idp.WithWish(t.Context(), idp.Wish{Over: over}), g, u); !errors.Is(err, idp.ErrGivenUp) {
		t.Errorf("given up while it waited: %v", err)
	}
	cancel()
	for range cap(done) {
		if err := <-done; err == nil {
			t.Error("a call that hung was answered")
		}
	}
	s.ClearFaults()
	must(t, p.AddMember(t.Context(), g, u))
}

func TestADecimalRetryAfterIsHonored(t *testing.T) {
	t.Parallel()
	s := start(t, false, nil)
	p, u := s.provider(t, entra.Config{}), s.person(t, "ada@suite.example")
	g := s.team(t)
	_, err := p.Group(t.Context(), g)
	must(t, err)
	s.Inject(graphsim.Fault{Name: "group.member.add", Kind: graphsim.RateLimitDecimal, Times: 1, After: 4250 * time.Millisecond})
	before := s.now()
	err = p.AddMember(t.Context(), g, u)
	wantKind(t, err, idp.Throttled)
	if wait := idp.RetryAt(err).Sub(before); wait < 4250*time.Millisecond || wait > 6*time.Second {
		t.Fatalf("come back in %v", wait)
	}
	wantKind(t, p.AddMember(t.Context(), g, u), idp.Throttled)
	if n := s.count(func(c graphsim.Call) bool { return c.Name == "group.member.add" }); n != 1 {
		t.Fatalf("%d calls although told to wait", n)
	}
	s.offset.Add(int64(5 * time.Second))
	must(t, p.AddMember(t.Context(), g, u))
}

func TestTheSignInLogHasALimitOfItsOwn(t *testing.T) {
	t.Parallel()
	s := start(t, false, func(c *graphsim.Config) { c.Limits = graphsim.Limits{} })
	p, u := s.provider(t, entra.Config{Reserve: -1}), s.person(t, "ada@suite.example")
	refused := 0
	for range 8 {
		if _, err := p.LastUse(t.Context(), appOne, u, time.Time{}); err != nil {
			wantKind(t, err, idp.Throttled)
			refused++
			// Graph counts when a call arrives, which on a busy machine is a while after it was sent.
			s.offset.Add(int64(idp.RetryAt(err).Sub(s.now()) + 2*time.Second))
		}
	}
	if n := s.count(func(c graphsim.Call) bool { return c.Status == http.StatusTooManyRequests }); n != 0 {
		t.Fatalf("Graph refused %d times, we held %d back ourselves", n, refused)
	}
}

func TestARoundTripInVirtualTimeLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const root = "http://127.0.0.1"
		user, group := "66666666-aaaa-4bbb-8ccc-000000000001", "66666666-aaaa-4bbb-8ccc-000000000002"
		sim, err := graphsim.New(graphsim.Config{
			Clients: []graphsim.Client{{ID: appID, Secret: appSecret, Roles: leastRoles()}},
			Users:   []graphsim.User{{ID: user, UserPrincipalName: "ada@suite.example"}},
			Groups:  []graphsim.Group{{ID: group, DisplayName: "Team"}},
		})
		must(t, err)
		sim.SetURL(root)
		memory := sandbox.NewNetwork()
		listener, err := memory.Listen("127.0.0.1:80")
		must(t, err)
		web := &http.Server{Handler: sim, ReadHeaderTimeout: time.Hour}
		served := make(chan struct{})
		go func() {
			defer close(served)
			_ = web.Serve(listener)
		}()
		p, err := entra.New(entra.Config{
			GraphURL: root, TenantID: sim.TenantID(), ClientID: appID, ClientSecret: appSecret, InsecureHTTP: true, Dial: memory.Dial,
		})
		must(t, err)
		sim.Inject(graphsim.Fault{Name: "group.member.add", Kind: graphsim.Slow, Times: 1, After: 20 * time.Second})
		began := time.Now()
		must(t, p.AddMember(t.Context(), idp.GroupID(group), idp.UserID(user)))
		if took := time.Since(began); took < 20*time.Second || took > 21*time.Second {
			t.Errorf("it took %v of virtual time, want 20 s", took)
		}
		must(t, p.SetExpiry(t.Context(), idp.GroupID(group), idp.UserID(user), time.Now().Add(90*24*time.Hour)))
		time.Sleep(365 * 24 * time.Hour)
		if is, err := p.IsMember(t.Context(), idp.GroupID(group), idp.UserID(user)); is || err != nil {
			t.Errorf("a year later: member %v, %v", is, err)
		}
		p.Close()
		sim.Close()
		_ = web.Close()
		<-served
	})
}
