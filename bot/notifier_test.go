package bot

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"

	"usher/access"
	"usher/sandbox/slacksim"
)

func question(r access.Request) access.Message {
	return access.Message{Kind: access.MessageAsk, To: bob(), Request: r, Open: true}
}

func posts(s *stage) int {
	n := 0
	for _, c := range s.sim.Calls() {
		if c.Name == "chat.postMessage" && c.Changed {
			n++
		}
	}
	return n
}

func TestAMessageIsPostedOnceAndThenBroughtUpToDate(t *testing.T) {
	t.Parallel()
	s := build(t, nil)
	at, err := s.send(question(pendingRequest(1)))
	s.must(err)
	if !strings.HasPrefix(at.Channel, "D") || at.TS == "" {
		t.Fatalf("%+v", at)
	}
	m := question(ended(pendingRequest(1), access.RequestApproved, approvedBy(bob())))
	m.At, m.Open = at, false
	again, err := s.send(m)
	s.must(err)
	now, _ := s.sim.Message(at.Channel, at.TS)
	if again != at || posts(s) != 1 || !strings.Contains(now.Plain(), "Approved by Bob Ito") || strings.Contains(now.Plain(), "[Approve]") {
		t.Errorf("%+v, %d posts:\n%s", again, posts(s), now.Plain())
	}
	var mark struct {
		Type    string            `json:"event_type"`
		Payload map[string]string `json:"event_payload"`
	}
	s.must(json.Unmarshal(now.Metadata, &mark))
	if mark.Type != metadataEvent || mark.Payload["request"] != testID(1) || mark.Payload["kind"] != "ask" || mark.Payload["person"] != string(bob().User) {
		t.Errorf("%s", now.Metadata)
	}
}

func TestALostAnswerMakesNoSecondMessage(t *testing.T) {
	t.Parallel()
	s := build(t, nil)
	s.sim.Inject(slacksim.Fault{Name: "chat.postMessage", Kind: slacksim.LostAnswer, Times: 1})
	other := question(pendingRequest(2))
	_, err := s.send(question(pendingRequest(1)))
	var te *access.TargetError
	if !errors.As(err, &te) || !te.Transient || !te.Sent || te.Target != access.TargetSlack {
		t.Fatalf("%#v", err)
	}
	_, err = s.send(other) // Another message in the same DM is not mistaken for it.
	s.must(err)
	m := question(pendingRequest(1))
	m.Again = true
	at, err := s.send(m)
	s.must(err)
	if posts(s) != 2 || at.TS == "" {
		t.Errorf("%d posts, %+v", posts(s), at)
	}
	for _, x := range s.sim.Messages(id(bob())) {
		if x.TS == at.TS && !strings.Contains(string(x.Metadata), testID(1)) {
			t.Errorf("found another message: %s", x.Metadata)
		}
	}
}

func TestAPostThatNeverArrivedIsMadeAgain(t *testing.T) {
	t.Parallel()
	s := build(t, nil)
	s.sim.Inject(slacksim.Fault{Name: "chat.postMessage", Kind: slacksim.ResetBefore, Times: 1})
	m := question(pendingRequest(1))
	if _, err := s.send(m); err == nil {
		t.Fatal("the cut connection was not noticed")
	}
	m.Again = true
	_, err := s.send(m)
	s.must(err)
	if n := posts(s); n != 1 {
		t.Errorf("%d posts", n)
	}
}

func TestNothingIsPostedWhileLookingFails(t *testing.T) {
	t.Parallel()
	s := build(t, nil)
	s.sim.Inject(slacksim.Fault{Name: "conversations.history", Kind: slacksim.Error500})
	m := question(pendingRequest(1))
	m.Again = true
	_, err := s.send(m)
	var te *access.TargetError
	if !errors.As(err, &te) || !te.Transient || te.Sent || posts(s) != 0 {
		t.Errorf("%v, %d posts", err, posts(s))
	}
}

func TestWithoutThePermissionToLookItPosts(t *testing.T) {
	t.Parallel()
	s := build(t, func(c *slacksim.Config, _ *Config) {
		c.Manifest = []byte(strings.Replace(string(c.Manifest), "- im:history", "- team:read", 1))
	})
	m := question(pendingRequest(1))
	m.Again = true
	_, err := s.send(m)
	s.must(err)
	if n := posts(s); n != 1 {
		t.Errorf("%d posts", n)
	}
}

func TestErrorsAreTranslated(t *testing.T) {
	t.Parallel()
	timeout := &net.OpError{Op: "read", Err: errors.New("i/o timeout")}
	for name, c := range map[string]struct {
		err             error
		transient, sent bool
		after           time.Duration
	}{
		"rate limit":      {&slack.RateLimitedError{RetryAfter: 30 * time.Second}, true, false, 30 * time.Second},
		"bare 429":        {slack.StatusCodeError{Code: http.StatusTooManyRequests}, true, false, 0},
		"200 ratelimited": {slack.SlackErrorResponse{Err: "ratelimited"}, true, false, 0},
		"502":             {slack.StatusCodeError{Code: http.StatusBadGateway}, true, true, 0},
		"404 of a proxy":  {slack.StatusCodeError{Code: http.StatusNotFound}, true, false, 0},
		"too much":        {slack.StatusCodeError{Code: http.StatusRequestEntityTooLarge}, false, false, 0},
		"not let in":      {slack.SlackErrorResponse{Err: "access_denied"}, true, false, 0},
		"internal":        {slack.SlackErrorResponse{Err: "internal_error"}, true, true, 0},
		"no channel":      {slack.SlackErrorResponse{Err: "channel_not_found"}, false, false, 0},
		"disabled":        {slack.SlackErrorResponse{Err: "user_disabled"}, false, false, 0},
		"no message":      {slack.SlackErrorResponse{Err: "message_not_found"}, false, false, 0},
		"blocks":          {slack.SlackErrorResponse{Err: "invalid_blocks"}, false, false, 0},
		"never heard of":  {slack.SlackErrorResponse{Err: "cannot_dm_bot"}, false, false, 0},
		"revoked":         {slack.SlackErrorResponse{Err: "token_revoked"}, true, false, 0},
		"timeout":         {context.DeadlineExceeded, true, true, 0},
		"network":         {timeout, true, true, 0},
		"no connection":   {&net.OpError{Op: "dial", Err: errors.New("refused")}, true, false, 0},
		"unreadable":      {errors.New("unexpected end of JSON input"), true, true, 0},
	} {
		var te *access.TargetError
		if !errors.As(translate("post ask", c.err, true), &te) || te.Transient != c.transient || te.Sent != c.sent || te.RetryAfter != c.after {
			t.Errorf("%s: %+v", name, te)
		}
	}
	if translate("x", nil, true) != nil {
		t.Error("nothing became an error")
	}
	if got := translate("x", errors.New("Post https://x/?ticket=secret"), false).Error(); strings.Contains(got, "secret") {
		t.Errorf("%s", got)
	}
}

func TestSlacksOwnWordsDecideWhatAPostMeans(t *testing.T) {
	t.Parallel()
	s := build(t, nil)
	m := question(pendingRequest(1))
	m.To.Slack = "U1GONE"
	var te *access.TargetError
	if _, err := s.send(m); !errors.As(err, &te) || te.Transient {
		t.Errorf("deactivated: %v", err)
	}
	m.To.Slack = ""
	if _, err := s.send(m); !errors.As(err, &te) || te.Transient {
		t.Errorf("nobody: %v", err)
	}
	m = question(pendingRequest(1))
	m.At = access.MessageRef{Channel: s.sim.DM(id(bob())), TS: "1.1"}
	if _, err := s.send(m); !errors.As(err, &te) || te.Transient {
		t.Errorf("deleted message: %v", err)
	}
	s.sim.Inject(slacksim.Fault{Name: "chat.postMessage", Kind: slacksim.RateLimit, Times: 1, After: 7 * time.Second})
	if _, err := s.send(question(pendingRequest(1))); !errors.As(err, &te) || !te.Transient || te.RetryAfter != 7*time.Second || te.Sent {
		t.Errorf("rate limit: %+v", te)
	}
}

func TestPeopleAreFoundByEMail(t *testing.T) {
	t.Parallel()
	s := build(t, nil)
	p, err := s.note.Find(s.ctx, bob().Email)
	s.must(err)
	if p.ID != bob().Slack || p.Email != bob().Email || !p.EmailConfirmed || p.Deleted || p.Guest || p.Bot || p.Outsider {
		t.Errorf("%+v", p)
	}
	var te *access.TargetError
	if _, err := s.note.Find(s.ctx, "nobody@example.com"); !errors.As(err, &te) || te.Transient {
		t.Errorf("%v", err)
	}
}

func TestEveryMessageIsTakenBySlack(t *testing.T) {
	t.Parallel()
	s := build(t, nil)
	for name, v := range gallery() {
		m, ok := v.(message)
		if !ok {
			continue
		}
		_, ts, err := s.note.api.PostMessageContext(s.ctx, id(bob()), slack.MsgOptionText(m.Text, false), slack.MsgOptionBlocks(m.Blocks...))
		if err != nil || ts == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
}
