package cli_test

import (
	"encoding/json"
	"strings"

	"usher/access"
	"usher/sandbox"
	"usher/sandbox/slacksim"
)

// told checks that each person has one message for each thing, and that it says what is true now.
func (o *oracle) told() {
	count := map[string]int{}
	for _, p := range o.world.Company.People {
		for _, m := range o.world.Slack.Messages(p.SlackID()) {
			kind, id := markOf(m.Metadata)
			if id == "" {
				continue
			}
			key := kind + " of " + string(id) + " to " + p.Handle
			if chapterOf(m.Metadata) == "over" {
				if !strings.Contains(m.Plain(), "newer message") || strings.Contains(string(m.Blocks), `"button"`) {
					o.wrong(3, "the message %s, which a newer one has replaced, says\n%s", key, m.Plain())
				}
				continue
			}
			if count[key]++; count[key] == 2 && !o.off[p.Handle] {
				o.wrong(5, "the message %s is there twice", key)
			}
			o.addressed(key, kind, p, o.requests[id])
			if o.off[p.Handle] {
				continue
			}
			if word := o.truth(id); kind == "status" && word != "" && !strings.Contains(m.Plain(), word) {
				o.wrong(3, "the message %s should say %q:\n%s", key, word, m.Plain())
			}
			if kind == "status" && !notifies(m.Notified, o.chapter(id)) {
				o.wrong(3, "the message %s notified of %q, and nobody was notified of what it says now:\n%s", key, m.Notified, m.Plain())
			}
			if kind == "notice" {
				o.announced(key, o.grants[id], m)
			}
			if kind == "ask" && o.requests[id].State != access.RequestPending && strings.Contains(string(m.Blocks), "approve") && strings.Contains(m.Plain(), "[Approve]") {
				o.wrong(3, "the message %s still has its buttons", key)
			}
		}
	}
	for id, r := range o.requests {
		p, _ := o.person(string(r.Requester.User))
		if u, _ := o.world.Slack.User(p.SlackID()); u.Deleted || o.off[p.Handle] {
			continue // They could not be told in Slack.
		}
		if key := "status of " + string(id) + " to " + p.Handle; count[key] == 0 {
			o.wrong(3, "%s has no message about request %s, which is %s", p.Handle, id, r.State)
		}
	}
}

// addressed wants that a message went to somebody whom it concerns: the requester, or those whom a step so far names.
func (o *oracle) addressed(key, kind string, to sandbox.Person, r access.Request) {
	named := func() bool {
		for step := 0; step <= r.Step; step++ {
			if o.names(r, step, to) {
				return true
			}
		}
		return false
	}
	if kind == "status" && to.OktaID() != string(r.Requester.User) || kind == "ask" && !named() {
		o.wrong(3, "the message %s is none of their business, the request is at step %d", key, r.Step+1)
	}
}

// announced checks what a notice says of the end.
func (o *oracle) announced(key string, g access.Grant, m slacksim.Message) {
	switch due := o.end(access.RequestID(g.ID)).UTC().Format("2006-01-02 15:04 UTC"); {
	case g.State != access.GrantActive && strings.Contains(string(m.Blocks), `"button"`):
		o.wrong(3, "the grant is %s, and the message %s has its buttons:\n%s", g.State, key, m.Plain())
	case g.State == access.GrantActive && !strings.Contains(m.Plain(), due):
		o.wrong(3, "the message %s should say that the end is at %s:\n%s", key, due, m.Plain())
	}
}

func readJSON(raw []byte, into any) {
	_ = json.Unmarshal(raw, into) // What cannot be read stays empty.
}

func markOf(raw json.RawMessage) (kind string, id access.RequestID) {
	var m struct {
		Payload struct {
			Kind    string `json:"kind"`
			Request string `json:"request"`
		} `json:"event_payload"`
	}
	if json.Unmarshal(raw, &m) != nil {
		return "", ""
	}
	return m.Payload.Kind, access.RequestID(m.Payload.Request)
}

// chapterOf is the part of the story that a message is marked with.
func chapterOf(raw json.RawMessage) string {
	var m struct {
		Payload struct {
			Chapter string `json:"chapter"`
		} `json:"event_payload"`
	}
	_ = json.Unmarshal(raw, &m) // Another mark has no chapter.
	return m.Payload.Chapter
}

// chapter is the one that the requester's message must be of, so that they were notified: a new message came with the answer,
// and another when somebody else took the access away.
func (o *oracle) chapter(id access.RequestID) string {
	r, g := o.requests[id], o.grants[id]
	switch {
	case r.State == access.RequestPending, r.State == access.RequestCanceled && r.Withdrawn == "", g.State == access.GrantProvisioning && g.Failure == "":
		return ""
	case r.Kind == access.KindExtension && r.State == access.RequestApproved && !r.Extended && r.Failure == "":
		return ""
	case g.State == access.GrantRevoking, g.State == access.GrantEnded:
		switch g.EndReason {
		case access.EndExpired, access.EndReleased:
		default:
			return "2"
		}
	}
	return "1"
}

// notifies reports whether the text of a notification tells the news of a chapter, as far as one can see.
func notifies(text, chapter string) bool {
	switch chapter {
	case "1":
		return !strings.Contains(text, "waits for approval") && !strings.Contains(text, "not there yet") && !strings.Contains(text, "recorded")
	case "2":
		return strings.Contains(text, "is ending") || strings.Contains(text, "ended")
	}
	return true
}

// truth is a word that the requester's message must hold.
func (o *oracle) truth(id access.RequestID) string {
	r := o.requests[id]
	switch r.State {
	case access.RequestPending:
		return "waits"
	case access.RequestDenied:
		return "denied"
	case access.RequestCanceled:
		return "canceled"
	case access.RequestExpired:
		return "expired"
	case access.RequestApproved:
	}
	if r.Kind == access.KindExtension {
		return ""
	}
	switch o.grants[id].State {
	case access.GrantActive:
		return "active"
	case access.GrantEnded:
		return "ended"
	case access.GrantProvisioning, access.GrantRevoking, access.GrantFailed:
	}
	return ""
}
