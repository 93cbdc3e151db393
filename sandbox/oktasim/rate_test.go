package oktasim_test

import (
	"net/http"
	"strconv"
	"testing"
	"time"

	"usher/sandbox/oktasim"
)

func rates(t *testing.T, g got) (limit, remaining int, reset int64) {
	t.Helper()
	var out [3]int64
	for i, name := range []string{"X-Rate-Limit-Limit", "X-Rate-Limit-Remaining", "X-Rate-Limit-Reset"} {
		n, err := strconv.ParseInt(g.header.Get(name), 10, 64)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		out[i] = n
	}
	return int(out[0]), int(out[1]), out[2]
}

func TestOneTokenMayUseHalfOfABucket(t *testing.T) {
	t.Parallel()
	c := newClock()
	cfg := company(c)
	cfg.Limits = map[string]int{oktasim.BucketLogs: 6}
	o := start(t, cfg)
	first := c.now()
	for i := range 3 {
		limit, remaining, reset := rates(t, o.get("/api/v1/logs").want(t, 200))
		// The window starts at the first call, not at a full minute; its end is rounded up.
		if limit != 3 || remaining != 2-i || reset != first.Add(time.Minute).Unix()+1 {
			t.Fatalf("call %d: %d/%d until %d", i, remaining, limit, reset)
		}
		c.move(10 * time.Second)
	}
	g := o.get("/api/v1/logs").refusal(t, http.StatusTooManyRequests, "E0000047")
	_, remaining, reset := rates(t, g)
	date, err := http.ParseTime(g.header.Get("Date"))
	if err != nil || remaining != 0 || reset-date.Unix() != 31 {
		t.Fatalf("429 with remaining %d, reset %d, date %v (%v)", remaining, reset, date, err)
	}
	o.as(groupSecret).get("/api/v1/logs").want(t, 200) // another token has its own half
	o.get("/api/v1/groups").want(t, 200)               // another bucket is not touched
	c.move(30*time.Second - time.Millisecond)
	o.get("/api/v1/logs").want(t, 429)
	c.move(time.Millisecond)
	_, remaining, _ = rates(t, o.get("/api/v1/logs").want(t, 200))
	if remaining != 2 {
		t.Errorf("a new window begins with %d left after one call", remaining)
	}
}

func TestTokensTogetherMayNotExceedTheOrganizationsLimit(t *testing.T) {
	t.Parallel()
	cfg := company(newClock())
	cfg.Limits = map[string]int{oktasim.BucketAll: 4}
	o := start(t, cfg)
	for range 2 {
		o.get("/api/v1/groups").want(t, 200)
		o.as(groupSecret).get("/api/v1/groups").want(t, 200)
	}
	o.as(readerSecret).get("/api/v1/groups").refusal(t, http.StatusTooManyRequests, "E0000047")
}

func TestMostSpecificBucketCounts(t *testing.T) {
	t.Parallel()
	o := start(t, company(newClock()))
	for path, share := range map[string]int{
		"/api/v1/users": 300, "/api/v1/users/00u1": 1000, "/api/v1/groups": 250, "/api/v1/groups/00g1": 500,
		"/api/v1/groups/00g1/users": 600, "/api/v1/logs": 60, "/api/v1/apps/0oa1/users": 50,
	} {
		if limit, _, _ := rates(t, o.get(path)); limit != share {
			t.Errorf("%s: limit %d, want %d", path, limit, share)
		}
	}
}

func TestTooManyCallsAtOnceGetTheConcurrencyAnswer(t *testing.T) {
	t.Parallel()
	cfg := company(newClock())
	cfg.Concurrency = 1
	o := start(t, cfg)
	o.Inject(oktasim.Fault{Name: "user.list", Kind: oktasim.HangBefore, Times: 1})
	waiting := o.Waiting("user.list")
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = o.try(t.Context(), http.MethodGet, "/api/v1/users", "")
	}()
	<-waiting
	g := o.get("/api/v1/groups").refusal(t, http.StatusTooManyRequests, "E0000047")
	limit, remaining, reset := rates(t, g)
	if limit != 0 || remaining != 0 || reset == 0 {
		t.Errorf("concurrency answer: %d/%d until %d", remaining, limit, reset)
	}
	o.ReleaseHangs()
	<-done
	// The place is given back a moment after the client has its answer.
	for end := time.Now().Add(5 * time.Second); o.get("/api/v1/groups").status != http.StatusOK; {
		if time.Now().After(end) {
			t.Fatal("the place was never given back")
		}
	}
}
