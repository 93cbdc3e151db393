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

// mark tells one message of Usher from all others in the same DM.
func mark(m access.Message) map[string]any {
	all := thing(m)
	if c := chapterMark(m); c != "" {
		all[chapterKey] = c
	}
	return all
}

// thing is the part of the mark that the messages of all chapters share.
func thing(m access.Message) map[string]any {
	kind := m.Kind
	if kind == access.MessageFolded {
		kind = access.MessageStatus
	}
	return map[string]any{"kind": string(kind), "request": string(m.Request.ID), "person": string(m.To.User)}
}

const (
	chapterKey = "chapter"
	folded     = "over" // The chapter of a message that was replaced.
)

// chapterMark spells the chapter; the first has none, and one that was replaced is over.
func chapterMark(m access.Message) string {
	switch {
	case m.Kind == access.MessageFolded:
		return folded
	case m.Chapter == access.ChapterAsked:
		return ""
	}
	return strconv.Itoa(int(m.Chapter))
}

// find looks for the very message in the person's DM, and for those of earlier chapters, whose answers may have been lost, too; a
// zero value when none ever arrived. Only when Slack does not let it look does it give up looking: a second copy is better
// than none.
func (n *Notifier) find(ctx context.Context, m access.Message) (access.Receipt, error) {
	var got access.Receipt
	channel, err := n.dm(ctx, m.To.Slack)
	if err != nil {
		return n.unseen("open dm", err)
	}
	p := &slack.GetConversationHistoryParameters{
		ChannelID: channel, Limit: 100, IncludeAllMetadata: true,
		Oldest: fmt.Sprintf("%d.000000", m.Request.CreatedAt.Add(-time.Hour).Unix()),
	}
	for range 20 {
		h, err := n.api.GetConversationHistoryContext(ctx, p)
		if err != nil {
			return n.unseen("read dm", err)
		}
		for _, x := range h.Messages { // In whichever order: Slack's words on that have changed.
			at := access.MessageRef{Channel: channel, TS: x.Timestamp}
			chapter, _ := x.Metadata.EventPayload[chapterKey].(string)
			switch {
			case !isMarked(x.Metadata, thing(m)) || chapter == folded:
			case chapter != chapterMark(m):
				got.Old = append(got.Old, at)
			case got.At.TS < at.TS: // Of one length, so they compare like numbers.
				got.At = at
			}
		}
		if p.Cursor = h.ResponseMetaData.NextCursor; !h.HasMore || p.Cursor == "" || got.At != (access.MessageRef{}) && m.Chapter == access.ChapterAsked {
			break
		}
	}
	return got, nil
}

func (n *Notifier) unseen(op string, err error) (access.Receipt, error) {
	if code(err) == "missing_scope" {
		n.log.Warn("cannot look for an earlier copy, posting anyway", "op", op, "err", safeCause(err))
		return access.Receipt{}, nil
	}
	return access.Receipt{}, translate(op, err, false)
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
