package jira

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"usher/access"
	"usher/catalog"
)

const (
	maxSummary = 255
	maxText    = 32767
	// eventRoom is kept free in a description for the events that it tells.
	eventRoom = 8000
)

// issueFields returns what every issue needs and what it can do without.
func (t *Tracker) issueFields(ctx context.Context, r access.IssueRecord) (needed, optional map[string]any, err error) {
	typ := map[string]any{"name": t.cfg.IssueType}
	if t.keys.number.MatchString(t.cfg.IssueType) {
		typ = map[string]any{"id": t.cfg.IssueType}
	}
	needed = map[string]any{
		"project":     map[string]any{"key": t.cfg.Project},
		"issuetype":   typ,
		"summary":     summary(r.Request),
		"description": description(r),
		"labels":      t.labels(r.Request.ID),
	}
	optional, err = t.customFields(ctx, r)
	if err != nil {
		return nil, nil, err
	}
	if account := r.Request.Requester.Account; t.cfg.Reporter && account != "" {
		optional["reporter"] = map[string]any{"id": string(account)}
	}
	return needed, optional, nil
}

func label(id access.RequestID) string { return labelPrefix + string(id) }

func (t *Tracker) labels(id access.RequestID) []string {
	all := append(slices.Clone(t.cfg.Labels), label(id))
	slices.Sort(all)
	return slices.Compact(all)
}

// summary is plain text on one line: "Ann Lee: GitHub, Write, 6 hours".
func summary(r access.Request) string {
	s := fmt.Sprintf("%s: %s, %s, %s", r.Subject, r.Role.AppName, r.Role.EntitlementName, r.Duration)
	if r.Kind == access.KindExtension {
		s += " more"
	}
	return cut(oneLine(s), maxSummary)
}

// description tells in wiki markup who asks for what, how long, why, and who is to decide.
func description(rec access.IssueRecord) string {
	r := rec.Request
	var b strings.Builder
	line := func(name, text string) {
		if text != "" {
			fmt.Fprintf(&b, "*%s:* %s\n", name, text)
		}
	}
	line("Who", who(r.Requester))
	if !r.Subject.Is(r.Requester) && r.Subject.String() != r.Requester.String() {
		line("For", who(r.Subject))
	}
	what := escaped(r.Role.String())
	if r.Role.Description != "" {
		what += " (" + escaped(r.Role.Description) + ")"
	}
	line("What", what)
	length := escaped(r.Duration.String())
	if r.Kind == access.KindExtension {
		length = "extension by " + length
	}
	line("How long", length)
	risk := escaped(string(r.Role.Risk))
	if r.Role.Elevated {
		risk = strings.TrimPrefix(risk+", elevated", ", ")
	}
	line("Risk", risk)
	line("Policy", policyText(r.Policy))
	for i, s := range r.Policy.Steps {
		line(fmt.Sprintf("Step %d", i+1), stepText(s))
	}
	line("Request", escaped(string(r.ID)))

	b.WriteString("\nh3. Why\n{quote}\n")
	room := maxText - eventRoom - units(b.String())
	why, short := escape(strings.TrimSpace(r.Justification), max(room, 1))
	b.WriteString(why)
	if short {
		b.WriteString("…\n(cut here; Usher keeps the whole text)")
	}
	b.WriteString("\n{quote}\n")
	if n := len(rec.Events); n > 0 {
		marker := "\n\n" + markerLine(r.ID, rec.Events[n-1].Seq)
		b.WriteString("\nh3. So far\n")
		b.WriteString(eventLines(rec.Events, maxText-units(b.String())-units(marker)) + marker)
	}
	return b.String()
}

func who(p access.Person) string {
	s := escaped(p.String())
	if p.Email != "" && p.Email != p.String() {
		s += " (" + escaped(p.Email) + ")"
	}
	return s
}

func policyText(p access.Policy) string {
	var parts []string
	if p.Rule != "" {
		parts = append(parts, escaped(p.Rule))
	}
	if p.Because != "" {
		parts = append(parts, "because "+escaped(p.Because))
	}
	if len(p.Steps) == 0 {
		parts = append(parts, "approved by the rule itself")
	}
	s := strings.Join(parts, "; ")
	if p.Version != "" {
		s += " (catalog " + escaped(p.Version) + ")"
	}
	return s
}

// stepText names who may decide: "1 of: the manager, ann@example.com".
func stepText(s catalog.Step) string {
	var people []string
	for _, a := range s.Approvers {
		switch {
		case a.Kind == catalog.ApproverManager:
			people = append(people, "the manager")
		case a.Kind == catalog.ApproverOwner:
			people = append(people, "an owner of the app ("+escaped(strings.Join(a.Emails, ", "))+")")
		default:
			people = append(people, escaped(strings.Join(a.Emails, ", ")))
		}
	}
	return fmt.Sprintf("%d of: %s", max(s.Quorum, 1), strings.Join(people, ", "))
}

// state is the entity property "usher" of an issue: a structured hint for other programs as of event Seq. Everybody who
// may edit the issue may change it, so nothing in Usher relies on it. It carries no text that people typed.
type state struct {
	Version     int    `json:"v"`
	Request     string `json:"request"`
	Kind        string `json:"kind"`
	State       string `json:"state"`
	Status      string `json:"status"`
	Grant       string `json:"grant,omitempty"`
	GrantState  string `json:"grant_state,omitempty"`
	EndsAt      string `json:"ends_at,omitempty"`
	App         string `json:"app"`
	Entitlement string `json:"entitlement"`
	Subject     string `json:"subject"`
	Requester   string `json:"requester"`
	Catalog     string `json:"catalog,omitempty"`
	Seq         int    `json:"seq"`
	Head        string `json:"head,omitempty"`
}

// properties returns the entity property. It only ever rides on a write that is needed anyway: the create and the
// transitions, so it may lag behind the comments, and Seq and Head say by how much.
func (t *Tracker) properties(r access.IssueRecord) []any {
	q := r.Request
	s := state{
		Version: 1, Request: string(q.ID), Kind: string(q.Kind), State: string(q.State), Status: string(r.Status),
		App: string(q.Role.App), Entitlement: string(q.Role.Entitlement), Subject: string(q.Subject.User),
		Requester: string(q.Requester.User), Catalog: q.Policy.Version, Seq: q.Events, Head: q.Head,
	}
	if g := r.Grant; g != nil {
		s.Grant, s.GrantState = string(g.ID), string(g.State)
		if !g.DueAt.IsZero() {
			s.EndsAt = g.DueAt.UTC().Format("2006-01-02T15:04:05Z")
		}
	}
	return []any{map[string]any{"key": propertyKey, "value": s}}
}
