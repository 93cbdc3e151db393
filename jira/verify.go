package jira

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"usher/access"
)

// maxSkew is the largest difference between the clocks that is not worth a word.
const maxSkew = 30 * time.Second

// Finding is the result of one check.
type Finding struct {
	Subject string // What was checked, for example "jira status ended".
	OK      bool
	Detail  string // What was found.
	Fix     string // What to do about it; empty if OK.
}

// inspection collects findings.
type inspection struct {
	t    *Tracker
	list []Finding
	// noReporter: the permission to set the reporter is missing, and Jira hides the field for that reason alone.
	noReporter bool
}

func (v *inspection) good(subject, format string, args ...any) {
	v.list = append(v.list, Finding{Subject: "jira " + subject, OK: true, Detail: fmt.Sprintf(format, args...)})
}

func (v *inspection) bad(subject, detail, format string, args ...any) {
	v.list = append(v.list, Finding{Subject: "jira " + subject, Detail: detail, Fix: fmt.Sprintf(format, args...)})
}

// Verify reads what the configuration names and says what is wrong with it. It changes nothing. What cannot be checked
// because something more basic is wrong is left out.
func (t *Tracker) Verify(ctx context.Context) []Finding {
	v := &inspection{t: t}
	if !v.login(ctx) || !v.project(ctx) {
		return v.list
	}
	v.permissions(ctx)
	typ, err := t.issueType(ctx)
	if err != nil {
		v.bad("issue type", err.Error(), "correct the name, or add the issue type to project %s", t.cfg.Project)
		return v.list
	}
	v.good("issue type", "%s", t.cfg.IssueType)
	v.screen(ctx)
	v.statuses(ctx, typ)
	return v.list
}

func (v *inspection) login(ctx context.Context) bool {
	var self struct {
		AccountID string `json:"accountId"`
		Active    bool   `json:"active"`
	}
	got, err := v.t.call(ctx, query{op: "read own account", method: http.MethodGet, path: "myself"}, &self)
	switch {
	case denied(err, http.StatusUnauthorized, http.StatusForbidden):
		v.bad("login", err.Error(), "make a new API token for the bot's account; a scoped token needs the gateway url "+
			"https://api.atlassian.com/ex/jira/<cloud id>")
		return false
	case err != nil:
		v.bad("login", err.Error(), "check the site url and that it can be reached from here")
		return false
	}
	v.good("login", "account %s", self.AccountID)
	if skew := v.t.cfg.Now().Sub(got.date); !got.date.IsZero() && skew.Abs() > maxSkew {
		v.bad("clock", fmt.Sprintf("this machine's clock differs from Jira's by %s", skew.Round(time.Second)),
			"synchronize the clock: access ends by it")
	} else if !got.date.IsZero() {
		v.good("clock", "within %s of Jira's", maxSkew)
	}
	return true
}

func (v *inspection) project(ctx context.Context) bool {
	var p struct {
		Key  string `json:"key"`
		Type string `json:"projectTypeKey"`
	}
	key := v.t.cfg.Project
	if _, err := v.t.call(ctx, query{op: "read project", method: http.MethodGet, path: "project/" + key}, &p); err != nil {
		v.bad("project", err.Error(), "check the key %s and give the bot the permission Browse Projects there", key)
		return false
	}
	if p.Type == "service_desk" {
		v.good("project", "%s; a service project: its customers can read the bot's comments on their requests", key)
	} else {
		v.good("project", "%s", key)
	}
	return true
}

func (v *inspection) permissions(ctx context.Context) {
	type need struct{ key, name, why string }
	needs := []need{
		{"CREATE_ISSUES", "Create Issues", "open issues"},
		{"ADD_COMMENTS", "Add Comments", "write events"},
		{"TRANSITION_ISSUES", "Transition Issues", "move issues"},
		{"LINK_ISSUES", "Link Issues", "link duplicates"},
	}
	if v.t.cfg.Fields[FieldEndsAt] != "" {
		needs = append(needs, need{"EDIT_ISSUES", "Edit Issues", "write the end of access"})
	}
	if v.t.cfg.Reporter {
		needs = append(needs, need{"MODIFY_REPORTER", "Modify Reporter", "make the requester the reporter"},
			need{"USER_PICKER", "Browse users and groups (global)", "find the requester's account"})
	}
	var keys []string
	for _, n := range needs {
		keys = append(keys, n.key)
	}
	var got struct {
		Permissions map[string]struct {
			Have bool `json:"havePermission"`
		} `json:"permissions"`
	}
	_, err := v.t.call(ctx, query{
		op: "read permissions", method: http.MethodGet, path: "mypermissions",
		values: url.Values{"projectKey": {v.t.cfg.Project}, "permissions": {strings.Join(keys, ",")}},
	}, &got)
	if err != nil {
		v.bad("permissions", err.Error(), "run the check again later")
		return
	}
	missing := false
	for _, n := range needs {
		if !got.Permissions[n.key].Have {
			missing = true
			v.noReporter = v.noReporter || n.key == "MODIFY_REPORTER"
			v.bad("permission "+n.name, "the bot cannot "+n.why, "grant it in the permission scheme of project %s", v.t.cfg.Project)
		}
	}
	if !missing {
		v.good("permissions", "all %d", len(needs))
	}
}

// screen checks the create screen: what Usher sets must be on it, and what it requires Usher must set.
func (v *inspection) screen(ctx context.Context) {
	fields, err := v.t.createScreen(ctx, true)
	if err != nil {
		v.bad("create screen", err.Error(), "run the check again later")
		return
	}
	byID := map[string]metaField{}
	for _, f := range fields {
		byID[f.id()] = f
	}
	set := []string{"project", "issuetype", "summary", "description", "labels"}
	for _, id := range set[2:] {
		if _, ok := byID[id]; !ok {
			v.bad("field "+id, "it is not on the create screen", "add it to the create screen of issue type %s", v.t.cfg.IssueType)
		}
	}
	if v.t.cfg.Reporter {
		set = append(set, "reporter")
		if _, ok := byID["reporter"]; !ok && !v.noReporter {
			v.bad("field reporter", "it is not on the create screen",
				"add it to the create screen of issue type %s, or switch the setting off", v.t.cfg.IssueType)
		}
	}
	for _, name := range sorted(v.t.cfg.Fields) {
		id := v.t.cfg.Fields[name]
		set = append(set, id)
		v.customField(name, id, byID)
	}
	for _, id := range sorted(byID) {
		f := byID[id]
		// A field for the end of access is empty until the access begins, so it must not be required either.
		filled := slices.Contains(set, id) && id != v.t.cfg.Fields[FieldEndsAt]
		if f.Required && !f.HasDefault && !filled && id != "reporter" {
			v.bad("field "+id, fmt.Sprintf("%q is required but Usher has no value for it", f.Name),
				"make it optional for issue type %s, or give it a default", v.t.cfg.IssueType)
		}
	}
	v.good("create screen", "%d fields", len(fields))
}

func (v *inspection) customField(name, id string, screen map[string]metaField) {
	f, ok := screen[id]
	subject := "field " + name
	switch {
	case !ok:
		v.bad(subject, id+" does not exist or is not on the create screen", "add it to the create and edit screens, or correct the id")
	case !f.Schema.usable():
		v.bad(subject, fmt.Sprintf("%s (%q) has type %s, which Usher cannot write", id, f.Name, f.Schema.Type),
			"use a text, number, date, select or people field")
	case f.Schema.Type == "user" && name != FieldSubject && name != FieldRequester:
		v.bad(subject, fmt.Sprintf("%s (%q) holds a person", id, f.Name), "use a text field")
	case (f.Schema.Type == "date" || f.Schema.Type == "datetime") && name != FieldEndsAt:
		v.bad(subject, fmt.Sprintf("%s (%q) holds a date", id, f.Name), "use a text field")
	case f.Schema.Type == "number" && name != FieldDuration:
		v.bad(subject, fmt.Sprintf("%s (%q) holds a number", id, f.Name), "use a text field")
	default:
		v.good(subject, "%s (%q), type %s", id, f.Name, f.Schema.Type)
	}
}

// statuses checks that each configured status is in the workflow of the issue type.
func (v *inspection) statuses(ctx context.Context, typ string) {
	var types []struct {
		ID       string   `json:"id"`
		Statuses []option `json:"statuses"`
	}
	path := "project/" + v.t.cfg.Project + "/statuses"
	if _, err := v.t.call(ctx, query{op: "read statuses", method: http.MethodGet, path: path}, &types); err != nil {
		v.bad("statuses", err.Error(), "run the check again later")
		return
	}
	var known []option
	var names []string
	for _, it := range types {
		if it.ID == typ {
			known = it.Statuses
		}
	}
	for _, s := range known {
		names = append(names, s.Name)
	}
	for _, s := range statuses() {
		want := v.t.cfg.Statuses[s]
		subject := "status " + string(s)
		switch {
		case want == "" && s == access.IssueWaiting:
		case want == "":
			v.good(subject, "not configured: issues stay where they are")
		case slices.ContainsFunc(known, func(o option) bool { return o.ID == want || strings.EqualFold(o.Name, want) }):
			v.good(subject, "%s", want)
		default:
			v.bad(subject, fmt.Sprintf("the workflow has no status %q; it has: %s", want, strings.Join(names, ", ")),
				"correct the name, or add the status to the workflow of issue type %s", v.t.cfg.IssueType)
		}
	}
}
