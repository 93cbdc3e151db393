package cli

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"usher/idp"
)

const (
	// vendorFor bounds the questions about credentials and rights to one vendor.
	vendorFor = 15 * time.Second
	// nameFor bounds one look-up.
	nameFor = 15 * time.Second
	// longestWindow is the longest wait that a vendor asks for in good faith.
	longestWindow = 2 * time.Minute
)

// pace says how hard the directory is asked.
type pace struct {
	workers int
	burst   int           // So many questions at once,
	pause   time.Duration // then this long after each.
}

// brisk is for a person who waits, gentle for a program that has other work to do. Both leave half of the smallest of
// Okta's rate windows (500 a minute) to others.
func brisk() pace  { return pace{workers: 5, burst: 200, pause: 200 * time.Millisecond} }
func gentle() pace { return pace{workers: 1, burst: 50, pause: 200 * time.Millisecond} }

// takes is about how long so many questions take beyond a moment.
func (h pace) takes(n int) time.Duration { return time.Duration(max(0, n-h.burst)) * h.pause }

// outside asks the vendors whether everything that the settings and the catalog name is there, and changes nothing. The
// vendors named in without are left out: their settings are wrong.
func (p *parts) outside(ctx context.Context, how pace, without map[string]bool) []finding {
	checks := []struct {
		about string
		run   func() []finding
	}{
		{"slack", func() []finding { return p.checkSlack(ctx) }},
		{"jira", func() []finding { return p.checkJira(ctx) }},
	}
	for _, name := range p.cfg.configured() {
		checks = append(checks, struct {
			about string
			run   func() []finding
		}{name, func() []finding { return p.checkProvider(ctx, name, how) }})
	}
	found := make([][]finding, len(checks))
	var all sync.WaitGroup
	for i, c := range checks {
		if !without[c.about] {
			all.Go(func() { found[i] = c.run() })
		}
	}
	all.Wait()
	list := slices.Concat(found...)
	for i, f := range list {
		if f.mark == fails && strings.HasSuffix(f.subject, " clock") {
			list[i].fix = fixClock // All of them say it, each in its way.
		}
	}
	return merged(list)
}

const fixClock = "let this machine set its clock by NTP: access ends by it"

func (p *parts) checkSlack(ctx context.Context) []finding {
	ctx, cancel := context.WithTimeout(ctx, vendorFor)
	defer cancel()
	var list []finding
	for _, x := range p.notifier.Check(ctx) {
		list = append(list, finding{"slack " + x.Subject, judged(x.OK), x.Detail, x.Fix})
	}
	if list[0].mark == fails {
		list = append(list, finding{"slack scopes and clock", skipped, "checked when the bot token works", ""})
	}
	return merged(list)
}

func (p *parts) checkJira(ctx context.Context) []finding {
	ctx, cancel := context.WithTimeout(ctx, vendorFor)
	defer cancel()
	var list []finding
	for _, x := range p.tracker.Verify(ctx) {
		list = append(list, finding{x.Subject, judged(x.OK), x.Detail, x.Fix})
	}
	last := list[len(list)-1]
	if last.mark == fails && slices.Contains([]string{"jira login", "jira project", "jira issue type"}, last.subject) {
		// Jira shows the issue type to those only who may create issues.
		hidden := slices.ContainsFunc(list, func(f finding) bool { return f.mark == fails && f.subject == "jira permission Create Issues" })
		if hidden && last.subject == "jira issue type" {
			list = list[:len(list)-1]
		}
		list = append(list, finding{"jira", skipped, "the rest is checked when this is mended", ""})
	}
	return merged(list)
}

// checkProvider looks at credentials and rights, and then at the groups and people that the catalog and the settings name. If
// the credentials are not accepted, nothing else can be said: everything else would fail for the same cause.
func (p *parts) checkProvider(ctx context.Context, name string, how pace) []finding {
	var list []finding
	short, cancel := context.WithTimeout(ctx, vendorFor)
	found := p.idp[name].Check(short)
	cancel()
	refused := len(found) > 0 && !found[0].OK
	blind := map[string]bool{}
	for i, x := range found {
		if refused && i > 0 {
			continue
		}
		blind[x.Subject] = !x.OK
		list = append(list, finding{name + " " + x.Subject, judged(x.OK), x.Detail, x.Fix})
	}
	list = append(merged(list), p.checkLocks(name, found)...)
	switch {
	case refused:
		return append(list, finding{name + " rights, clock, groups and people", skipped, "checked when this is mended", ""})
	case blind["right to read groups"] || blind["right to read users"]:
		return append(list, finding{name + " groups and people", skipped, "checked when they can be read", ""})
	}
	return append(list, p.checkNames(ctx, name, how)...)
}

// question is one look-up in the directory. It returns a finding, or an error that is no answer about the thing asked for.
type question func(ctx context.Context) (finding, error)

// put asks, and once more when the vendor asked to wait.
func (q question) put(ctx context.Context) (finding, error) {
	short, done := context.WithTimeout(ctx, nameFor)
	f, err := q(short)
	done()
	at := idp.RetryAt(err)
	if idp.KindOf(err) != idp.Throttled || at.IsZero() || time.Until(at) > longestWindow {
		return f, err
	}
	pauseFor(ctx, time.Until(at)+time.Second)
	short, done = context.WithTimeout(ctx, nameFor)
	defer done()
	return q(short)
}

// answers asks until the first error that would meet every other question as well. It returns what was found out in the
// order of the questions, and the error.
func answers(ctx context.Context, how pace, list []question) ([]finding, error) {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	found := make([]finding, len(list))
	next := make(chan int)
	var all sync.WaitGroup
	for range how.workers {
		all.Go(func() {
			for i := range next {
				if ctx.Err() != nil {
					continue
				}
				f, err := list[i].put(ctx)
				if err != nil {
					stop(err)
					continue
				}
				found[i] = f
			}
		})
	}
	for i := range list {
		if i > how.burst && how.pause > 0 {
			pauseFor(ctx, how.pause)
		}
		if ctx.Err() != nil {
			break
		}
		next <- i
	}
	close(next)
	all.Wait()
	var done []finding
	for _, f := range found {
		if f.mark != "" {
			done = append(done, f)
		}
	}
	if ctx.Err() != nil {
		return done, context.Cause(ctx)
	}
	return done, nil
}

// pauseFor waits, or until ctx ends.
func pauseFor(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

// aboutAll reports whether an error says nothing about the thing asked for: the next question would meet it, too.
func aboutAll(err error) bool {
	switch idp.KindOf(err) { //nolint:exhaustive // The others are answers.
	case idp.Unauthorized, idp.Throttled, idp.Unavailable:
		return true
	}
	return false
}

// lookAround checks the outside after the start, after each new catalog and daily while there is work, and logs each failure
// with its fix. It looks for groups that no catalog names daily, too, and whenever an admin asks. It tries again while
// something could not be checked, and says nothing twice. Nothing of it stops the program: what works goes on.
func (p *parts) lookAround(ctx context.Context) error {
	told := map[string]bool{}
	p.looked.at, p.looked.done = time.Now(), p.worked()
	for wait := time.Minute; ; {
		list := p.outside(ctx, gentle(), nil)
		if ctx.Err() != nil {
			return nil //nolint:nilerr // Told to stop.
		}
		pause := daily
		if p.tell(list, told) {
			pause, wait = wait, min(2*wait, 15*time.Minute)
		} else {
			wait = time.Minute
		}
		if p.rest(ctx, pause, p.worked, p.service.DiscoveryAsked()) {
			wait = time.Minute
		}
		if p.looked.due(time.Now(), p.worked()) {
			p.discover(ctx)
		}
	}
}

// daily is how often the outside is looked at while all is well. A group may be renamed, and a token taken away, at any time.
const daily = 24 * time.Hour

// rest waits so long, or until a new catalog is in force, which it reports, or ctx ends. Days on which Usher did nothing are
// not counted: at rest nobody is called. Meanwhile it looks for groups whenever it is asked to.
func (p *parts) rest(ctx context.Context, pause time.Duration, worked func() int, asked <-chan struct{}) (renewed bool) {
	done := worked()
	t := time.NewTicker(pause)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return false
		case <-p.renewed:
			return true
		case <-asked:
			p.discover(ctx)
		case <-t.C:
			if pause < daily || worked() != done {
				return false
			}
		}
	}
}

// look is when something was looked for last, and how much had been done by then.
type look struct {
	at   time.Time
	done int
}

// due reports whether a day with work has passed since. A catalog that changes often or a vendor that cannot be asked puts it
// off by minutes, not for ever.
func (l look) due(now time.Time, done int) bool { return now.Sub(l.at) >= daily && done != l.done }

// discover looks for groups that no catalog names, for the admins' Home tabs.
func (p *parts) discover(ctx context.Context) {
	defer func() { p.looked = look{time.Now(), p.worked()} }()
	if err := p.service.Discover(ctx); err != nil && ctx.Err() == nil {
		p.log.Error("look for groups that no catalog names", "err", err)
	}
}

// worked is how much has been done outside since the start.
func (p *parts) worked() (n int) {
	for _, done := range p.service.Runner().Stats().Done {
		n += done
	}
	return n
}

// tell logs what was not told before and reports whether something could not be checked.
func (p *parts) tell(list []finding, told map[string]bool) (again bool) {
	good, failed, now := 0, 0, map[string]bool{}
	for _, f := range list {
		key := f.subject + f.detail
		switch f.mark {
		case well:
			good++
		case skipped:
			again = true
		case notable:
			now[key] = true
			if !told[key] {
				p.log.Warn("worth a look", "subject", f.subject, "detail", f.detail, "fix", f.fix)
			}
		case fails:
			failed++
			now[key] = true
			// What is not found may only be too new.
			again = again || f.fix == fixNoAnswer || f.fix == fixGroup && !told[key]
			if !told[key] {
				p.log.Error("check failed", "subject", f.subject, "detail", f.detail, "fix", f.fix)
			}
		}
	}
	if failed == 0 {
		p.log.Info("checked slack, jira, the identity providers and the names in the catalog: all is well", "checks", good)
	}
	clear(told)
	maps.Copy(told, now)
	return again
}
