package jirasim

import (
	"html"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// userObject describes an account as the caller may see it; nil for nobody.
func (c *call) userObject(accountID string) any {
	p, err := c.s.account(accountID)
	if err != nil {
		return nil
	}
	return c.user(p)
}

func (c *call) user(p *person) object {
	out := object{
		"self":        c.rest("user?accountId=%s", url.QueryEscape(p.AccountID)),
		"accountId":   p.AccountID,
		"accountType": p.Type,
		"avatarUrls":  avatars("https://avatar-management--avatars.us-west-2.prod.public.atl-paas.net/initials/" + initials(p.DisplayName) + ".png?size="),
		"displayName": p.DisplayName,
		"active":      !p.Inactive,
	}
	if c.seesEmail(p) {
		out["emailAddress"] = p.Email
	}
	if !p.Inactive {
		out["timeZone"] = p.loc.String()
	}
	return out
}

func (c *call) seesEmail(p *person) bool {
	return p.Email != "" && (!p.EmailHidden || c.who == p)
}

func initials(name string) string {
	var b strings.Builder
	for w := range strings.FieldsSeq(name) {
		b.WriteString(url.PathEscape(string([]rune(w)[:1])))
	}
	return b.String()
}

func avatars(prefix string) object {
	out := object{}
	for _, n := range []string{"16", "24", "32", "48"} {
		out[n+"x"+n] = prefix + n
	}
	return out
}

func (c *call) myself() (reply, error) {
	out := c.user(c.who)
	out["locale"] = "en_US"
	out["groups"] = object{"size": 1, "items": []any{}}
	out["applicationRoles"] = object{"size": 1, "items": []any{}}
	out["expand"] = "groups,applicationRoles"
	return ok(out), nil
}

// strictIDs refuses the parameters that named users before account ids.
func (c *call) strictIDs() error {
	for _, old := range []string{"username", "key", "userKey"} {
		if c.query.Has(old) {
			return refuse(400, "The query parameter '"+old+"' is not supported in GDPR strict mode.")
		}
	}
	return nil
}

func (c *call) getUser() (reply, error) {
	if err := c.strictIDs(); err != nil {
		return reply{}, err
	}
	id := c.query.Get("accountId")
	if id == "" {
		return reply{}, refuse(400, "The 'accountId' query parameter needs to be provided")
	}
	p, err := c.s.account(id)
	if err != nil || !c.has(permUsers) && p != c.who {
		return reply{}, refuse(404, "Specified user does not exist or you do not have required permissions")
	}
	out := c.user(p)
	out["groups"] = object{"size": 1, "items": []any{}}
	out["applicationRoles"] = object{"size": 1, "items": []any{}}
	out["expand"] = "groups,applicationRoles"
	return ok(out), nil
}

// matches finds active accounts by the start of a word of the name, the start of a visible address or a whole hidden one.
func (c *call) matches(query string) []*person {
	query = strings.ToLower(strings.TrimSpace(query))
	var out []*person
	for _, p := range c.s.people {
		email := strings.ToLower(p.Email)
		hit := query == "" || email == query || c.seesEmail(p) && strings.HasPrefix(email, query)
		name := strings.ToLower(p.DisplayName)
		hit = hit || strings.HasPrefix(name, query) || strings.Contains(name, " "+query)
		if hit && !p.Inactive {
			out = append(out, p)
		}
	}
	return out
}

func (c *call) searchUsers() (reply, error) {
	if err := c.strictIDs(); err != nil {
		return reply{}, err
	}
	if !c.query.Has("query") && !c.query.Has("accountId") && !c.query.Has("property") {
		return reply{}, refuse(400, "The 'query', 'accountId' or 'property' query parameter needs to be provided")
	}
	found := []*person{}
	if c.has(permUsers) {
		if id := c.query.Get("accountId"); id != "" {
			if p, err := c.s.account(id); err == nil && !p.Inactive {
				found = append(found, p)
			}
		} else {
			found = c.matches(c.query.Get("query"))
		}
	}
	return c.userPage(found)
}

func (c *call) userPage(found []*person) (reply, error) {
	start, size, err := c.paging(50, 1000)
	if err != nil {
		return reply{}, err
	}
	out := []object{}
	for _, p := range cutPage(found, start, size) {
		out = append(out, c.user(p))
	}
	return ok(out), nil
}

func (c *call) pickUsers() (reply, error) {
	if !c.query.Has("query") {
		return reply{}, refuse(400, "The 'query' query parameter needs to be provided")
	}
	var found []*person
	if c.has(permUsers) {
		found = c.matches(c.query.Get("query"))
	}
	skip := splitList(c.query["excludeAccountIds"])
	found = slices.DeleteFunc(found, func(p *person) bool { return slices.Contains(skip, p.AccountID) })
	_, size, err := c.paging(50, 1000)
	if err != nil {
		return reply{}, err
	}
	users := []object{}
	shown := cutPage(found, 0, size)
	for _, p := range shown {
		users = append(users, object{
			"accountId": p.AccountID, "accountType": p.Type, "displayName": p.DisplayName,
			"html": html.EscapeString(p.DisplayName), "avatarUrl": c.base() + "/avatar/" + initials(p.DisplayName),
		})
	}
	header := "Showing " + strconv.Itoa(len(shown)) + " of " + strconv.Itoa(len(found)) + " matching users"
	return ok(object{"users": users, "total": len(found), "header": header}), nil
}

func (c *call) assignableUsers() (reply, error) {
	if err := c.strictIDs(); err != nil {
		return reply{}, err
	}
	var err error
	switch {
	case c.query.Get("project") != "":
		_, err = c.projectFor(c.query.Get("project"))
	case c.query.Get("issueKey") != "":
		_, err = c.issueFor(c.query.Get("issueKey"))
	case c.query.Get("issueId") != "":
		_, err = c.issueFor(c.query.Get("issueId"))
	default:
		err = refuse(400, "Either the 'project' or the 'issueKey' query parameter needs to be provided")
	}
	if err != nil {
		return reply{}, err
	}
	found := slices.DeleteFunc(c.matches(c.query.Get("query")), func(p *person) bool { return !p.perms[permAssignable] })
	return c.userPage(found)
}

// paging reads startAt and maxResults; more than most is cut to most.
func (c *call) paging(usual, most int) (start, size int, err error) {
	size = usual
	for name, p := range map[string]*int{"startAt": &start, "maxResults": &size} {
		if v := c.query.Get(name); v != "" {
			n, convErr := strconv.Atoi(v)
			if convErr != nil || n < 0 {
				return 0, 0, refuse(400, "The value '"+v+"' of the parameter '"+name+"' is not a valid number.")
			}
			*p = n
		}
	}
	return start, min(size, most), nil
}

func cutPage[E any](list []E, start, size int) []E {
	start = min(start, len(list))
	return list[start:min(start+size, len(list))]
}
