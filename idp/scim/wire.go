package scim

import (
	"encoding/json"
	"errors"
	"strings"

	"usher/idp"
)

// The rows are the parts of resources that are read (RFC 7643 sections 4.1 to 4.3).

type userRow struct {
	ID       string `json:"id"`
	UserName string `json:"userName"`
	Display  string `json:"displayName"`
	Name     struct {
		Formatted string `json:"formatted"`
		Given     string `json:"givenName"`
		Family    string `json:"familyName"`
	} `json:"name"`
	Title    string       `json:"title"`
	UserType string       `json:"userType"`
	External string       `json:"externalId"`
	Active   *truth       `json:"active"`
	Emails   []emailRow   `json:"emails"`
	Groups   *[]memberRow `json:"groups"`
	Work     workRow      `json:"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"`
}

func (r *userRow) key() string { return r.ID }

type emailRow struct {
	Value   string `json:"value"`
	Type    string `json:"type"`
	Primary truth  `json:"primary"`
}

// workRow is the enterprise extension.
type workRow struct {
	Number       string    `json:"employeeNumber"`
	CostCenter   string    `json:"costCenter"`
	Organization string    `json:"organization"`
	Division     string    `json:"division"`
	Department   string    `json:"department"`
	Manager      reference `json:"manager"`
}

// memberRow is a member of a group, or a group of a user.
type memberRow struct {
	Value   string `json:"value"`
	Display string `json:"display"`
	Type    string `json:"type"`
}

type groupRow struct {
	ID      string      `json:"id"`
	Display string      `json:"displayName"`
	Members []memberRow `json:"members"`
	Meta    struct {
		Version string `json:"version"`
	} `json:"meta"`
}

func (r *groupRow) key() string { return r.ID }

func (r *groupRow) group() idp.Group { return idp.Group{ID: idp.GroupID(r.ID), Name: r.Display} }

// people returns the members that are no groups, as far as the group shows them.
func (r *groupRow) people() []memberRow {
	var people []memberRow
	for _, m := range r.Members {
		if !strings.EqualFold(m.Type, "Group") {
			people = append(people, m)
		}
	}
	return people
}

// truth is a boolean that some servers write as a text.
type truth bool

// UnmarshalJSON takes true, "true" and "True".
func (t *truth) UnmarshalJSON(raw []byte) error {
	switch strings.ToLower(strings.Trim(string(raw), `"`)) {
	case "true":
		*t = true
	case "false", "null":
		*t = false
	default:
		return errors.New("not a boolean")
	}
	return nil
}

// reference is an object with an id in "value", or the bare id, which some servers write.
type reference string

// UnmarshalJSON takes both, and null.
func (r *reference) UnmarshalJSON(raw []byte) error {
	var bare string
	if json.Unmarshal(raw, &bare) == nil {
		*r = reference(bare)
		return nil
	}
	var object struct {
		Value string `json:"value"`
	}
	if err := json.Unmarshal(raw, &object); err != nil {
		return errors.New("not a reference")
	}
	*r = reference(object.Value)
	return nil
}

// user translates a row.
func (p *Provider) user(r *userRow) idp.User {
	u := idp.User{
		ID: idp.UserID(r.ID), Login: r.UserName, Email: r.email(), Name: r.Display, Title: r.Title, Department: r.Work.Department,
		Status: idp.Active, StatusDetail: "active", Attributes: map[string]string{},
	}
	switch {
	case r.Active == nil:
		u.StatusDetail = "not told"
	case !bool(*r.Active):
		u.Status, u.StatusDetail = idp.Departed, "not active"
		if p.cfg.InactiveMeansSuspended {
			u.Status = idp.Inactive
		}
	}
	if u.Name == "" {
		u.Name = r.Name.Formatted
	}
	if u.Name == "" {
		u.Name = strings.TrimSpace(r.Name.Given + " " + r.Name.Family)
	}
	for name, value := range map[string]string{
		"userType": r.UserType, "externalId": r.External, "employeeNumber": r.Work.Number, "costCenter": r.Work.CostCenter,
		"organization": r.Work.Organization, "division": r.Work.Division,
	} {
		if value != "" {
			u.Attributes[name] = value
		}
	}
	return u
}

// email returns the primary address, else the one for work, else the first, else a login that is one.
func (r *userRow) email() string {
	best, rank := "", 0
	for _, e := range r.Emails {
		n := 1
		if strings.EqualFold(e.Type, "work") {
			n = 2
		}
		if e.Primary {
			n = 3
		}
		if n > rank && e.Value != "" {
			best, rank = e.Value, n
		}
	}
	if best == "" && isAddress(r.UserName) {
		return r.UserName
	}
	return best
}
