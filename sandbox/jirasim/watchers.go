package jirasim

import (
	"encoding/json"
	"slices"
)

func (c *call) watching(is *issue) bool {
	return c.who != nil && slices.Contains(is.watchers, c.who.AccountID)
}

func (c *call) listWatchers() (reply, error) {
	is, err := c.issueFor(c.vars[0])
	if err != nil {
		return reply{}, err
	}
	people := []any{}
	if c.has(permSeeWatchers) {
		for _, id := range is.watchers {
			if u := c.userObject(id); u != nil {
				people = append(people, u)
			}
		}
	}
	return ok(object{
		"self": c.rest("issue/%s/watchers", is.key), "isWatching": c.watching(is), "watchCount": len(is.watchers), "watchers": people,
	}), nil
}

// mayWatch says whether the caller may let an account watch or stop watching.
func (c *call) mayWatch(id string) error {
	if _, err := c.s.account(id); err != nil {
		return refuse(404, "The user with the account ID '"+id+"' does not exist.")
	}
	if id != c.who.AccountID && !c.has(permWatchers) {
		return refuse(403, "You do not have the permission to manage the watcher list.")
	}
	return nil
}

func (c *call) addWatcher() (reply, error) {
	is, err := c.writableIssue(c.vars[0])
	if err != nil {
		return reply{}, err
	}
	id := c.who.AccountID
	if len(c.body) > 0 && json.Unmarshal(c.body, &id) != nil {
		return reply{}, refuse(400, "There was an error parsing JSON. Check that your request body is valid.")
	}
	if err := c.mayWatch(id); err != nil {
		return reply{}, err
	}
	if !slices.Contains(is.watchers, id) {
		is.watchers = append(is.watchers, id)
		c.s.touch(is, c.at, false)
	}
	return nothing(), nil
}

func (c *call) removeWatcher() (reply, error) {
	is, err := c.writableIssue(c.vars[0])
	if err != nil {
		return reply{}, err
	}
	if err := c.strictIDs(); err != nil {
		return reply{}, err
	}
	id := c.query.Get("accountId")
	if id == "" {
		return reply{}, refuse(400, "The 'accountId' query parameter needs to be provided")
	}
	if err := c.mayWatch(id); err != nil {
		return reply{}, err
	}
	if at := slices.Index(is.watchers, id); at >= 0 {
		is.watchers = slices.Delete(slices.Clone(is.watchers), at, at+1)
		c.s.touch(is, c.at, false)
	}
	return nothing(), nil
}
