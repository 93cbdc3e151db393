package access

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"usher/catalog"
	"usher/idp"
)

// Config is everything the core is made of. Fields without a default are required.
type Config struct {
	Store    Store
	Tracker  Tracker
	Notifier Notifier
	// Providers by the name that the catalog uses.
	Providers map[string]idp.Provider
	// Directory is the name of the provider that knows the people: their e-mail addresses, managers and status.
	Directory string
	// Catalog returns the catalog in force. It is called often and must be cheap.
	Catalog  func() *catalog.Catalog
	Identity Identity
	// Admins are the e-mail addresses of those who see failures and may revoke any grant. Default none.
	Admins []string
	// Now is the clock of the wall. It may jump; see Service.Now.
	Now func() time.Time
	// Elapsed is a clock that only goes forward and never jumps, from any start. Default that of Now.
	Elapsed func() time.Duration
	// Logger. Default slog.Default().
	Logger *slog.Logger
	// InFlight bounds the calls under way per target. Default 5.
	InFlight int
	// Calm is how long a status message or an entry on the issue waits for what may follow at once: an approved access is
	// given within a second, and then one message and one entry tell both. Default 2 s, negative none.
	Calm time.Duration
	// Crash is called with the name of each point at which a killed process leaves something different behind: "before
	// commit X" and "after commit X" around each durable write, "before Y" and "after Y" around each outside write. It may
	// end the goroutine. For crash tests; default none.
	Crash func(point string)
}

// Identity says how a Slack user is matched to a directory user. Both ways may be used together; Explicit wins.
type Identity struct {
	// MatchEmail accepts a confirmed e-mail address of a full member of the own workspace that fits exactly one active
	// directory user. Default false.
	MatchEmail bool
	// Domains limits MatchEmail to these domains; none means that nothing matches.
	Domains []string
	// Explicit maps Slack ids to directory ids.
	Explicit map[SlackID]idp.UserID
	// Accounts maps directory ids to the ids of the same people at another provider, by the provider's name. Who is not in
	// it is found there by the directory's e-mail address, under the rules of MatchEmail and Domains.
	Accounts map[string]map[idp.UserID]idp.UserID
}

// Service is the core's only door for wishes and outcomes. It is safe for concurrent use.
type Service struct {
	cfg       Config
	directory idp.Provider
	log       *slog.Logger
	runner    *Runner
	records   *cache
	seekers   *seekers

	clockMu sync.Mutex
	latest  time.Time     // What Now returned last,
	elapsed time.Duration // and when that was.
	behind  bool          // The wall clock went back and has not caught up.

	cacheMu sync.Mutex
	users   map[idp.UserID]cached[idp.User]
	groups  map[idp.UserID]cached[[]idp.Group]
	bosses  map[idp.UserID]cached[idp.User]
}

// New checks the configuration and returns the service with its runner. It does no I/O.
func New(cfg Config) (*Service, error) {
	var missing []string
	for name, absent := range map[string]bool{
		"Store": cfg.Store == nil, "Tracker": cfg.Tracker == nil, "Notifier": cfg.Notifier == nil,
		"Catalog": cfg.Catalog == nil, "Now": cfg.Now == nil,
	} {
		if absent {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		slices.Sort(missing)
		return nil, errors.New("configure the core: " + strings.Join(missing, ", ") + " missing")
	}
	dir, ok := cfg.Providers[cfg.Directory]
	if !ok {
		return nil, fmt.Errorf("configure the core: the directory %q is not one of the providers", cfg.Directory)
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.Default()
	}
	if cfg.Elapsed == nil {
		began := cfg.Now()
		cfg.Elapsed = func() time.Duration { return cfg.Now().Sub(began) }
	}
	if cfg.Calm == 0 {
		cfg.Calm = 2 * time.Second
	}
	if cfg.InFlight <= 0 {
		cfg.InFlight = 5
	}
	s := &Service{
		cfg: cfg, directory: dir, log: cfg.Logger, records: newCache(), seekers: newSeekers(),
		users: map[idp.UserID]cached[idp.User]{}, groups: map[idp.UserID]cached[[]idp.Group]{},
		bosses: map[idp.UserID]cached[idp.User]{},
	}
	s.runner = newRunner(s)
	return s, nil
}

// Runner returns the one that carries effects out. There is one per service.
func (s *Service) Runner() *Runner { return s.runner }

// Catalog returns the catalog in force.
func (s *Service) Catalog() *catalog.Catalog { return s.cfg.Catalog() }

// Now is the clock of the core. It follows the wall clock forward. When that goes back, it goes on from the latest reading
// by the clock that never jumps, so that nothing is prolonged and nothing happens again, until the wall clock has caught up.
func (s *Service) Now() time.Time {
	now, elapsed := s.cfg.Now().UTC().Round(0), s.cfg.Elapsed()
	s.clockMu.Lock()
	defer s.clockMu.Unlock()
	if ahead := s.latest.Add(max(0, elapsed-s.elapsed)); !s.latest.IsZero() && ahead.After(now) {
		if back := ahead.Sub(now); back > time.Minute && !s.behind {
			s.behind = true
			s.log.Warn("clock went back; ends are kept by the time that has passed", "by", back.Round(time.Second).String())
		}
		now = ahead
	} else if s.behind {
		s.behind = false
		s.log.Info("clock has caught up")
	}
	s.latest, s.elapsed = now, max(elapsed, s.elapsed)
	return now
}

// apply decides one command on one request inside a transaction and hands the effects to the runner. The id may be of a
// request that does not exist yet (submit).
func (s *Service) apply(ctx context.Context, id RequestID, c command, more ...func(Tx, state) error) (state, error) {
	var out outcome
	var withdrawn *outcome
	s.crash("before commit", c)
	err := s.cfg.Store.Update(ctx, func(tx Tx) error {
		out, withdrawn = outcome{}, nil
		st, err := s.records.load(tx, id)
		if err != nil && !(errors.Is(err, ErrNotFound) && isSubmit(c)) {
			return err
		}
		if sub, ok := c.(submit); ok {
			if st, err = s.records.loadForSubmit(tx, sub); err != nil {
				return err
			}
		}
		if out, err = s.commit(tx, st, c); err != nil {
			return err
		}
		if out.Withdraw != "" {
			if withdrawn, err = s.withdraw(tx, out.Withdraw); err != nil {
				return err
			}
		}
		for _, f := range more {
			if err := f(tx, out.State); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return state{}, err
	}
	s.crash("after commit", c)
	s.published(out)
	if withdrawn != nil {
		s.published(*withdrawn)
	}
	return out.State, nil
}

// crash names the point before or after the commit of a command.
func (s *Service) crash(when string, c command) {
	if s.cfg.Crash == nil {
		return
	}
	name := strings.TrimPrefix(fmt.Sprintf("%T", c), "access.")
	if m, ok := c.(sent); ok {
		name += " " + string(m.Kind)
	}
	s.cfg.Crash(when + " " + name)
}

// crashAt names any other point.
func (s *Service) crashAt(point string) {
	if s.cfg.Crash != nil {
		s.cfg.Crash(point)
	}
}

func isSubmit(c command) bool {
	_, ok := c.(submit)
	return ok
}

// commit decides and writes everything that follows.
func (s *Service) commit(tx Tx, st state, c command) (outcome, error) {
	out, err := decide(st, c, s.Now())
	if err != nil {
		return outcome{}, err
	}
	return out, s.records.save(tx, &out)
}

func (s *Service) withdraw(tx Tx, id RequestID) (*outcome, error) {
	st, err := s.records.load(tx, id)
	if err != nil {
		return nil, err
	}
	if st.Request.State != RequestPending {
		return nil, nil //nolint:nilnil // Nothing to withdraw is no outcome.
	}
	out, err := s.commit(tx, st, cancel{System: "The access that this would extend is ending, so the request is closed."})
	if err != nil {
		return nil, err
	}
	return &out, nil
}

// published tells the runner and the Home tabs what a committed outcome means for them, and logs state changes once.
func (s *Service) published(out outcome) {
	for _, e := range out.Events {
		if e.Kind.milestone() || e.Kind == EventRequested || e.Kind == EventRevoking {
			s.log.Info("event", "kind", e.Kind, "request", e.Request, "seq", e.Seq, "actor", e.Actor.User)
		}
	}
	s.runner.replace(out.Drop, out.Effects)
	if len(out.Timers)+len(out.Clear) > 0 {
		s.runner.timersChanged()
	}
	if len(out.Events) == 0 {
		return
	}
	people := []SlackID{out.State.Request.Requester.Slack}
	for _, a := range out.State.Request.Asks {
		people = append(people, a.Approver.Slack)
	}
	s.cfg.Notifier.Changed(people...)
}
