package google_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"usher/idp"
	"usher/idp/google"
)

const (
	someGroup = "03x8tuzt0u3n6c1"
	someUser  = "117000000000000000001"
	aGroup    = `{"id":"` + someGroup + `","email":"team@suite.example","name":"Team"}`
	aMember   = `{"id":"` + someUser + `","email":"ada@suite.example","role":"MEMBER","type":"USER"}`
)

// scripted is a provider in front of a vendor that says what it is told to, by method and path; anything else is 404.
func scripted(t *testing.T, answers map[string]string) *google.Provider {
	t.Helper()
	all := map[string]string{
		"POST /token": `{"access_token":"x","token_type":"Bearer","expires_in":3600}`,
		"GET /admin/directory/v1/groups/" + someGroup:                          aGroup,
		"GET /admin/directory/v1/groups/" + someGroup + "/members/" + someUser: aMember,
		"GET /v1/groups:lookup":                                                `{"name":"groups/` + someGroup + `"}`,
		"GET /v1/groups/" + someGroup:                                          `{"name":"groups/` + someGroup + `","groupKey":{"id":"team@suite.example"},"labels":{}}`,
		"GET /v1/groups/" + someGroup + "/memberships:lookup":                  `{"name":"groups/` + someGroup + `/memberships/9"}`,
		"GET /admin/directory/v1/customer/my_customer/roleassignments":         `{}`,
	}
	for call, answer := range answers {
		all[call] = answer
	}
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer, found := all[r.Method+" "+r.URL.Path]
		if !found || answer == "" {
			w.WriteHeader(http.StatusNotFound)
			answer = `{"error":{"code":404,"message":"x","errors":[{"reason":"notFound"}]}}`
		}
		_, _ = w.Write([]byte(answer))
	}))
	p, err := google.New(google.Config{Credentials: file(t, map[string]any{"token_uri": web.URL + "/token"}), URL: web.URL, InsecureHTTP: true, Timeout: 5 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.Close()
		web.Close()
	})
	return p
}

// TestAnswersAboutOthers proves that an answer about somebody or something else is never taken for the one that was asked for.
func TestAnswersAboutOthers(t *testing.T) {
	t.Parallel()
	const other = `{"id":"117000000000000000002","primaryEmail":"bob@suite.example","email":"bob@suite.example","role":"MEMBER"}`
	const group = "/admin/directory/v1/groups/" + someGroup
	end := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	modify := "POST /v1/groups/" + someGroup + "/memberships/9:modifyMembershipRoles"
	expiry := func(text string) string {
		return `{"membership":{"roles":[{"name":"MEMBER","expiryDetail":{"expireTime":"` + text + `"}}]}}`
	}
	for what, c := range map[string]struct {
		answers map[string]string
		do      func(*google.Provider) error
		want    idp.Kind
	}{
		"another member was added": {map[string]string{"POST " + group + "/members": other}, func(p *google.Provider) error { return p.AddMember(t.Context(), someGroup, someUser) }, idp.Unavailable},
		"the member was added":     {map[string]string{"POST " + group + "/members": aMember}, func(p *google.Provider) error { return p.AddMember(t.Context(), someGroup, someUser) }, ""},
		"another member is there": {map[string]string{"GET " + group + "/members/" + someUser: other}, func(p *google.Provider) error {
			_, err := p.IsMember(t.Context(), someGroup, someUser)
			return err
		}, idp.Unavailable},
		"another user by id": {map[string]string{"GET /admin/directory/v1/users/" + someUser: other}, func(p *google.Provider) error {
			_, err := p.User(t.Context(), someUser)
			return err
		}, idp.UserNotFound},
		"another user by address": {map[string]string{"GET /admin/directory/v1/users/ada@suite.example": other}, func(p *google.Provider) error {
			_, err := p.FindUser(t.Context(), "ada@suite.example")
			return err
		}, idp.UserNotFound},
		"another group": {map[string]string{"GET " + group: `{"id":"03x8tuzt0u3n6c2","email":"x@suite.example"}`}, func(p *google.Provider) error {
			_, err := p.Group(t.Context(), someGroup)
			return err
		}, idp.Unavailable},
		"labels of another group": {map[string]string{"GET /v1/groups/" + someGroup: `{"name":"groups/` + someGroup + `","groupKey":{"id":"x@suite.example"},"labels":{}}`}, func(p *google.Provider) error {
			_, err := p.Group(t.Context(), someGroup)
			return err
		}, idp.Unavailable},
		"a group without labels": {map[string]string{"GET /v1/groups/" + someGroup: `{"name":"groups/` + someGroup + `","groupKey":{"id":"team@suite.example"}}`}, func(p *google.Provider) error {
			_, err := p.Group(t.Context(), someGroup)
			return err
		}, idp.Unavailable},
		"removed from a group that is gone": {map[string]string{"GET " + group: "", "GET " + group + "/members/" + someUser: ""}, func(p *google.Provider) error {
			return p.RemoveMember(t.Context(), someGroup, someUser)
		}, idp.GroupNotFound},
		"removed from where nobody was": {map[string]string{"GET " + group + "/members/" + someUser: ""}, func(p *google.Provider) error {
			return p.RemoveMember(t.Context(), someGroup, someUser)
		}, ""},
		"a removal with a page": {map[string]string{"DELETE " + group + "/members/" + someUser: "<html>Sign in to the guest network"}, func(p *google.Provider) error {
			return p.RemoveMember(t.Context(), someGroup, someUser)
		}, idp.Unavailable},
		"an unknown role": {map[string]string{"GET " + group + "/members/" + someUser: `{"id":"` + someUser + `","role":"KING"}`}, func(p *google.Provider) error {
			return p.RemoveMember(t.Context(), someGroup, someUser)
		}, idp.NotGovernable},
		"another end": {map[string]string{modify: expiry("2026-05-04T12:00:01Z")}, func(p *google.Provider) error { return p.SetExpiry(t.Context(), someGroup, someUser, end) }, idp.Unavailable},
		"no end":      {map[string]string{modify: `{"membership":{"roles":[{"name":"MEMBER"}]}}`}, func(p *google.Provider) error { return p.SetExpiry(t.Context(), someGroup, someUser, end) }, idp.Unavailable},
		"the end":     {map[string]string{modify: expiry("2026-05-04T14:00:00+02:00")}, func(p *google.Provider) error { return p.SetExpiry(t.Context(), someGroup, someUser, end) }, ""},
		"an owner's end": {map[string]string{modify: expiry("2026-05-04T12:00:00Z"), "GET " + group + "/members/" + someUser: `{"id":"` + someUser + `","role":"OWNER"}`}, func(p *google.Provider) error {
			return p.SetExpiry(t.Context(), someGroup, someUser, end)
		}, idp.NotGovernable},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			wantKind(t, what, c.do(scripted(t, c.answers)), c.want)
		})
	}
}

func TestUseByOthersIsNoUse(t *testing.T) {
	t.Parallel()
	line := fmt.Sprintf(`{"kind":"admin#reports#activities","items":[{"id":{"time":%q},"actor":{"profileId":"118"},
		"events":[{"name":"login_success","parameters":[{"name":"application_name","value":"app"}]}]}]}`, time.Now().Add(-time.Hour).Format(time.RFC3339))
	p := scripted(t, map[string]string{"GET /admin/reports/v1/activity/users/" + someUser + "/applications/saml": line})
	if at, err := p.LastUse(t.Context(), "app", someUser, time.Time{}); err != nil || !at.IsZero() {
		t.Fatalf("got %v, %v", at, err)
	}
}
