package google

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"usher/idp"
	"usher/idp/rest"
)

// pageSize is the most that the Directory API gives at once, of groups as of members.
const pageSize = 200

// groupRow is the part of a group that is read.
type groupRow struct {
	ID          string `json:"id"`
	Email       string `json:"email"`
	Name        string `json:"name"`
	Description string `json:"description"`
	Direct      string `json:"directMembersCount"` // a number as a text
}

func (r groupRow) group() idp.Group {
	g := idp.Group{ID: idp.GroupID(r.ID), Name: r.Name, Description: r.Description}
	if g.Name == "" {
		g.Name = r.Email
	}
	return g
}

func (r groupRow) members() int {
	n, err := strconv.Atoi(r.Direct)
	if err != nil {
		return -1
	}
	return n
}

// Group returns the group with the reason if Usher must not govern it. It costs four calls.
func (p *Provider) Group(ctx context.Context, id idp.GroupID) (idp.Group, error) {
	const op = "read group"
	if !isGroupID(id) {
		return idp.Group{}, notAnID(op, idp.GroupNotFound)
	}
	g, _, err := p.inspect(ctx, op, id)
	return g, err
}

// readGroup reads the group itself.
func (p *Provider) readGroup(ctx context.Context, op string, id idp.GroupID) (groupRow, error) {
	var row groupRow
	err := p.read(ctx, p.directory(op, scopeGroups, http.MethodGet, idp.GroupNotFound, nil, "groups", string(id)), &row)
	switch {
	case err != nil:
		return groupRow{}, err
	case row.ID != string(id) || row.Email == "":
		return groupRow{}, &idp.Error{Kind: idp.Unavailable, Op: op, Code: "HTTP 200", Err: errors.New("the answer is not this group")}
	}
	return row, nil
}

// inspect reads the group and everything that may keep Usher from governing it, and remembers the judgement.
func (p *Provider) inspect(ctx context.Context, op string, id idp.GroupID) (idp.Group, judgement, error) {
	row, err := p.readGroup(ctx, op, id)
	if err != nil {
		p.judged.Forget(id)
		return idp.Group{}, judgement{}, err
	}
	resource, labels, err := p.labels(ctx, op, row.Email)
	if err != nil {
		return idp.Group{}, judgement{}, err
	}
	j := judgement{refusal: labels.refusal(), resource: resource}
	if j.refusal == "" {
		if j.refusal, err = p.adminRefusal(ctx, op, id); err != nil {
			return idp.Group{}, judgement{}, err
		}
	}
	p.judged.Keep(id, j)
	g := row.group()
	g.Refusal = j.refusal
	return g, j, nil
}

// identityRow is a group as the Cloud Identity API shows it.
type identityRow struct {
	Name     string    `json:"name"`
	Parent   string    `json:"parent"`
	GroupKey entityKey `json:"groupKey"`
	Labels   labels    `json:"labels"`
}

type entityKey struct {
	ID string `json:"id"`
}

// labels say what kind of group it is; the values are empty.
type labels map[string]string

// refusal says why a group with these labels must not be governed. The label groups.security is none: such groups are made
// for giving access, and only what they take in is restricted.
func (l labels) refusal() string {
	has := func(name string) bool { _, found := l[name]; return found }
	switch {
	case has("cloudidentity.googleapis.com/groups.dynamic"):
		return "A query fills this dynamic group, so its members cannot be changed by hand."
	case has("cloudidentity.googleapis.com/groups.locked"):
		return "This group is locked because another system keeps it in step, and a change here would be lost or do harm there."
	case has("system/groups/external"):
		return "This group mirrors one of another identity source, so its members are changed there."
	}
	return ""
}

// identityGroup reads the group as the Cloud Identity API shows it. That API names groups in its own way, so the name is
// looked up by the address, and the answer is compared with it.
func (p *Provider) identityGroup(ctx context.Context, op, email string) (identityRow, error) {
	var found struct {
		Name string `json:"name"`
	}
	ask := p.identity(op, scopeLabels, http.MethodGet, idp.GroupNotFound, url.Values{"groupKey.id": {email}}, "groups:lookup")
	if err := p.read(ctx, ask, &found); err != nil {
		return identityRow{}, hiddenGroup(err)
	}
	resource, fine := strings.CutPrefix(found.Name, "groups/")
	if !fine || resource == "" || rest.Plain(resource) == "" {
		return identityRow{}, &idp.Error{Kind: idp.Unavailable, Op: op, Err: errors.New("the answer is no group")}
	}
	var row identityRow
	if err := p.read(ctx, p.identity(op, scopeLabels, http.MethodGet, idp.GroupNotFound, nil, "groups", resource), &row); err != nil {
		return identityRow{}, hiddenGroup(err)
	}
	if row.Name != found.Name || !strings.EqualFold(row.GroupKey.ID, email) || row.Labels == nil {
		return identityRow{}, &idp.Error{Kind: idp.Unavailable, Op: op, Err: errors.New("the answer is not this group")}
	}
	return row, nil
}

// hiddenGroup explains the refusal of a group that the Directory API has just shown: the Cloud Identity API says the same of
// what is missing and of what is not allowed.
func hiddenGroup(err error) error {
	var e *idp.Error
	var lacking scopeError
	if errors.As(err, &e) && e.Kind == idp.Forbidden && e.Code == codePermission && !errors.As(err, &lacking) {
		e.Err = errors.New("the labels of the group cannot be read: the group is very new, or the account lacks the right to see it there")
	}
	return err
}

func (p *Provider) labels(ctx context.Context, op, email string) (string, labels, error) {
	row, err := p.identityGroup(ctx, op, email)
	return strings.TrimPrefix(row.Name, "groups/"), row.Labels, err
}

// adminRefusal refuses groups that hold an administrator role. Who may not read roles cannot know; Check says so.
func (p *Provider) adminRefusal(ctx context.Context, op string, id idp.GroupID) (string, error) {
	var answer struct {
		Items []struct {
			AssignedTo string `json:"assignedTo"`
		} `json:"items"`
	}
	query := url.Values{"userKey": {string(id)}, "maxResults": {"10"}}
	err := p.read(ctx, p.directory(op, scopeRoles, http.MethodGet, idp.GroupNotFound, query, "customer", "my_customer", "roleassignments"), &answer)
	switch {
	case idp.KindOf(err) == idp.Forbidden:
		return "", nil
	case err != nil:
		return "", err
	}
	for _, item := range answer.Items {
		if item.AssignedTo == string(id) {
			return "This group holds an administrator role, and admin rights are not given out by Usher.", nil
		}
	}
	return "", nil
}

// UserGroups lists the groups that the user is a direct member of, with any role. It does not judge them; Group does.
func (p *Provider) UserGroups(ctx context.Context, user idp.UserID) ([]idp.Group, error) {
	const op = "list groups of user"
	if !isUserID(user) {
		return nil, notAnID(op, idp.UserNotFound)
	}
	groups, seen := []idp.Group{}, map[idp.GroupID]bool{}
	query := url.Values{"userKey": {string(user)}, "maxResults": {strconv.Itoa(pageSize)}}
	err := p.eachGroup(ctx, op, idp.UserNotFound, query, func(row groupRow) error {
		if g := row.group(); !seen[g.ID] {
			groups = append(groups, g)
			seen[g.ID] = true
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return groups, nil
}

// eachGroup calls each for every group of a list, and ends with the first error.
func (p *Provider) eachGroup(ctx context.Context, op string, missing idp.Kind, query url.Values, each func(groupRow) error) error {
	return p.pages(ctx, p.directory(op, scopeGroups, http.MethodGet, missing, query, "groups"), func(a *rest.Answer) (string, error) {
		var page struct {
			Kind   string     `json:"kind"`
			Groups []groupRow `json:"groups"`
			Next   string     `json:"nextPageToken"`
		}
		if err := a.Decode(op, &page); err != nil {
			return "", err
		}
		if page.Kind != "admin#directory#groups" {
			return "", a.Odd(op, "the answer is no list of groups")
		}
		for _, row := range page.Groups {
			if row.ID == "" {
				return "", a.Odd(op, "a group without id in the answer")
			}
			if err := each(row); err != nil {
				return "", err
			}
		}
		return page.Next, nil
	})
}
