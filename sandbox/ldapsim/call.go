package ldapsim

import (
	"slices"
	"strings"
	"time"

	ber "github.com/go-asn1-ber/asn1-ber"
)

// Names of the operations, as in Call.Name.
const (
	OpBind         = "bind"
	OpMemberAdd    = "group.member.add"
	OpMemberRemove = "group.member.remove"
	OpMemberRead   = "group.member.read" // whether one person is a member
	OpMembers      = "group.members"
	OpUserGroups   = "user.groups"
	OpRoot         = "root.read"
	OpSearch       = "search" // any other
	OpModify       = "modify" // any other
	OpOther        = "other"
)

const maxCalls = 20000

// Call is one request received.
type Call struct {
	// Seq counts from 1 and never restarts.
	Seq int
	At  time.Time
	// Method is the operation of the protocol, such as SEARCH; Base the name that it is about; Query the filter of a search, or
	// what a modification does, such as "add member: uid=ada,ou=people,…".
	Method, Base, Query string
	// Name is the stable name of what it is for, one of the constants.
	Name string
	// Group and User are the ids of the membership that it is about, if any; an empty one stands for all.
	Group, User string
	// Result is the name of the result, such as "success"; empty while the request is under way and for those without an answer.
	Result string
	// Fault is the kind of the injected fault that hit the request, if any.
	Fault string
	// Changed tells whether it changed the directory.
	Changed bool
}

// Calls returns the requests received since the start or [Server.ResetCalls], in order of arrival. Of more than 20,000 the
// older half is forgotten; Seq tells.
func (s *Server) Calls() []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]Call, len(s.calls))
	for i, c := range s.calls {
		out[i] = *c
	}
	return out
}

// ResetCalls forgets the requests received.
func (s *Server) ResetCalls() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = nil
	s.bump()
}

// Operations lists the names that a fault can hit.
func (s *Server) Operations() []string {
	return []string{OpBind, OpMemberAdd, OpMemberRead, OpMemberRemove, OpMembers, OpModify, OpOther, OpRoot, OpSearch, OpUserGroups}
}

// receive notes a request and finds the fault that hits it.
func (s *Server) receive(request *ber.Packet) (*Call, Fault) {
	c := s.describe(request.Children[1])
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.takeFault(c.Name)
	s.callSeq++
	c.Seq, c.At, c.Fault = s.callSeq, s.now(), string(f.Kind)
	if len(s.calls) >= maxCalls {
		s.calls = slices.Clone(s.calls[maxCalls/2:])
	}
	s.calls = append(s.calls, c)
	s.bump()
	return c, f
}

// describe says what a request is for.
func (s *Server) describe(op *ber.Packet) *Call {
	switch op.Tag {
	case tagBind:
		return &Call{Method: "BIND", Name: OpBind, Base: text(child(op, 1))}
	case tagSearch:
		return s.describeSearch(op)
	case tagModify:
		return s.describeModify(op)
	default:
		return &Call{Method: "OTHER", Name: OpOther}
	}
}

func (s *Server) describeSearch(op *ber.Packet) *Call {
	const base = 0 // The scope of one entry.
	filter := child(op, 6)
	c := &Call{Method: "SEARCH", Name: OpSearch, Base: text(child(op, 0)), Query: filterText(filter)}
	one := integer(child(op, 1)) == base
	member := equalTo(filter, "member")
	switch {
	case c.Base == "":
		c.Name = OpRoot
	case member != "" && one:
		c.Name, c.Group, c.User = OpMemberRead, s.idOf(c.Base), s.idOf(member)
	case member != "":
		c.Name, c.User = OpUserGroups, s.idOf(member)
	case one && slices.ContainsFunc(child(op, 7).Children, func(a *ber.Packet) bool {
		name, _, _ := strings.Cut(text(a), ";")
		return strings.EqualFold(name, "member")
	}):
		c.Name, c.Group = OpMembers, s.idOf(c.Base)
	}
	return c
}

// describeModify tells the adding of a member from the removing. One who goes may leave the account in their place.
func (s *Server) describeModify(op *ber.Packet) *Call {
	c := &Call{Method: "MODIFY", Name: OpModify, Base: text(child(op, 0))}
	var words []string
	for _, change := range child(op, 1).Children {
		verb := map[int64]string{0: "add", 1: "delete", 2: "replace"}[integer(child(change, 0))]
		attribute := child(change, 1)
		for _, value := range child(attribute, 1).Children {
			words = append(words, verb+" "+text(child(attribute, 0))+": "+text(value))
			user := s.idOf(text(value))
			if user == "" || !strings.EqualFold(text(child(attribute, 0)), "member") {
				continue // The account in place of the last member, or somebody made up to try the right to write.
			}
			if name := map[string]string{"add": OpMemberAdd, "delete": OpMemberRemove}[verb]; name != "" {
				c.Name, c.Group, c.User = name, s.idOf(c.Base), user
			}
		}
	}
	c.Query = strings.Join(words, ", ")
	return c
}

// answered notes what slapd or a fault has answered.
func (s *Server) answered(c *Call, code int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c.Result = resultName(code)
	s.bump()
}

// worked notes that slapd has done what was asked for.
func (s *Server) worked(c *Call, code int64) {
	if code != codeSuccess || c.Method != "MODIFY" {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c.Changed = true
	if c.User != "" {
		s.history[c.Group] = append(s.history[c.Group], Change{At: s.now(), User: c.User, Added: c.Name == OpMemberAdd, By: s.cfg.account()})
	}
	s.bump()
}
