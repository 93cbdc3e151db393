package oktasim_test

import (
	"net/http"
	"slices"
	"testing"
	"time"
)

type entry struct {
	UUID, EventType, Published string
	Actor                      struct {
		ID, Type, AlternateID string
		DetailEntry           any
	}
	Outcome struct{ Result string }
	Target  []struct {
		ID, Type    string
		DetailEntry any
	}
	Transaction struct {
		Detail struct{ RequestAPITokenID string }
	}
	SecurityContext struct{ ASNumber int64 }
}

func (o *org) events(query string) ([]entry, got) {
	o.t.Helper()
	g := o.get("/api/v1/logs?"+query).want(o.t, 200)
	var list []entry
	decode(o.t, g.body, &list)
	return list, g
}

const (
	sso     = `eventType eq "user.authentication.sso"`
	bounded = "since=2026-03-01T00:00:00Z&until=2026-06-30T00:00:00Z&filter="
)

func TestBoundedLogQueryFiltersByWhoWhatAndOutcome(t *testing.T) {
	t.Parallel()
	o := start(t, company(newClock()))
	tests := []struct {
		filter string
		days   []int // of publication, ascending
	}{
		{sso, []int{22, 30, 31}},
		{sso + ` and target.id eq "0oa1" and outcome.result eq "SUCCESS"`, []int{22, 31}},
		{sso + ` and actor.id eq "00u2"`, []int{30}},
		{sso + ` and target.id eq "0oa2"`, []int{}},
		{sso + ` and (actor.id eq "00u2" or securityContext.asNumber gt 4000000000)`, []int{30, 31}},
		{sso + ` and not (outcome.result eq "SUCCESS")`, []int{30}},
		{`eventType sw "user.auth" and outcome.result ne "SUCCESS"`, []int{30}},
		{`eventType eq "no.such.event"`, []int{}},
	}
	for _, test := range tests {
		list, g := o.events(bounded + escape(test.filter))
		days := []int{}
		for _, e := range list {
			at, err := time.Parse("2006-01-02T15:04:05.000Z", e.Published)
			if err != nil {
				t.Fatal(err)
			}
			days = append(days, at.Day())
		}
		if !slices.Equal(days, test.days) {
			t.Errorf("%s: days %v, want %v", test.filter, days, test.days)
		}
		if g.link(t, "next") != "" {
			t.Errorf("%s: a bounded query must end", test.filter)
		}
	}
	down, _ := o.events(bounded + escape(sso) + "&sortOrder=DESCENDING")
	if len(down) != 3 || down[0].Published < down[2].Published {
		t.Errorf("descending: %+v", down)
	}
}

func TestLogCutsAtNinetyDaysAndRefusesBeforeHalfAYear(t *testing.T) {
	t.Parallel()
	c := newClock()
	o := start(t, company(c))
	list, _ := o.events("since=2026-01-01T00:00:00Z&until=2026-06-30T00:00:00Z")
	if len(list) != 3 { // the one 100 days ago has gone, the late one has not come
		t.Errorf("%d events", len(list))
	}
	o.get("/api/v1/logs?since=2025-11-01T00:00:00Z").refusal(t, http.StatusBadRequest, "E0000001")
	o.get("/api/v1/logs?since=yesterday").refusal(t, http.StatusBadRequest, "E0000001")
	o.get("/api/v1/logs?since=2026-05-02T00:00:00Z&until=2026-05-01T00:00:00Z").refusal(t, http.StatusBadRequest, "E0000001")
	o.get("/api/v1/logs?sortOrder=UP").refusal(t, http.StatusBadRequest, "E0000001")
	o.get("/api/v1/logs?filter="+escape(`eventType = "x"`)).refusal(t, http.StatusBadRequest, "E0000053")
	o.get("/api/v1/logs?filter="+escape(`password eq "x"`)).refusal(t, http.StatusBadRequest, "E0000053")
	week, _ := o.events("")
	if len(week) != 2 { // by default the last seven days
		t.Errorf("%d events in the last seven days", len(week))
	}
	c.move(60 * 24 * time.Hour)
	if list, _ = o.events("since=2026-03-15T00:00:00Z&until=2026-08-30T00:00:00Z"); len(list) != 3 {
		t.Errorf("%d events two months later", len(list)) // the one of April has gone, the late one has come
	}
}

func TestPollingAlwaysGivesANextLinkAndSeesLateEventsOnce(t *testing.T) {
	t.Parallel()
	c := newClock()
	o := start(t, company(c))
	first := "/api/v1/logs?limit=2&since=2026-05-25T00:00:00Z&filter=" + escape(sso)
	g := o.get(first)
	if n := len(uuids(t, g)); n != 2 {
		t.Fatalf("%d events at first", n)
	}
	next := g.link(t, "next")
	for range 3 { // empty pages still have a next link
		g = o.get(next)
		if next = g.link(t, "next"); len(uuids(t, g)) != 0 || next == "" {
			t.Fatalf("empty poll: %s, next %q", g.body, next)
		}
	}
	c.move(time.Hour + time.Minute) // now the late event appears, published before others that were read already
	if err := o.SSO("00u3", "0oa1", c.now().AddDate(0, 0, -3)); err != nil {
		t.Fatal(err)
	}
	g = o.get(next)
	var list []entry
	decode(t, g.body, &list)
	if len(list) != 2 || list[0].Actor.ID != "00u2" || list[1].Actor.ID != "00u3" || list[1].Published > list[0].Published {
		t.Fatalf("late events: %s", g.body)
	}
	if g = o.get(g.link(t, "next")); len(uuids(t, g)) != 0 {
		t.Errorf("seen twice: %s", g.body)
	}
}

func TestPollingCursorPassesUnwantedEvents(t *testing.T) {
	t.Parallel()
	c := newClock()
	o := start(t, company(c))
	g := o.get("/api/v1/logs?filter=" + escape(`eventType eq "group.user_membership.add"`))
	for range 5 {
		c.move(time.Second)
		o.call("DELETE", "/api/v1/users/00u1/sessions", "").want(t, 204)
	}
	c.move(time.Second)
	o.call("PUT", "/api/v1/groups/00g1/users/00u2", "").want(t, 204)
	g = o.get(g.link(t, "next"))
	if n := len(uuids(t, g)); n != 1 {
		t.Fatalf("%d events: %s", n, g.body)
	}
}

func TestMembershipEventsNameActorTokenUserAndGroup(t *testing.T) {
	t.Parallel()
	c := newClock()
	o := start(t, company(c))
	o.as(groupSecret).call("PUT", "/api/v1/groups/00g1/users/00u2", "").want(t, 204)
	o.as(groupSecret).call("PUT", "/api/v1/groups/00g1/users/00u2", "").want(t, 204) // changes nothing, says nothing
	c.move(time.Second)
	if err := o.RemoveMemberByHand("00g1", "00u2", "ada@example.com"); err != nil {
		t.Fatal(err)
	}
	list, _ := o.events("filter=" + escape(`eventType sw "group.user_membership" and target.id eq "00g1" and target.id eq "00u2"`))
	if len(list) != 2 {
		t.Fatalf("%d events", len(list))
	}
	add, remove := list[0], list[1]
	if add.EventType != "group.user_membership.add" || add.Actor.ID != "00u2" || add.Transaction.Detail.RequestAPITokenID != "00Tgroup" || add.Actor.DetailEntry != nil {
		t.Errorf("add: %+v", add)
	}
	if add.Target[0].Type != "User" || add.Target[1].Type != "UserGroup" || add.Outcome.Result != "SUCCESS" {
		t.Errorf("add: %+v", add)
	}
	if remove.EventType != "group.user_membership.remove" || remove.Actor.AlternateID != "ada@example.com" || remove.Transaction.Detail.RequestAPITokenID != "" {
		t.Errorf("remove: %+v", remove)
	}
	byToken, _ := o.events("filter=" + escape(`transaction.detail.requestApiTokenId eq "00Tgroup"`))
	if len(byToken) != 1 {
		t.Errorf("%d events by the token", len(byToken))
	}
	word, _ := o.events("q=app-crm+remove")
	if len(word) != 1 {
		t.Errorf("%d events with the words", len(word))
	}
}

func TestSSOEventsKeepTheirShape(t *testing.T) {
	t.Parallel()
	o := start(t, company(newClock()))
	list, _ := o.events(bounded + escape(sso+` and actor.id eq "00u1"`))
	e := list[len(list)-1]
	if e.SecurityContext.ASNumber != 4200000000 || e.Target[0].Type != "AppInstance" || e.Target[0].ID != "0oa1" || e.Target[1].Type != "AppUser" {
		t.Errorf("%+v", e)
	}
	if o.SSO("00u1", "0oax", time.Now()) == nil || o.FailedSSO("00u1", "0oax", time.Now()) == nil {
		t.Error("a sign-on to no app was taken")
	}
}

func TestARefusedSignOnIsAFailureInTheLog(t *testing.T) {
	t.Parallel()
	c := newClock()
	o := start(t, company(c))
	count := func(outcome string) int {
		list, _ := o.events(bounded + escape(sso+` and actor.id eq "00u1" and outcome.result eq "`+outcome+`"`))
		return len(list)
	}
	successes, failures := count("SUCCESS"), count("FAILURE")
	if err := o.FailedSSO("00u1", "0oa1", c.now().AddDate(0, 0, -3)); err != nil {
		t.Fatal(err)
	}
	if s, f := count("SUCCESS"), count("FAILURE"); s != successes || f != failures+1 {
		t.Errorf("%d successes and %d failures, before it was %d and %d", s, f, successes, failures)
	}
}
