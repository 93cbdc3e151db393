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
	if err := t.w.quiet(ctx, calm); err != nil {
		return errors.New("Usher keeps calling the vendors although nothing is to be done")
	}
	return nil
}

func (t *tour) member(ctx context.Context, group, handle string) error {
	return t.until(ctx, handle+" is in "+t.groupName(group), func() bool { return t.w.Member(group, handle) })
}

func (t *tour) gone(ctx context.Context, group, handle string) error {
	return t.until(ctx, handle+" is not in "+t.groupName(group)+" any more", func() bool { return !t.w.Member(group, handle) })
}

func (t *tour) notMember(group, handle string) error {
	if t.w.Member(group, handle) {
		return fmt.Errorf("%s is in %s and should not be", handle, t.groupName(group))
	}
	return nil
}

// groupName is what people call a group of the company file.
func (t *tour) groupName(id string) string {
	for _, g := range t.w.Company.Groups {
		if g.ID == id {
			return g.Name
		}
	}
	return id
}

// ended waits until somebody is not in the group any more, by a removal that was read back.
func (t *tour) ended(ctx context.Context, group, handle string) error {
	if err := t.gone(ctx, group, handle); err != nil {
		return err
	}
	return t.until(ctx, "the absence was read back from "+t.w.Directory.Label()+" after the removal", func() bool {
		return t.readBack(Removes, group, handle)
	})
}

// readBack reports whether the last change of the membership was the given one and was followed by a read that would
// show it.
func (t *tour) readBack(change Doing, group, handle string) bool {
	group, user := t.w.Directory.GroupID(group), t.w.Directory.UserID(handle)
	changed, read := false, false
	for _, c := range t.w.Directory.Calls() {
		switch {
		case !c.Touch.about(group, user):
		case c.Touch.Does == Reads:
			read = read || c.OK
		default:
			changed, read = c.Touch.Does == change && c.Changed, false
		}
	}
	return changed && read
}

// troubles lets what the directory is asked to do go wrong, after some of each passed.
func (t *tour) troubles(kind string, skip int, what ...Doing) {
	for _, doing := range what {
		for _, name := range t.w.Directory.Doing(doing) {
			t.w.Directory.Inject(Fault{Name: name, Kind: kind, Skip: skip})
		}
	}
}

// changeless counts the changes of memberships that the directory was asked for and that were none.
func (t *tour) changeless() int {
	n := 0
	for _, c := range t.w.Directory.Calls() {
		if (c.Touch.Does == Adds || c.Touch.Does == Removes) && c.Fault == "" && c.Answer != "" && !c.Changed {
			n++
		}
	}
	return n
}

// says checks that the issue in hand tells something, in its text or a comment.
func (t *tour) says(words string) error {
	is, ok := t.w.Jira.Issue(t.issue)
	if !ok {
		return fmt.Errorf("issue %s is gone", t.issue)
	}
	all := issueText(is)
	if !strings.Contains(all, words) {
		return fmt.Errorf("issue %s does not say %q:\n%s", t.issue, words, all)
	}
	t.seen("issue %s says: %s", t.issue, words)
	return nil
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
