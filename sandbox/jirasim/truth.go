package jirasim

import (
	"encoding/json"
	"maps"
	"slices"
	"time"
)

// Issue is an issue as it truly is, whatever search or a caller may see.
type Issue struct {
	ID, Key        string
	Project        string // key
	Type           string // name of the issue type
	Summary        string
	Description    string // wiki markup
	Status         string // name
	StatusID       string
	StatusCategory string // new, indeterminate or done
	Resolution     string // name; empty = unresolved
	Priority       string // name
	Due            string // YYYY-MM-DD; empty = not set
	Creator        string // account id
	Reporter       string // account id
	Assignee       string // account id
	Labels         []string
	Fields         map[string]any // custom fields by id as version 2 shows them; unset ones are missing
	Properties     map[string]json.RawMessage
	Comments       []Comment // oldest first
	Changelog      []Change  // oldest first
	Links          []Link
	RemoteLinks    []RemoteLink
	Watchers       []string // account ids
	Created        time.Time
	Updated        time.Time
	Resolved       time.Time // zero = unresolved
}

// Comment is a comment of an issue.
type Comment struct {
	ID         string
	Author     string // account id
	Body       string // wiki markup
	Properties map[string]json.RawMessage
	Created    time.Time
	Updated    time.Time
}

// Change is one changelog entry.
type Change struct {
	ID     string
	Author string // account id
	At     time.Time
	Quiet  bool // whether watchers were not told, which only administrators can ask for
	Items  []ChangeItem
}

// ChangeItem is the change of one field.
type ChangeItem struct {
	Field, ID      string // of the field; the name of a system field is its id, and some changes are of no field
	From, To       string // as people read them
	FromRaw, ToRaw string // as programs read them: ids, and moments by RFC 3339; empty where there is only text
}

// Link is an issue link seen from one end.
type Link struct {
	Type  string // name of the link type
	Words string // such as "blocks"
	Key   string // the other issue
	// What the other issue says of itself.
	Summary, Status, StatusCategory string
}

// RemoteLink is a link out of Jira.
type RemoteLink struct {
	ID                   int64
	GlobalID, URL, Title string
}

// Issues returns every issue that was not deleted, oldest first.
func (s *Server) Issues() []Issue {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Issue
	for _, is := range s.issues {
		if !is.deleted {
			out = append(out, s.snapshot(is))
		}
	}
	return out
}

// Issue returns one issue by key or id.
func (s *Server) Issue(idOrKey string) (Issue, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	is := s.lookup(idOrKey)
	if is == nil {
		return Issue{}, false
	}
	return s.snapshot(is), true
}

// IssuesByLabel returns the issues that carry a label, oldest first.
func (s *Server) IssuesByLabel(label string) []Issue {
	return slices.DeleteFunc(s.Issues(), func(is Issue) bool { return !slices.Contains(is.Labels, label) })
}

func (s *Server) snapshot(is *issue) Issue {
	c := &call{s: s, api: "2"}
	st := s.statusByID(is.status())
	out := Issue{
		ID: itoa(is.id), Key: is.key, Project: is.project.Key, Type: s.typeByID(ref(is.values["issuetype"])).Name,
		Summary: wikiOf(is.values["summary"]), Description: wikiOf(is.values["description"]),
		Status: st.Name, StatusID: st.ID, StatusCategory: st.Category,
		Fields: map[string]any{}, Properties: map[string]json.RawMessage{}, Watchers: slices.Clone(is.watchers),
		Created: is.created, Updated: is.updated, Resolved: is.resolved, Due: text1(is.values["duedate"]),
		Priority: s.constantName("priority", ref(is.values["priority"])),
		Creator:  userOf(is.values["creator"]), Reporter: userOf(is.values["reporter"]), Assignee: userOf(is.values["assignee"]),
	}
	if id := ref(is.values["resolution"]); id != "" {
		out.Resolution = s.constantName("resolution", id)
	}
	if labels, set := is.values["labels"].([]string); set {
		out.Labels = slices.Clone(labels)
	}
	for _, f := range s.fields {
		if v := is.values[f.ID]; v != nil && !f.system {
			out.Fields[f.ID] = c.valueOut(f, v)
		}
	}
	maps.Copy(out.Properties, is.props)
	for _, cm := range is.comments {
		one := Comment{ID: cm.id, Author: cm.author, Body: cm.body.wiki, Created: cm.created, Updated: cm.updated, Properties: map[string]json.RawMessage{}}
		for _, p := range cm.props {
			one.Properties[p.key] = p.value
		}
		out.Comments = append(out.Comments, one)
	}
	s.relations(is, &out)
	return out
}

func userOf(v any) string {
	u, _ := v.(userRef)
	return string(u)
}

func (s *Server) relations(is *issue, out *Issue) {
	for _, ch := range is.history {
		one := Change{ID: ch.id, Author: ch.author, At: ch.at, Quiet: ch.quiet}
		for _, it := range ch.items {
			one.Items = append(one.Items, ChangeItem{
				Field: it.field, ID: it.fieldID, From: text1(it.fromText), To: text1(it.toText), FromRaw: text1(it.from), ToRaw: text1(it.to),
			})
		}
		out.Changelog = append(out.Changelog, one)
	}
	for _, l := range s.linksOf(is) {
		other, words := l.outward, l.kind.Outward
		if other == is {
			other, words = l.inward, l.kind.Inward
		}
		st := s.statusByID(other.status())
		out.Links = append(out.Links, Link{
			Type: l.kind.Name, Words: words, Key: other.key,
			Summary: wikiOf(other.values["summary"]), Status: st.Name, StatusCategory: st.Category,
		})
	}
	for _, l := range is.remote {
		target, _ := l.body["object"].(object)
		out.RemoteLinks = append(out.RemoteLinks, RemoteLink{
			ID: l.id, GlobalID: text1(l.body["globalId"]), URL: text1(target["url"]), Title: text1(target["title"]),
		})
	}
}
