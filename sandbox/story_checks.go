package sandbox

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// settled waits until no vendor has been called for the given time.
func (t *tour) settled(ctx context.Context, calm time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	last, since := -1, time.Now()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		if n := len(t.w.Okta.Calls()) + len(t.w.Jira.Calls()) + len(t.w.Slack.Calls()); n != last {
			last, since = n, time.Now()
		}
		if time.Since(since) > calm {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.New("Usher keeps calling the vendors although nothing is to be done")
		case <-tick.C:
		}
	}
}

func (t *tour) member(ctx context.Context, group, handle string) error {
	return t.until(ctx, handle+" is in "+group, func() bool { return t.w.Member(group, handle) })
}

func (t *tour) gone(ctx context.Context, group, handle string) error {
	return t.until(ctx, handle+" is not in "+group+" any more", func() bool { return !t.w.Member(group, handle) })
}

func (t *tour) notMember(group, handle string) error {
	if t.w.Member(group, handle) {
		return fmt.Errorf("%s is in %s and should not be", handle, group)
	}
	return nil
}

// readBack reports whether memberships were read after the last change of the group through the API.
func (t *tour) readBack(group string) bool {
	changed, read := -1, -1
	for _, c := range t.w.Okta.Calls() {
		switch {
		case c.Name == "group.member.add" && strings.Contains(c.Path, group):
			changed = c.Seq
		case c.Name == "user.groups" || c.Name == "group.members":
			read = c.Seq
		}
	}
	return changed >= 0 && read > changed
}

// newestIssue returns the key of the newest issue, which must have the status unless that is empty.
func (t *tour) newestIssue(status string) (string, error) {
	list := t.w.Jira.Issues()
	if len(list) == 0 {
		return "", errors.New("there is no issue")
	}
	newest := list[len(list)-1]
	if status != "" && newest.Status != status {
		return "", fmt.Errorf("issue %s is %q, expected %q", newest.Key, newest.Status, status)
	}
	return newest.Key, nil
}

func (t *tour) status() string {
	is, _ := t.w.Jira.Issue(t.issue)
	return is.Status
}

// reporter checks who Jira says reported the issue in hand.
func (t *tour) reporter(handle string) error {
	is, _ := t.w.Jira.Issue(t.issue)
	p, _ := t.w.Company.Person(handle)
	if is.Reporter != p.AccountID() {
		return fmt.Errorf("issue %s was reported by %s, expected %s", t.issue, is.Reporter, p.Name)
	}
	return nil
}
