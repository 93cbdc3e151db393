package cli_test

import (
	"cmp"
	"context"
	"fmt"
	"sync"
	"testing"

	"usher/access"
	"usher/idp"
)

// vendors are Slack, Jira and Okta that answer at once. What a life waits for is told to whoever listens.
type vendors struct {
	// asked is called when an approver has the question, moved when the issue has a new status. They must not block.
	asked func(access.RequestID)
	moved func(access.RequestID, access.IssueStatus)

	mu      sync.Mutex
	members map[string]bool
	keys    int
}

func newVendors() *vendors {
	return &vendors{
		members: map[string]bool{}, asked: func(access.RequestID) {}, moved: func(access.RequestID, access.IssueStatus) {},
	}
}

// alone is what the core works with when nothing outside of it is to be measured.
func (v *vendors) alone() outside { return outside{provider: v, tracker: v, notifier: v} }

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
	return i, nil
}

func (v *vendors) Update(_ context.Context, _ access.Issue, r access.IssueRecord) error {
	v.moved(r.Request.ID, r.Status)
	return nil
}

func (v *vendors) Account(context.Context, string) (access.AccountID, error) { return "acc", nil }

// Send, Find and Changed are Slack.
func (v *vendors) Send(_ context.Context, m access.Message) (access.Receipt, error) {
	if m.Kind == access.MessageAsk && m.Open {
		v.asked(m.Request.ID)
	}
	posted := access.MessageRef{Channel: "D" + string(m.To.Slack), TS: fmt.Sprint(m.Kind, m.Request.ID, m.Chapter)}
	return access.Receipt{At: cmp.Or(m.At, posted)}, nil
}

func (v *vendors) Find(_ context.Context, email string) (access.SlackProfile, error) {
	name := email[:len(email)-len("@x.example")]
	return access.SlackProfile{ID: access.SlackID("U" + name), Email: email, EmailConfirmed: true}, nil
}

func (v *vendors) Changed(...access.SlackID) {}

// The rest is Okta, at once.
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

// given is how many are members of something.
func (v *vendors) given() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return len(v.members)
}
