package cli_test

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
	_ "time/tzdata"

	"usher/sandbox/battery"
)

// The real process is stopped by SIGSTOP for some seconds, as by a debugger or a frozen container: while somebody clicks,
// and over the end of an access. When it goes on, it does at once what was due, and nothing twice.
func TestStoppedProcessGoesOnAndRepeatsNothing(t *testing.T) {
	t.Parallel()
	moments := []string{"while a click comes", "over the end"}
	battery.Entries{Commit: moments, Night: rounds(moments, 50)}.Play(t, func(t *testing.T, entry string) {
		if !nightly() {
			t.Parallel()
		}
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
		defer cancel()
		s := serveChild(ctx, t)
		if unrounded(entry) == "over the end" {
			s.overTheEnd(ctx)
		} else {
			s.freeze()
			thawed := make(chan struct{})
			time.AfterFunc(4*time.Second, func() { defer close(thawed); s.thaw() }) // Slack waits three seconds for an answer.
			s.live(ctx)
			<-thawed
		}
		s.settled(ctx)
		s.stop()
		s.judge(s.database())
	})
}

func (s *served) freeze() { s.signal(syscall.SIGSTOP) }

func (s *served) thaw() { s.signal(syscall.SIGCONT) }

func (s *served) signal(sig syscall.Signal) {
	if err := s.cmd.Process.Signal(sig); err != nil {
		s.t.Error(err)
	}
}

// overTheEnd plays a life in which the process is stopped just before the end, until two seconds after.
func (s *served) overTheEnd(ctx context.Context) {
	w := s.world
	s.try(ctx, "request", func(ctx context.Context) error {
		return w.Request(ctx, "maya", "github write", "GitHub: Write", "1 hour", "A fix")
	})
	s.until(ctx, "Priya is asked", func() bool { return len(w.Slack.Messages("U0PRIYA")) > 0 })
	s.try(ctx, "approve", func(ctx context.Context) error {
		return w.Press(ctx, "priya", w.Slack.Messages("U0PRIYA")[0], "approve")
	})
	if _, err := w.WaitMessage(ctx, "maya", "active until"); err != nil {
		s.t.Fatalf("%v\n%s", err, s.logged())
	}
	p, _ := w.Company.Person("maya")
	given := s.changed(githubWrite, p.OktaID())[0]
	due := given.Add(time.Hour) // Or some milliseconds later, when the proof was written down.
	w.Clock.Advance(due.Sub(w.Clock.Now()) - 2*time.Second)
	s.swept(ctx)
	s.freeze()
	time.Sleep(4 * time.Second) // The real process is stopped in real time.
	if !w.Member(githubWrite, "maya") {
		s.t.Error("the test is wrong: the access ended while the process was stopped")
	}
	on := time.Now()
	s.thaw()
	s.until(ctx, "Maya is no member", func() bool { return !w.Member(githubWrite, "maya") })
	if took := time.Since(on); took > 2*time.Second {
		s.t.Errorf("the removal came %v after the process went on", took)
	}
}

// changed is when a user came into a group and left it, in turns.
func (s *served) changed(group, user string) (at []time.Time) {
	for _, c := range s.world.Okta.MemberHistory(group) {
		if c.User == user {
			at = append(at, c.At)
		}
	}
	return at
}

// swept waits until the program has looked at what is due since the clock was moved.
func (s *served) swept(ctx context.Context) {
	s.t.Helper()
	now := s.world.Clock.Now().Unix()
	s.until(ctx, "a sweep by the new time", func() bool {
		at, ok := s.metric(ctx, "usher_last_sweep_timestamp_seconds")
		return ok && int64(at) >= now
	})
}

// metric is one figure of /metrics by its name with its labels.
func (s *served) metric(ctx context.Context, name string) (float64, bool) {
	status, text := s.get(ctx, "/metrics")
	if status != http.StatusOK {
		return 0, false
	}
	for line := range strings.Lines(text) {
		if value, ok := strings.CutPrefix(line, name+" "); ok {
			n, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
			return n, err == nil
		}
	}
	return 0, false
}

// A day is 24 hours long, also on the two days of the year on which the clocks of the program's time zone say otherwise.
func TestSummerTimeMakesNoDayLongerOrShorter(t *testing.T) {
	t.Parallel()
	days := []string{"to summer time", "to winter time"}
	battery.Entries{Commit: days, Night: rounds(days, 50)}.Play(t, func(t *testing.T, entry string) {
		if !nightly() {
			t.Parallel()
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		zone, err := time.LoadLocation("Europe/Berlin")
		if err != nil {
			t.Fatal(err) // The names come with the test.
		}
		s := newServed(ctx, t)
		s.env["TZ"] = zone.String()
		change := nextChange(s.world.Clock.Now(), zone, unrounded(entry) == "to summer time")
		s.world.Clock.Advance(change.Add(-12 * time.Hour).Sub(s.world.Clock.Now()))
		s.start(ctx)
		if err := s.world.Slack.WaitConnected(ctx, 2); err != nil {
			t.Fatalf("%v\n%s", err, s.logged())
		}
		s.aDay(ctx)
		s.settled(ctx)
		s.stop()
		s.judge(s.database())
	})
}

// aDay has Hugo given something for a day and checks that he has it for 24 hours.
func (s *served) aDay(ctx context.Context) {
	w := s.world
	s.tale = tale{who: "hugo", words: "zoom", role: "Zoom: Webinar host", length: "1 day"}
	s.try(ctx, "request", func(ctx context.Context) error {
		return w.Request(ctx, s.tale.who, s.tale.words, s.tale.role, s.tale.length, "A fix")
	})
	if _, err := w.WaitMessage(ctx, "hugo", "active until"); err != nil {
		s.t.Fatalf("%v\n%s", err, s.logged())
	}
	for _, step := range []time.Duration{22*time.Hour + 30*time.Minute, 88 * time.Minute, 3 * time.Minute} {
		from := w.Clock.Now()
		w.Clock.Advance(step)
		s.out(from)
		s.swept(ctx)
	}
	s.until(ctx, "Hugo's day is over", func() bool { return !w.Member(s.group(), "hugo") })
	p, _ := w.Company.Person("hugo")
	at := s.changed(s.group(), p.OktaID())
	if held := at[1].Sub(at[0]); len(at) != 2 || held < 24*time.Hour || held > 24*time.Hour+3*time.Minute {
		s.t.Errorf("he had it for %v, want 24 hours", fmt.Sprint(held, at))
	}
}

// nextChange is the next moment at which the clocks of the zone are put forward, or back.
func nextChange(from time.Time, zone *time.Location, forward bool) time.Time {
	for at := from.Truncate(time.Hour); ; at = at.Add(time.Hour) {
		_, before := at.In(zone).Zone()
		if _, after := at.Add(time.Hour).In(zone).Zone(); after != before && (after > before) == forward {
			return at.Add(time.Hour)
		}
	}
}
