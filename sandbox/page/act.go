package page

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"usher/sandbox"
	"usher/sandbox/jirasim"
	"usher/sandbox/slacksim"
)

// trouble is a fault that the page can switch on.
type trouble struct{ Kind, Words string }

// troubles are the faults of a vendor's switch, the good state first.
func troubles(vendor string) []trouble {
	refuses := "says 429"
	if vendor == "ldap" {
		refuses = "says busy" // There are no numbers of HTTP in LDAP.
	}
	return []trouble{{"", "works"}, {"down", "is down"}, {"slow", "is slow"}, {"rate_limit", refuses}, {"lost_answer", "loses answers"}}
}

// slowBy is how long a slow vendor takes.
const slowBy = 2 * time.Second

// moveClock goes ahead by a duration, or to what is due next.
func (s *Server) moveClock(_ context.Context, ask struct{ Advance, To string }) (any, error) {
	st := s.now()
	var d time.Duration
	switch {
	case ask.To == "due":
		at := st.NextDue()
		if at.IsZero() {
			return nil, errors.New("nothing is due: no access runs out and no request waits")
		}
		d = max(time.Second, at.Sub(st.World.Clock.Now())+time.Second)
	case ask.To != "":
		return nil, fmt.Errorf("to is %q; use due", ask.To)
	default:
		var err error
		if d, err = time.ParseDuration(ask.Advance); err != nil || d <= 0 {
			return nil, fmt.Errorf("advance is %q; the clock only goes forward, for example 24h", ask.Advance)
		}
	}
	st.World.Clock.Advance(d)
	return map[string]time.Time{"now": st.World.Clock.Now()}, nil
}

// setFault switches a vendor's trouble on, or with an empty kind off.
func (s *Server) setFault(_ context.Context, ask struct{ Vendor, Kind string }) (any, error) {
	if !known(ask.Vendor, ask.Kind) {
		return nil, fmt.Errorf("kind is %q, which the page has no switch for", ask.Kind)
	}
	st := s.now()
	w := st.World
	var after time.Duration
	if ask.Kind == "slow" {
		after = slowBy
	}
	switch ask.Vendor {
	case "slack":
		w.Slack.ClearFaults()
		w.Slack.ReleaseHangs()
		if ask.Kind != "" {
			w.Slack.Inject(slacksim.Fault{Name: "*", Kind: slacksim.FaultKind(ask.Kind), After: after})
		}
		if ask.Kind == string(slacksim.Down) {
			w.Slack.KillConnections()
		}
	case "jira":
		w.Jira.ClearFaults()
		w.Jira.ReleaseHangs()
		if ask.Kind != "" {
			w.Jira.Inject(jirasim.Fault{Name: "*", Kind: jirasim.FaultKind(ask.Kind), After: after})
		}
	case w.Directory.Name():
		w.Directory.ClearFaults()
		w.Directory.ReleaseHangs()
		if ask.Kind != "" {
			w.Directory.Inject(sandbox.Fault{Name: "*", Kind: ask.Kind, After: after})
		}
	default:
		return nil, fmt.Errorf("vendor is %q; use slack, jira or %s", ask.Vendor, w.Directory.Name())
	}
	s.mu.Lock()
	st.faults[ask.Vendor] = ask.Kind
	s.mu.Unlock()
	s.hub.tell(event{"changed", "bar"})
	return map[string]bool{"ok": true}, nil
}

func known(vendor, kind string) bool {
	return slices.ContainsFunc(troubles(vendor), func(t trouble) bool { return t.Kind == kind })
}

// fault is what was switched on for a vendor.
func (s *Server) fault(st *stage, vendor string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return st.faults[vendor]
}
