package cli_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/url"
	"strings"
	"testing"
	"time"

	"usher/access"
)

// tale is who asks for what in a life, how soon everybody acts, and which vendor is slow.
type tale struct {
	who, words, role string
	bosses           []string // Who approves, one after the other.
	lengths          []string
	length           string // One of them.

	thinks  []time.Duration // Each of those who approve.
	hasty   bool            // They do not even wait until the requester is told that the request waits. For the real binary.
	release time.Duration   // When it is given back; zero if it ends by itself.
	slow    string          // The vendor; empty if none is.
	lag     time.Duration   // How long each request to it takes.
}

// plain are tales of one step and one group, of which the 55 points are known.
func plain() []tale {
	short := []string{"1 hour", "6 hours", "1 day"}
	return []tale{
		{who: "maya", words: "github write", role: "GitHub: Write", bosses: []string{"priya"}, lengths: short},
		{who: "aisha", words: "github write", role: "GitHub: Write", bosses: []string{"priya"}, lengths: short},
		{who: "sofia", words: "github write", role: "GitHub: Write", bosses: []string{"omar"}, lengths: short},
		{who: "mei", words: "github write", role: "GitHub: Write", bosses: []string{"anders"}, lengths: short},
		{who: "iris", words: "github write", role: "GitHub: Write", bosses: []string{"lin"}, lengths: short},
		{who: "maya", words: "aws read", role: "AWS: Read only", bosses: []string{"priya"}, lengths: short},
		{who: "sofia", words: "aws read", role: "AWS: Read only", bosses: []string{"omar"}, lengths: short},
		{who: "sofia", words: "github read", role: "GitHub: Read", bosses: []string{"omar"}, lengths: short},
	}
}

// tales are all of them: also those of two steps, two groups, nobody who decides, and a membership from before.
func tales() []tale {
	return append(plain(),
		tale{who: "jonas", words: "github admin", role: "GitHub: Administrator", bosses: []string{"tomas", "ingrid"}, lengths: []string{"30 minutes", "1 hour", "4 hours"}},
		tale{who: "elena", words: "aws production", role: "AWS: Production operator", bosses: []string{"omar", "samuel"}, lengths: []string{"1 hour", "4 hours", "8 hours"}},
		tale{who: "quinn", words: "snowflake", role: "Snowflake: Analyst", bosses: []string{"nadia", "anders"}, lengths: []string{"1 day"}},
		tale{who: "petra", words: "salesforce reports", role: "Salesforce: Reports", bosses: []string{"grace"}, lengths: []string{"1 day"}},
		tale{who: "carla", words: "salesforce reports", role: "Salesforce: Reports", bosses: []string{"grace"}, lengths: []string{"1 day"}},
		tale{who: "hugo", words: "zoom", role: "Zoom: Webinar host", lengths: []string{"1 day"}},
		tale{who: "maya", words: "github read", role: "GitHub: Read", lengths: []string{"1 hour", "6 hours"}},
		tale{who: "kenji", words: "datadog", role: "Datadog: Viewer", lengths: []string{"1 hour", "6 hours"}},
	)
}

// taleOf is what the dice of a round make of the tales.
func taleOf(round string, among []tale) tale {
	rng := dice("tale " + round)
	t := among[rng.IntN(len(among))]
	t.length = t.lengths[rng.IntN(len(t.lengths))]
	for range t.bosses {
		t.thinks = append(t.thinks, pace(rng))
	}
	if rng.IntN(3) == 0 {
		t.release = time.Minute + time.Duration(rng.IntN(20))*time.Minute
	}
	if t.slow = []string{"", "okta", "jira", "slack"}[rng.IntN(4)]; t.slow != "" {
		t.lag = time.Duration(50+rng.IntN(600)) * time.Millisecond
	}
	return t
}

// scripted is the life of which the 55 points are.
func scripted() tale {
	return tale{who: "maya", words: "github write", role: "GitHub: Write", bosses: []string{"priya"}, length: "1 hour", thinks: []time.Duration{0}}
}

// killTale is what the dice of an entry make of the plain tales for the real binary, such that it meets the entry's point.
func killTale(entry string) tale {
	t, point := taleOf(entry, plain()), unrounded(entry)
	// Whoever is answered at once has one message less.
	t.hasty = t.thinks[0] < 500*time.Millisecond && !strings.Contains(point, "send status#")
	if strings.HasSuffix(point, " due#1") {
		t.release = 0 // What was given back never falls due.
	}
	t.lag /= 3 // It passes for real.
	return t
}

// timeOf is how long a length of the form is.
func timeOf(words string) time.Duration {
	n, unit, _ := strings.Cut(words, " ")
	return length(n + unit[:1])
}

// pace is how long somebody takes to act: at once, some seconds, some minutes or hours.
func pace(rng *rand.Rand) time.Duration {
	most := []time.Duration{500 * time.Millisecond, 10 * time.Second, 10 * time.Minute, 5 * time.Hour}[rng.IntN(4)]
	return time.Duration(rng.Int64N(int64(most)))
}

// live plays the tale and returns what the oracle finds.
func (t tale) live(w *town, ctx context.Context) []string {
	w.slow(t)
	given, over := w.state(t.who, t.role, access.GrantActive), w.state(t.who, t.role, access.GrantEnded)
	w.ask(ctx, t.who, t.words, t.role, t.length)
	for i, boss := range t.bosses {
		w.sleep(ctx, t.thinks[i])
		w.approve(ctx, boss, t.role)
	}
	w.until(ctx, t.who+" has it", given)
	w.until(ctx, t.who+" is told", func() bool { return w.told(t.who, "active") })
	if t.release > 0 {
		w.sleep(ctx, t.release)
		w.press(ctx, t.who, "Release", over)
	} else {
		w.sleep(ctx, w.grantOf(t.who, t.role).DueAt.Sub(w.world.Clock.Now()))
	}
	w.until(ctx, t.who+"'s time is over", over)
	w.settle(ctx)
	return append(w.judge(ctx), w.truthful()...)
}

// slow has every request to the slow vendor take its time, from now on and in every life.
func (w *town) slow(t tale) {
	w.lag = func(addr string) time.Duration {
		if t.slow != "" && addr == hostOf(w.world.Environment(), t.slow) {
			return t.lag
		}
		return 0
	}
}

// hostOf is where a vendor listens.
func hostOf(env map[string]string, vendor string) string {
	u, _ := url.Parse(env[map[string]string{"okta": "USHER_OKTA_URL", "jira": "USHER_JIRA_URL", "slack": "USHER_SLACK_API_URL"}[vendor]])
	return u.Host
}

// slowConn takes its time to send.
type slowConn struct {
	net.Conn
	lag time.Duration
}

func (c slowConn) Write(b []byte) (int, error) {
	time.Sleep(c.lag)
	return c.Conn.Write(b)
}

// livesOf are the points of as many tales as there are rounds, each with the number of its round.
func livesOf(t *testing.T, n int) (list []string) {
	t.Helper()
	for i := range n {
		round := fmt.Sprint(i + 1)
		report(t, inTown(t, setup{}, func(ctx context.Context, w *town) []string {
			faults := taleOf(round, tales()).live(w, ctx)
			_, hits := w.counts()
			for _, p := range withLost(hits) {
				list = append(list, p+"~"+round)
			}
			return faults
		}))
	}
	return list
}

// playOf is the point and the story of an entry: the scripted life, or that of its round.
func playOf(entry string) (point string, s story) {
	point, round, varied := strings.Cut(strings.ReplaceAll(entry, "_", " "), "~") // As -run spells it.
	if !varied {
		return point, (*town).live
	}
	return point, taleOf(round, tales()).live
}
