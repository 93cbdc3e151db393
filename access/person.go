package access

import "usher/idp"

// Person is somebody as Usher knows them: one directory user with their ids in Slack and Jira. User is the identity;
// the rest are addresses and labels. Slack and Account are empty while unknown.
type Person struct {
	User    idp.UserID `json:"user"`
	Slack   SlackID    `json:"slack,omitempty"`
	Account AccountID  `json:"account,omitempty"`
	Email   string     `json:"email,omitempty"`
	Name    string     `json:"name,omitempty"`
}

// Is reports whether p and o are the same human, which only the directory id can tell. Unknown people are nobody.
func (p Person) Is(o Person) bool { return p.User != "" && p.User == o.User }

// String is the name for messages, with the e-mail address as the fallback.
func (p Person) String() string {
	if p.Name != "" {
		return p.Name
	}
	if p.Email != "" {
		return p.Email
	}
	return string(p.User)
}

// SlackProfile is what Slack says about one of its users. Only ids and flags are trusted; names are free text.
type SlackProfile struct {
	ID    SlackID
	Team  string
	Name  string
	Email string
	// EmailConfirmed says that Slack saw the owner of the address confirm it.
	EmailConfirmed bool
	Deleted        bool
	Bot            bool
	// Guest is a restricted or ultra-restricted member.
	Guest bool
	// Outsider belongs to another workspace (Slack Connect).
	Outsider bool
}
