package bot

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/slack-go/slack"

	"usher/access"
)

// metadataEvent marks Usher's own messages, so that one whose posting got no answer can be found again.
const metadataEvent = "usher_message"

// thing tells what a message is about from all others in the same DM. The messages of all chapters share it.
func thing(m access.Message) map[string]any {
	return map[string]any{"kind": string(m.Kind), "request": string(m.Request.ID), "person": string(m.To.User)}
}

const chapterKey = "chapter"

// chapterMark spells the chapter; the first has none.
func chapterMark(m access.Message) string {
	if m.Chapter == access.ChapterAsked {
		return ""
	}
	return strconv.Itoa(int(m.Chapter))
}

// earlier is a message that was sent before, and its chapter.
type earlier struct {
	at      access.MessageRef
	chapter string
}

// find looks for the newest message about the very thing in the person's DM; the zero value when none ever arrived. Only when
// Slack does not let it look does it give up looking: a second copy is better than none.
func (n *Notifier) find(ctx context.Context, m access.Message) (earlier, error) {
	channel, err := n.dm(ctx, m.To.Slack)
	if err != nil {
		return n.unseen("open dm", err)
	}
	p := &slack.GetConversationHistoryParameters{
		ChannelID: channel, Limit: 100, IncludeAllMetadata: true,
		Oldest: fmt.Sprintf("%d.000000", m.Request.CreatedAt.Add(-time.Hour).Unix()),
	}
	want := thing(m)
	for range 20 {
		h, err := n.api.GetConversationHistoryContext(ctx, p)
		if err != nil {
			return n.unseen("read dm", err)
		}
		for _, x := range h.Messages { // The newest comes first.
			if isMarked(x.Metadata, want) {
				chapter, _ := x.Metadata.EventPayload[chapterKey].(string)
				return earlier{access.MessageRef{Channel: channel, TS: x.Timestamp}, chapter}, nil
			}
		}
		if p.Cursor = h.ResponseMetaData.NextCursor; !h.HasMore || p.Cursor == "" {
			break
		}
	}
	return earlier{}, nil
}

func (n *Notifier) unseen(op string, err error) (earlier, error) {
	if code(err) == "missing_scope" {
		n.log.Warn("cannot look for an earlier copy, posting anyway", "op", op, "err", safeCause(err))
		return earlier{}, nil
	}
	return earlier{}, translate(op, err, false)
}

func isMarked(got slack.SlackMetadata, want map[string]any) bool {
	if got.EventType != metadataEvent {
		return false
	}
	for k, v := range want {
		if got.EventPayload[k] != v {
			return false
		}
	}
	return true
}
