package cli_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"usher/access"
	"usher/catalog"
	"usher/idp"
	"usher/store"
)

// BenchmarkLifeCycles runs whole lives on the real file: ask, record, ask the approver, decide, change the group, read
// back, tell, give back, remove, read back, record. The vendors answer at once, so what is measured is Usher: its
// decisions, its evidence chain and its commits. The raw reference is pairs of write and fsync on the same disk.
func BenchmarkLifeCycles(b *testing.B) {
	for _, callers := range []int{1, 8, 64} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) { lifeCycles(b, callers) })
	}
}

func lifeCycles(b *testing.B, callers int) {
	raw := rawCommits(b)
	v := &vendors{milestones: map[access.RequestID]chan access.IssueStatus{}, members: map[string]bool{}}
	s, err := store.Open(store.Config{Path: filepath.Join(b.TempDir(), "usher.db"), Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.Fatal(err)
	}
	c, err := catalog.Parse(catalog.Source{Name: "bench.yml", Data: []byte(benchCatalog)})
	if err != nil {
		b.Fatal(err)
	}
	service, err := access.New(access.Config{
		Store: s, Tracker: v, Notifier: v, Providers: map[string]idp.Provider{"okta": v}, Directory: "okta",
		Catalog: func() *catalog.Catalog { return c }, Now: time.Now, Logger: slog.New(slog.DiscardHandler), InFlight: 50,
		Identity: access.Identity{MatchEmail: true, Domains: []string{"x.example"}},
	})
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(b.Context())
	done := make(chan error, 1)
	go func() { done <- service.Runner().Run(ctx) }()
	boss := identify(b, service, "boss")
	b.ResetTimer()
	start := time.Now()
	var wg sync.WaitGroup
	work := make(chan struct{}, b.N)
	for range b.N {
		work <- struct{}{}
	}
	close(work)
	for i := range callers {
		who := identify(b, service, fmt.Sprintf("p%d", i))
		wg.Add(1)
		go func() {
			defer wg.Done()
			for range work {
				if err := v.live(ctx, service, who, boss); err != nil {
					b.Error(err)
					return
				}
			}
		}()
	}
	wg.Wait()
	rate := float64(b.N) / time.Since(start).Seconds()
	b.StopTimer()
	b.ReportMetric(rate, "lives/s")
	b.ReportMetric(rate/raw, "lives/raw-commit")
	cancel()
	if err := <-done; err != nil {
		b.Error(err)
	}
	if err := s.Close(); err != nil {
		b.Error(err)
	}
}

// rawCommits measures pairs of a 4 KiB write and an fsync per second, the shape of one commit.
func rawCommits(b *testing.B) float64 {
	b.Helper()
	f, err := os.Create(filepath.Join(b.TempDir(), "raw"))
	if err != nil {
		b.Fatal(err)
	}
	page := make([]byte, 4096)
	start, n := time.Now(), 0
	for ; time.Since(start) < 300*time.Millisecond; n++ {
		for range 2 {
			if _, err := f.WriteAt(page, 0); err != nil {
				b.Fatal(err)
			}
			if err := f.Sync(); err != nil {
				b.Fatal(err)
			}
		}
	}
	rate := float64(n) / time.Since(start).Seconds()
	if err := f.Close(); err != nil {
		b.Fatal(err)
	}
	return rate
}

const benchCatalog = `
version: 1
apps:
  - {id: app, name: App, risk: low, status: approved, owners: [boss@x.example], entitlements: [{id: role, name: Role, groups: ["okta:00g1bench"]}]}
`

// vendors are Slack, Jira and Okta that answer at once and remember only what a life waits for.
type vendors struct {
	mu         sync.Mutex
	milestones map[access.RequestID]chan access.IssueStatus
	members    map[string]bool
	keys       int
}

func (v *vendors) live(ctx context.Context, s *access.Service, who, boss access.Person) error {
	r, err := s.Submit(ctx, access.Draft{By: who, Entitlement: "role", Duration: access.NotChosen, Justification: "bench"})
	if err != nil {
		return fmt.Errorf("submit: %w", err)
	}
	reached := v.milestone(r.ID)
	wait := func(want access.IssueStatus) error {
		for {
			select {
			case got := <-reached:
				if got == want {
					return nil
				}
			case <-time.After(20 * time.Second):
				return fmt.Errorf("%s never became %s", r.ID, want)
			}
		}
	}
	if err := wait(access.IssueWaiting); err != nil {
		return err
	}
	if err := approve(ctx, s, boss, r.ID); err != nil {
		return err
	}
	if err := wait(access.IssueActive); err != nil {
		return err
	}
	if _, err := s.Release(ctx, who, access.GrantID(r.ID)); err != nil {
		return fmt.Errorf("release: %w", err)
	}
	if err := wait(access.IssueEnded); err != nil {
		return err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	delete(v.milestones, r.ID)
	return nil
}

// approve repeats the approval until the record of the issue is committed, which follows the tracker's answer.
func approve(ctx context.Context, s *access.Service, boss access.Person, id access.RequestID) error {
	for {
		_, err := s.Decide(ctx, boss, id, access.Approve, "", access.Origin{Home: true})
		if err == nil || access.CodeOf(err) == access.AlreadyDecided {
			return nil
		}
		if access.CodeOf(err) != access.NotApprover {
			return fmt.Errorf("approve: %w", err)
		}
	}
}

func (v *vendors) milestone(id access.RequestID) chan access.IssueStatus {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.milestones[id] == nil {
		v.milestones[id] = make(chan access.IssueStatus, 16)
	}
	return v.milestones[id]
}

func identify(b *testing.B, s *access.Service, name string) access.Person {
	b.Helper()
	p, err := s.Identify(b.Context(), access.SlackProfile{ID: access.SlackID("U" + name), Email: name + "@x.example", EmailConfirmed: true})
	if err != nil {
		b.Fatal(err)
	}
	return p
}

// Open, Update and Account are Jira.
func (v *vendors) Open(_ context.Context, r access.IssueRecord) (access.Issue, error) {
	v.mu.Lock()
	v.keys++
	i := access.Issue{ID: fmt.Sprint(v.keys), Key: fmt.Sprintf("ACCESS-%d", v.keys)}
	v.mu.Unlock()
	v.milestone(r.Request.ID) <- access.IssueWaiting
	return i, nil
}

func (v *vendors) Update(_ context.Context, _ access.Issue, r access.IssueRecord) error {
	v.milestone(r.Request.ID) <- r.Status
	return nil
}

func (v *vendors) Account(context.Context, string) (access.AccountID, error) { return "acc", nil }

// Send, Find and Changed are Slack.
func (v *vendors) Send(_ context.Context, m access.Message) (access.MessageRef, error) {
	return access.MessageRef{Channel: "D" + string(m.To.Slack), TS: string(m.Request.ID)}, nil
}

func (v *vendors) Find(_ context.Context, email string) (access.SlackProfile, error) {
	name := email[:len(email)-len("@x.example")]
	return access.SlackProfile{ID: access.SlackID("U" + name), Email: email, EmailConfirmed: true}, nil
}

func (v *vendors) Changed(...access.SlackID) {}

// The rest is Okta.
func (v *vendors) Name() string { return "okta" }

func (v *vendors) User(_ context.Context, id idp.UserID) (idp.User, error) {
	return idp.User{ID: id, Name: string(id), Email: string(id) + "@x.example", Status: idp.Active}, nil
}

func (v *vendors) FindUser(_ context.Context, email string) (idp.User, error) {
	id := email[:len(email)-len("@x.example")]
	return idp.User{ID: idp.UserID(id), Name: id, Email: email, Status: idp.Active}, nil
}

func (v *vendors) Manager(ctx context.Context, _ idp.UserID) (idp.User, error) {
	return v.User(ctx, "boss")
}

func (v *vendors) Group(_ context.Context, id idp.GroupID) (idp.Group, error) {
	return idp.Group{ID: id}, nil
}

func (v *vendors) UserGroups(context.Context, idp.UserID) ([]idp.Group, error) { return nil, nil }

func (v *vendors) AddMember(_ context.Context, g idp.GroupID, u idp.UserID) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.members[string(g)+string(u)] = true
	return nil
}

func (v *vendors) RemoveMember(_ context.Context, g idp.GroupID, u idp.UserID) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	delete(v.members, string(g)+string(u))
	return nil
}

func (v *vendors) IsMember(_ context.Context, g idp.GroupID, u idp.UserID) (bool, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.members[string(g)+string(u)], nil
}
