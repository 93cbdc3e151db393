package cli_test

import (
	"usher/access"
	"usher/sandbox/oktasim"
)

// left wants that nobody keeps anything, or waits for anything, of whom Slack has told that the account is off, which Usher
// acknowledged, and whose account in the directory is not active either.
func (o *oracle) left() {
	told := map[string]bool{}
	for _, d := range o.world.Slack.Deliveries() {
		var e struct {
			Event struct {
				Type string
				User struct {
					ID      string
					Deleted bool
				}
			}
		}
		readJSON(d.Payload, &e)
		if d.Type == "events_api" && e.Event.Type == "user_change" && d.Acked {
			told[e.Event.User.ID] = e.Event.User.Deleted
		}
	}
	for _, p := range o.world.Company.People {
		u, _ := o.world.Okta.User(p.OktaID())
		if s, _ := o.world.Slack.User(p.SlackID()); !told[p.SlackID()] || !s.Deleted || u.Status == oktasim.StatusActive {
			continue
		}
		for id, g := range o.grants {
			if string(g.Subject.User) == p.OktaID() && g.Live() {
				o.wrong(2, "%s has left, of which Slack has told, and grant %s is %s", p.Handle, id, g.State)
			}
		}
		for id, r := range o.requests {
			if string(r.Requester.User) == p.OktaID() && r.State == access.RequestPending {
				o.wrong(2, "%s has left, of which Slack has told, and request %s waits still", p.Handle, id)
			}
		}
	}
}
