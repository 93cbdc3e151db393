package bot

import (
	"errors"
	"slices"
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

func TestANewChapterIsANewMessageHoweverOftenItIsTried(t *testing.T) {
	t.Parallel()
	for name, kind := range map[string]slacksim.FaultKind{"all well": "", "the answer is lost": slacksim.LostAnswer, "it does not arrive": slacksim.ResetBefore} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := build(t, nil)
			waits, answer := chapters()
			first, err := s.send(waits)
			s.must(err)
			if kind != "" {
				s.sim.Inject(slacksim.Fault{Name: "chat.postMessage", Kind: kind, Times: 1})
			}
			got := access.Receipt{}
			for err = errors.New("not tried"); err != nil && posts(s) < 5; {
				got, err = s.note.Send(s.ctx, answer)
				answer.Again = true
			}
			s.must(err)
			live, _ := s.sim.Message(got.At.Channel, got.At.TS)
			if posts(s) != 2 || got.At == first || !strings.Contains(live.Plain(), "active") || !strings.Contains(live.Notified, "active") {
				t.Errorf("%d posts, at %v after %v, which says\n%s", posts(s), got.At, first, live.Plain())
			}
		})
	}
}

func TestAMessageThatWasReplacedPointsToTheNewerOne(t *testing.T) {
	t.Parallel()
	s := build(t, nil)
	waits, _ := chapters()
	first, err := s.send(waits)
	s.must(err)
	waits.Kind, waits.At = access.MessageFolded, first
	for range 2 {
		at, err := s.send(waits)
		s.must(err)
		old, _ := s.sim.Message(first.Channel, first.TS)
		if at != first || posts(s) != 1 || !strings.Contains(old.Plain(), "newer message") || strings.Contains(old.Plain(), "[") {
			t.Errorf("%d posts, at %v:\n%s", posts(s), at, old.Plain())
		}
	}
}

// A first message whose answer was lost, and that came before a restart, is found although the story has gone on.
func TestAForgottenMessageOfAnEarlierChapterIsReported(t *testing.T) {
	t.Parallel()
	s := build(t, nil)
	waits, answer := chapters()
	first, err := s.send(waits)
	s.must(err)
	answer.Again = true // Where the first one is, nobody knows.
	got, err := s.note.Send(s.ctx, answer)
	s.must(err)
	again, err := s.note.Send(s.ctx, answer) // Its answer is lost, too.
	s.must(err)
	if got.At == first || !slices.Equal(got.Old, []access.MessageRef{first}) || again.At != got.At || posts(s) != 2 {
		t.Errorf("first %v, then %+v and %+v, %d posts", first, got, again, posts(s))
	}
}
