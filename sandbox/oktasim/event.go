package oktasim

import (
	"fmt"
	"sort"
	"time"
)

// event is one entry of the System Log.
type event struct {
	seq       int
	persisted time.Time // when it appears
	published time.Time // when it happened
	body      map[string]any
}

// actor is who did something, as the log and the membership history name it.
type actor struct {
	id, kind, login, display string

	tokenID string // requestApiTokenId
	via     string
	label   string // what Change.Actor says
}

// byToken is the actor of an API call: the owner of the token, or the service app itself.
func (s *Server) byToken(q *request) actor {
	p := q.who
	if p.client != "" {
		return actor{id: p.client, kind: "PublicClientApp", login: p.client, display: p.client, via: ViaAPI, label: p.client}
	}
	a := actor{id: p.owner, kind: "User", login: "unknown", display: "unknown", tokenID: p.token, via: ViaAPI, label: p.token}
	if u := s.userByID(p.owner); u != nil {
		a.login, a.display = u.Login, u.fullName()
	}
	return a
}

func byRule(r *ruleRec) actor {
	return actor{id: "system", kind: "SystemPrincipal", login: "system@okta.com", display: "Okta System", via: ViaRule, label: r.ID}
}

// byConsole is an admin who works in the admin console: a user of that id or login, else somebody only known by name.
func (s *Server) byConsole(name string) actor {
	a := actor{id: "00u-" + name, kind: "User", login: name, display: name, via: ViaConsole, label: name}
	for _, u := range s.users {
		if u.ID == name || u.Login == name || u.fullName() == name {
			a.id, a.login, a.display = u.ID, u.Login, u.fullName()
		}
	}
	return a
}

// eventSpec is what differs between events.
type eventSpec struct {
	kind, text string
	by         actor
	targets    []any
	result     string // default SUCCESS
	reason     string
	severity   string // default INFO
	published  time.Time
	persisted  time.Time
	asNumber   int64
	debug      map[string]any
}

func userTarget(u *userRec) map[string]any {
	return target(u.ID, "User", u.Login, u.fullName(), nil)
}

func groupTarget(g *groupRec) map[string]any {
	return target(g.ID, "UserGroup", "unknown", g.Name, nil)
}

func target(id, kind, alternate, display string, detail any) map[string]any {
	return map[string]any{"id": id, "type": kind, "alternateId": alternate, "displayName": display, "detailEntry": detail}
}

// record adds an event in the shape that the live service gives, nulls included. The caller holds the lock.
func (s *Server) record(e eventSpec) {
	now := s.clock()
	if e.published.IsZero() {
		e.published, e.persisted = now, now
	}
	if e.result == "" {
		e.result = "SUCCESS"
	}
	if e.severity == "" {
		e.severity = "INFO"
	}
	if e.asNumber == 0 {
		e.asNumber = 64512
	}
	detail := map[string]any{}
	if e.by.tokenID != "" {
		detail["requestApiTokenId"] = e.by.tokenID
	}
	debug := map[string]any{"requestId": s.requestID()}
	for k, v := range e.debug {
		debug[k] = v
	}
	s.eventSeq++
	s.insert(&event{seq: s.eventSeq, persisted: e.persisted.UTC(), published: e.published.UTC(), body: map[string]any{
		"uuid": s.uuid(), "published": stamp(e.published), "eventType": e.kind, "version": "0", "displayMessage": e.text,
		"severity": e.severity, "legacyEventType": nil, "device": nil,
		"actor": target(e.by.id, e.by.kind, e.by.login, e.by.display, nil),
		"client": map[string]any{
			"userAgent": map[string]any{"rawUserAgent": "Mozilla/5.0", "os": "Unknown", "browser": "UNKNOWN"},
			"zone":      "null", "device": "Unknown", "id": nil, "ipAddress": "198.51.100.7", "geographicalContext": nil,
		},
		"authenticationContext": map[string]any{
			"authenticationProvider": nil, "credentialProvider": nil, "credentialType": nil, "issuer": nil,
			"interface": nil, "authenticationStep": 0, "externalSessionId": "unknown",
		},
		"outcome": map[string]any{"result": e.result, "reason": textOrNull(e.reason)},
		"target":  e.targets,
		"securityContext": map[string]any{
			"asNumber": e.asNumber, "asOrg": "example", "isp": "example", "domain": "example.com", "isProxy": false,
		},
		"debugContext": map[string]any{"debugData": debug},
		"transaction":  map[string]any{"type": "WEB", "id": s.requestID(), "detail": detail},
		"request": map[string]any{"ipChain": []any{
			map[string]any{"ip": "198.51.100.7", "version": "V4", "source": nil, "geographicalContext": nil},
		}},
	}})
}

func (s *Server) insert(e *event) {
	at := sort.Search(len(s.events), func(i int) bool { return s.events[i].persisted.After(e.persisted) })
	s.events = append(s.events, nil)
	copy(s.events[at+1:], s.events[at:])
	s.events[at] = e
}

func (s *Server) uuid() string {
	b := s.entropy(16)
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[0:4], b[4:6], b[6:8], b[8:10], b[10:16])
}

func (s *Server) recordUserEvent(q *request, kind, text string, u *userRec) {
	s.record(eventSpec{kind: kind, text: text, by: s.byToken(q), targets: []any{userTarget(u)}})
}

func (s *Server) recordGroupEvent(kind, text string, g *groupRec, by actor) {
	s.record(eventSpec{kind: kind, text: text, by: by, targets: []any{groupTarget(g)}})
}

// recordSSO writes a sign-on to an app, which appears in the log at persisted.
func (s *Server) recordSSO(l SSO, persisted time.Time) {
	a := s.app(l.App)
	u := s.userByID(l.User)
	e := eventSpec{
		kind: "user.authentication.sso", text: "User single sign on to app", result: l.Result,
		by:        actor{id: u.ID, kind: "User", login: u.Login, display: u.fullName()},
		published: l.At, persisted: persisted, asNumber: l.ASNumber,
		debug: map[string]any{"requestUri": "/app/" + a.Name + "/" + a.ID + "/sso/saml", "initiationType": "IDP_INITIATED"},
		targets: []any{
			target(a.ID, "AppInstance", a.Label, a.Label, map[string]any{"signOnModeType": a.signOn()}),
			target("0ua"+a.ID+u.ID, "AppUser", u.Login, u.fullName(), nil),
		},
	}
	if l.Result == "FAILURE" {
		e.severity, e.reason = "WARN", "User is not assigned to the app"
	}
	s.record(e)
}
