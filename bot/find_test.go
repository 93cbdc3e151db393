package bot

import (
	"errors"
	"strings"
	"testing"

	"usher/access"
	"usher/sandbox/slacksim"
)

// chapters are the requester's message while a request waits, and the one that brings the answer.
func chapters() (waits, answer access.Message) {
	waits = access.Message{Kind: access.MessageStatus, To: ann(), Request: pendingRequest(1)}
	r, g := granted(1, access.GrantActive, nil)
	return waits, access.Message{Kind: access.MessageStatus, To: ann(), Request: r, Grant: g, Chapter: access.ChapterAnswered}
}

func TestANewChapterIsANewMessageAndTheOldOnePointsToIt(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fault slacksim.Fault
		posts int // Of all messages, those that Slack took.
		tries int
	}{
		"all well":                     {slacksim.Fault{}, 2, 1},
		"the answer is lost":           {slacksim.Fault{Name: "chat.postMessage", Kind: slacksim.LostAnswer, Times: 1}, 2, 2},
		"the post does not arrive":     {slacksim.Fault{Name: "chat.postMessage", Kind: slacksim.ResetBefore, Times: 1}, 2, 2},
		"the old one cannot be folded": {slacksim.Fault{Name: "chat.update", Kind: slacksim.Error500, Times: 1}, 2, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := build(t, nil)
			waits, answer := chapters()
			first, err := s.note.Send(s.ctx, waits)
			s.must(err)
			if c.fault.Name != "" {
				s.sim.Inject(c.fault)
			}
			answer.Old = first
			at, tries := access.MessageRef{}, 0
			for err = errors.New("not tried"); err != nil && tries < 5; tries++ {
				at, err = s.note.Send(s.ctx, answer)
				answer.Again = true
			}
			s.must(err)
			old, _ := s.sim.Message(first.Channel, first.TS)
			live, _ := s.sim.Message(at.Channel, at.TS)
			if tries != c.tries || posts(s) != c.posts || at == first {
				t.Errorf("%d tries, %d posts, at %v after %v", tries, posts(s), at, first)
			}
			if !strings.Contains(live.Plain(), "active") || !strings.Contains(old.Plain(), "newer message") || strings.Contains(old.Plain(), "[") {
				t.Errorf("the old message:\n%s\nthe new one:\n%s", old.Plain(), live.Plain())
			}
		})
	}
}

// A first message whose answer was lost, and that came before a restart, is found although the story has gone on.
func TestAForgottenMessageOfAnEarlierChapterIsFolded(t *testing.T) {
	t.Parallel()
	s := build(t, nil)
	waits, answer := chapters()
	first, err := s.note.Send(s.ctx, waits)
	s.must(err)
	answer.Again = true // Where the first one is, nobody knows.
	at, err := s.note.Send(s.ctx, answer)
	s.must(err)
	again, err := s.note.Send(s.ctx, answer) // Its answer is lost, too.
	s.must(err)
	old, _ := s.sim.Message(first.Channel, first.TS)
	if at == first || again != at || posts(s) != 2 || !strings.Contains(old.Plain(), "newer message") {
		t.Errorf("first %v, then %v and %v, %d posts; the first says\n%s", first, at, again, posts(s), old.Plain())
	}
}

// What Slack does not let anybody change any more stays: the new message is what counts.
func TestAnOldMessageThatIsGoneHoldsNothingUp(t *testing.T) {
	t.Parallel()
	s := build(t, nil)
	_, answer := chapters()
	answer.Old = access.MessageRef{Channel: "D0NOTHING", TS: "1.000001"}
	if _, err := s.note.Send(s.ctx, answer); err != nil || posts(s) != 1 {
		t.Errorf("%v, %d posts", err, posts(s))
	}
}
