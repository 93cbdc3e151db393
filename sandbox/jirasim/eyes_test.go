package jirasim

import (
	"errors"
	"strings"
	"testing"
)

func TestAnAccountSeesWhatJiraShowsIt(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	a, b := s.open(), s.open()
	const alice, dave = "712020:a11ce000-0000-4000-8000-000000000001", "712020:da4e0000-0000-4000-8000-000000000004"
	s.call("POST", "2/issueLink", object{"type": object{"name": "Blocks"}, "inwardIssue": object{"key": a}, "outwardIssue": object{"key": b}}).want(201)

	v, err := s.View(alice, a)
	if err != nil || v.Issue.Key != a || v.ProjectName != "Access requests" || !v.MayComment || len(v.Issue.Links) != 1 {
		t.Errorf("%+v, %v", v, err)
	}
	if len(v.Steps) == 0 || v.Steps[0] != (Step{Name: "Approve", Status: "Approved", Category: "indeterminate"}) {
		t.Errorf("steps %+v", v.Steps)
	}
	if list, err := s.Visible(alice); err != nil || len(list) != 2 || list[0].Key != b {
		t.Errorf("the list is not newest first: %v, %v", list, err)
	}
	if err := s.Hide(b, BotAccount); err != nil {
		t.Fatal(err)
	}
	if _, err := s.View(alice, b); err == nil || !strings.Contains(err.Error(), noIssue) {
		t.Errorf("hidden: %v", err)
	}
	if list, _ := s.Visible(alice); len(list) != 1 || list[0].Key != a {
		t.Errorf("the list shows what is hidden: %v", list)
	}
	if v, _ := s.View(alice, a); len(v.Issue.Links) != 0 {
		t.Errorf("a link shows what is hidden: %+v", v.Issue.Links)
	}
	if err := errors.Join(s.SetPermission(alice, permComment, false), s.SetPermission(alice, permTransition, false)); err != nil {
		t.Fatal(err)
	}
	if v, _ := s.View(alice, a); v.MayComment || len(v.Steps) != 0 {
		t.Errorf("offered without permission: %+v", v)
	}
	for who, want := range map[string]error{dave: ErrInactive, "712020:nobody": ErrNoAccount} {
		_, one := s.View(who, a)
		_, all := s.Visible(who)
		for _, err := range []error{one, all, s.Comment(who, a, "words"), s.Transition(who, a, "Approve")} {
			if !errors.Is(err, want) {
				t.Errorf("%s: %v, want %v", who, err, want)
			}
		}
	}
}
