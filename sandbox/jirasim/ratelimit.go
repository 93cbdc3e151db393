package jirasim

import (
	"math"
	"net/http"
	"strconv"
	"time"
)

const tooManyText = "Rate limit exceeded."

// bucket is a token bucket for one endpoint and method, or the recent writes to one issue.
type bucket struct {
	tokens float64
	at     time.Time
	writes []time.Time
}

func seconds(d time.Duration) string {
	return strconv.Itoa(int(math.Ceil(d.Seconds())))
}

// tooMany is Jira's answer to too many calls.
func tooMany(limit int, now time.Time, wait time.Duration, reason string) *refusal {
	e := refuse(http.StatusTooManyRequests, tooManyText)
	e.header = map[string]string{
		"Retry-After":           seconds(wait),
		"X-RateLimit-Limit":     strconv.Itoa(limit),
		"X-RateLimit-Remaining": "0",
		"X-RateLimit-Reset":     now.Add(wait).UTC().Format("2006-01-02T15:04Z"),
		"RateLimit-Reason":      reason,
	}
	return e
}

// limit takes one token from the bucket of the endpoint and method.
func (c *call) limit() error {
	l := c.s.limits
	if l.Off {
		return nil
	}
	rate := map[string]int{http.MethodPost: l.Post, http.MethodPut: l.Put, http.MethodDelete: l.Delete}[c.r.Method]
	switch {
	case rate != 0:
	case c.name == "issue.get":
		rate = l.GetIssue
	case c.name == "changelog.list":
		rate = l.Changelog
	default:
		rate = l.Get
	}
	b := c.s.buckets[c.name]
	if b == nil {
		b = &bucket{tokens: float64(rate), at: c.at}
		c.s.buckets[c.name] = b
	}
	if passed := c.at.Sub(b.at); passed > 0 {
		b.tokens = math.Min(float64(rate), b.tokens+passed.Seconds()*float64(rate))
		b.at = c.at
	}
	if b.tokens < 1 {
		return tooMany(rate, c.at, time.Second, "jira-burst-based")
	}
	b.tokens--
	c.headers = http.Header{}
	c.headers.Set("X-RateLimit-Limit", strconv.Itoa(rate))
	c.headers.Set("X-RateLimit-Remaining", strconv.Itoa(int(b.tokens)))
	if b.tokens < float64(rate)/5 {
		c.headers.Set("X-RateLimit-NearLimit", "true")
	}
	return nil
}

// limitIssue counts a write to one issue: at most 20 in 2 s and 100 in 30 s.
func (c *call) limitIssue(is *issue) error {
	l := c.s.limits
	if l.Off {
		return nil
	}
	key := "issue " + is.key
	b := c.s.buckets[key]
	if b == nil {
		b = &bucket{}
		c.s.buckets[key] = b
	}
	const short, long = 2 * time.Second, 30 * time.Second
	var kept []time.Time
	recent := 0
	for _, t := range b.writes {
		if c.at.Sub(t) < long {
			kept = append(kept, t)
			if c.at.Sub(t) < short {
				recent++
			}
		}
	}
	b.writes = kept
	const reason = "jira-per-issue-on-write"
	if recent >= l.IssueShort {
		return tooMany(l.IssueShort, c.at, kept[len(kept)-l.IssueShort].Add(short).Sub(c.at), reason)
	}
	if len(kept) >= l.IssueLong {
		return tooMany(l.IssueLong, c.at, kept[len(kept)-l.IssueLong].Add(long).Sub(c.at), reason)
	}
	b.writes = append(b.writes, c.at)
	return nil
}
