package jirapane

import (
	"strconv"

	"usher/sandbox/jirasim"
)

// usualRows is how many issues the list shows at first, and by how many it grows.
const usualRows = 100

// list is the list of issues.
type list struct {
	Rows  []row
	Older int    // how many more there are
	More  string // address with more of them
	Next  int    // how many rows that is
}

type row struct {
	Key, Summary, Type string
	Kind               string // of the icon
	Version            int64  // changes with the issue
	Href               string
	Status             status
	Reporter, Assignee face
	Updated            stamp
}

// status is a lozenge.
type status struct {
	Name, Category string
}

func (d *drawing) list() (*list, error) {
	all, err := d.p.w.Jira.Visible(d.viewer.Person.AccountID())
	if err != nil {
		return nil, err
	}
	rows, err := strconv.Atoi(d.query.Get("rows"))
	if err != nil || rows < usualRows {
		rows = usualRows
	}
	shown := all[:min(len(all), rows)]
	out := &list{Older: len(all) - len(shown), Next: len(shown) + usualRows}
	out.More = d.address("rows", strconv.Itoa(out.Next))
	for i := range shown {
		out.Rows = append(out.Rows, d.row(&shown[i]))
	}
	return out, nil
}

func (d *drawing) row(is *jirasim.Issue) row {
	return row{
		Key: is.Key, Summary: is.Summary, Type: is.Type, Kind: kindOf(is.Type), Version: is.Updated.UnixNano(),
		Href:     d.address("issue", is.Key, "activity", ""),
		Status:   status{is.Status, is.StatusCategory},
		Reporter: d.face(is.Reporter), Assignee: d.face(is.Assignee), Updated: d.stamp(is.Updated),
	}
}
