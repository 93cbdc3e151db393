package cli_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

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

// distant is Okta behind HTTP: each call takes a while.
type distant struct {
	*vendors
	url    string
	client *http.Client
	calls  atomic.Int64

	mu      sync.Mutex
	removed map[idp.UserID]time.Time // When the first byte of the removal arrived.
}

// answerAfter is how long the stub takes for a call.
const answerAfter = 5 * time.Millisecond

func newDistant(b *testing.B, v *vendors) *distant {
	b.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // Listening on loopback does not wait.
	if err != nil {
		b.Fatal(err)
	}
	d := &distant{
		vendors: v, url: "http://" + l.Addr().String(), removed: map[idp.UserID]time.Time{},
		client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}},
	}
	srv := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodDelete {
			d.mu.Lock()
			d.removed[idp.UserID(r.URL.Path[1:])] = time.Now()
			d.mu.Unlock()
		}
		time.Sleep(answerAfter) // The stub's own time, as the measured reference has it too.
		w.WriteHeader(http.StatusNoContent)
	})}
	go func() { _ = srv.Serve(l) }()
	b.Cleanup(func() { _ = srv.Close() })
	return d
}

func (d *distant) call(method string, u idp.UserID) error {
	d.calls.Add(1)
	req, err := http.NewRequest(method, d.url+"/"+string(u), nil) //nolint:noctx // Bounded by the benchmark.
	if err != nil {
		return err
	}
	resp, err := d.client.Do(req)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, resp.Body)
	return errors.Join(err, resp.Body.Close())
}

func (d *distant) AddMember(ctx context.Context, g idp.GroupID, u idp.UserID) error {
	if err := d.call(http.MethodPut, u); err != nil {
		return err
	}
	return d.vendors.AddMember(ctx, g, u)
}

func (d *distant) RemoveMember(ctx context.Context, g idp.GroupID, u idp.UserID) error {
	if err := d.call(http.MethodDelete, u); err != nil {
		return err
	}
	return d.vendors.RemoveMember(ctx, g, u)
}

func (d *distant) IsMember(ctx context.Context, g idp.GroupID, u idp.UserID) (bool, error) {
	if err := d.call(http.MethodGet, u); err != nil {
		return false, err
	}
	return d.vendors.IsMember(ctx, g, u)
}

// gone is of how many people the removal has arrived.
func (d *distant) gone() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.removed)
}
