package scim_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"usher/idp"
	"usher/idp/scim"
)

const scimmyFolder = "testdata/scimmy"

// scimmy is a server of SCIMMY's, in a process of its own.
type scimmy struct {
	url string
}

// TestSCIMMY goes through the provider's calls in front of SCIMMY's server, with every way of reading and removing.
func TestSCIMMY(t *testing.T) {
	t.Parallel()
	server := startSCIMMY(t)
	for name, change := range map[string]func(*scim.Config){
		"as it comes": nil,
		"from groups": func(c *scim.Config) { c.MembersFrom = scim.FromGroup },
		"by filter":   func(c *scim.Config) { c.MembersFrom = scim.FromFilter },
		"from users":  func(c *scim.Config) { c.MembersFrom = scim.FromUser },
		"by value": func(c *scim.Config) {
			c.Remove, c.CapitalOps, c.PlainJSON, c.FindBy = scim.RemoveByValue, true, true, "userName"
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server.roundTrip(t, change)
		})
	}
}

func (s *scimmy) roundTrip(t *testing.T, change func(*scim.Config)) {
	p := s.provider(t, change)
	tag := strings.ToLower(strings.NewReplacer("/", "-", "_", "-").Replace(t.Name()))
	boss := s.create(t, "Users", user(tag+"-boss@suite.example", ""))
	ada := idp.UserID(s.create(t, "Users", user(tag+"-ada@suite.example", boss)))
	other := idp.UserID(s.create(t, "Users", user(tag+"-other@suite.example", "")))
	team := idp.GroupID(s.create(t, "Groups", map[string]any{
		"schemas": []string{"urn:ietf:params:scim:schemas:core:2.0:Group"}, "displayName": tag, "members": []any{map[string]any{"value": other}},
	}))
	s.people(t, p, tag, ada, boss)
	is := func(user idp.UserID, want bool) {
		t.Helper()
		if got, err := p.IsMember(t.Context(), team, user); err != nil || got != want {
			t.Fatalf("IsMember: %v, %v, want %v", got, err, want)
		}
	}
	for range 2 {
		is(ada, false)
		for range 2 { // Repeating is harmless.
			ok(t, p.AddMember(t.Context(), team, ada))
			is(ada, true)
			is(other, true)
		}
		members, err := p.Members(t.Context(), team)
		ok(t, err)
		if len(members) != 2 {
			t.Fatalf("the members are %v", members)
		}
		groups, err := p.UserGroups(t.Context(), ada)
		ok(t, err)
		if len(groups) != 1 || groups[0].ID != team || groups[0].Name != tag {
			t.Fatalf("the groups are %v", groups)
		}
		for range 2 {
			ok(t, p.RemoveMember(t.Context(), team, ada))
			is(ada, false)
			is(other, true) // Nobody else was taken out.
		}
	}
	s.missing(t, p, team, ada)
}

// people looks people up.
func (s *scimmy) people(t *testing.T, p *scim.Provider, tag string, ada idp.UserID, boss string) {
	t.Helper()
	found, err := p.FindUser(t.Context(), strings.ToUpper(tag)+"-ADA@suite.example")
	ok(t, err)
	if found.ID != ada || found.Department != "Engines" || found.Title != "Analyst" || found.Name != "Pat Suite" || found.Status != idp.Active {
		t.Fatalf("found %+v, want %s", found, ada)
	}
	manager, err := p.Manager(t.Context(), ada)
	ok(t, err)
	if manager.ID != idp.UserID(boss) {
		t.Fatalf("the manager is %s, want %s", manager.ID, boss)
	}
	_, err = p.FindUser(t.Context(), "nobody@suite.example")
	wantKind(t, err, idp.UserNotFound)
}

// missing asks for and changes what is not there.
func (s *scimmy) missing(t *testing.T, p *scim.Provider, team idp.GroupID, ada idp.UserID) {
	t.Helper()
	const gone = "00000000-0000-4000-8000-000000000000"
	_, err := p.User(t.Context(), gone)
	wantKind(t, err, idp.UserNotFound)
	_, err = p.Group(t.Context(), gone)
	wantKind(t, err, idp.GroupNotFound)
	wantKind(t, p.AddMember(t.Context(), gone, ada), idp.GroupNotFound)
	wantKind(t, p.AddMember(t.Context(), team, gone), idp.UserNotFound)
	ok(t, p.RemoveMember(t.Context(), team, gone))
	for _, f := range p.Check(t.Context()) {
		if !f.OK {
			t.Errorf("not well: %+v", f)
		}
	}
	seen := map[idp.GroupID]bool{}
	ok(t, p.Discover(t.Context(), func(d idp.Discovered) error {
		seen[d.ID] = true
		return nil
	}))
	if !seen[team] {
		t.Errorf("discovered %v without %s", seen, team)
	}
	wrong := s.provider(t, func(c *scim.Config) { c.Token = wrongToken })
	_, err = wrong.Group(t.Context(), team)
	wantKind(t, err, idp.Unauthorized)
}

func user(email, manager string) map[string]any {
	const work = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
	u := map[string]any{
		"schemas": []string{"urn:ietf:params:scim:schemas:core:2.0:User", work}, "userName": email, "active": true, "title": "Analyst",
		"name": map[string]any{"givenName": "Pat", "familyName": "Suite"}, "emails": []any{map[string]any{"value": email, "type": "work", "primary": true}},
	}
	extension := map[string]any{"department": "Engines"}
	if manager != "" {
		extension["manager"] = map[string]any{"value": manager}
	}
	u[work] = extension
	return u
}

func (s *scimmy) provider(t *testing.T, change func(*scim.Config)) *scim.Provider {
	t.Helper()
	cfg := scim.Config{URL: s.url, Token: token, InsecureHTTP: true, Timeout: 20 * time.Second}
	if change != nil {
		change(&cfg)
	}
	p, err := scim.New(cfg)
	ok(t, err)
	t.Cleanup(p.Close)
	return p
}

// create makes a resource by the server's own means and returns its id.
func (s *scimmy) create(t *testing.T, kind string, body any) string {
	t.Helper()
	raw, err := json.Marshal(body)
	ok(t, err)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+"/"+kind, bytes.NewReader(raw))
	ok(t, err)
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/scim+json")
	transport := &http.Transport{DisableKeepAlives: true}
	resp, err := transport.RoundTrip(req)
	ok(t, err)
	defer func() { _ = resp.Body.Close() }()
	var made struct{ ID, Detail string }
	ok(t, json.NewDecoder(resp.Body).Decode(&made))
	if resp.StatusCode != http.StatusCreated || made.ID == "" {
		t.Fatalf("create in %s: %d %s", kind, resp.StatusCode, made.Detail)
	}
	return made.ID
}

// startSCIMMY installs and starts the server, and ends it with the test.
func startSCIMMY(t *testing.T) *scimmy {
	t.Helper()
	node, err := exec.LookPath("node")
	if err != nil && os.Getenv("CI") != "" {
		t.Fatalf("node is needed in CI: %v", err)
	}
	if err != nil {
		t.Skip("node is not installed, so SCIMMY's server cannot judge the provider here")
	}
	install(t)
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	cmd := exec.CommandContext(ctx, node, "server.mjs") //nolint:gosec // the path of node
	cmd.Dir, cmd.Env, cmd.Stderr = scimmyFolder, append(os.Environ(), "SCIM_TOKEN="+token), t.Output()
	in, err := cmd.StdinPipe()
	ok(t, err)
	out, err := cmd.StdoutPipe()
	ok(t, err)
	ok(t, cmd.Start())
	t.Cleanup(func() {
		_ = in.Close() // It ends then by itself.
		if err := cmd.Wait(); err != nil {
			t.Errorf("SCIMMY's server: %v", err)
		}
		cancel()
	})
	port, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("start SCIMMY's server: %v", err)
	}
	return &scimmy{url: "http://127.0.0.1:" + strings.TrimSpace(port) + "/scim/v2"}
}

// install lets npm fetch exactly what the lock names, unless that is there.
func install(t *testing.T) {
	t.Helper()
	unlock := lock(t, filepath.Join(scimmyFolder, "package-lock.json"))
	defer unlock()
	if installed(t) {
		return
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
	cmd.Dir, cmd.Stdout, cmd.Stderr, cmd.WaitDelay = scimmyFolder, t.Output(), t.Output(), 5*time.Second
	if err := cmd.Run(); err != nil {
		t.Fatalf("npm ci: %v", errors.Join(err, ctx.Err()))
	}
	if !installed(t) {
		t.Fatal("npm ci succeeded, but node_modules does not hold what package.json names")
	}
}

// installed reports whether npm has finished here with the versions that package.json names.
func installed(t *testing.T) bool {
	t.Helper()
	if _, err := os.Stat(filepath.Join(scimmyFolder, "node_modules", ".package-lock.json")); err != nil {
		return false
	}
	for name, want := range wanted(t) {
		var got struct{ Version string }
		data, err := os.ReadFile(filepath.Join(scimmyFolder, "node_modules", name, "package.json"))
		if err != nil || json.Unmarshal(data, &got) != nil || got.Version != want {
			return false
		}
	}
	return true
}

func wanted(t *testing.T) map[string]string {
	t.Helper()
	var file struct{ DevDependencies map[string]string }
	data, err := os.ReadFile(filepath.Join(scimmyFolder, "package.json"))
	ok(t, err)
	ok(t, json.Unmarshal(data, &file))
	return file.DevDependencies
}

// TestLockPinsContentAndNoRegistry makes sure that everybody gets the same bytes from whichever registry npm is set up with.
func TestLockPinsContentAndNoRegistry(t *testing.T) {
	t.Parallel()
	var file struct {
		Packages map[string]struct{ Version, Resolved, Integrity string }
	}
	data, err := os.ReadFile(filepath.Join(scimmyFolder, "package-lock.json"))
	ok(t, err)
	ok(t, json.Unmarshal(data, &file))
	for path, p := range file.Packages {
		if path != "" && (p.Resolved != "" || !strings.HasPrefix(p.Integrity, "sha512-")) {
			t.Errorf("%s is pinned by %q at %q, not by its content alone", path, p.Integrity, p.Resolved)
		}
	}
	for name, version := range wanted(t) {
		if got := file.Packages["node_modules/"+name].Version; got != version {
			t.Errorf("%s is wanted as %s, locked as %q", name, version, got)
		}
	}
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantKind(t *testing.T, err error, want idp.Kind) {
	t.Helper()
	if got := idp.KindOf(err); got != want {
		t.Fatalf("kind %q (%v), want %q", got, err, want)
	}
}
