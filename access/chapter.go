package access

// Chapter counts the parts of a request's story. The requester hears of each by a message of its own, for Slack notifies of
// new messages and not of changed ones (it sends a change as a hidden event:
// https://docs.slack.dev/reference/events/message/message_changed/). Within a chapter the message is brought up to date.
type Chapter int

const (
	// ChapterAsked lasts until the requester gets what was asked for, or does not.
	ChapterAsked Chapter = iota
	// ChapterAnswered begins when the access is there, or it is certain that it will not be. It holds the expected end, too,
	// of which a notice has told.
	ChapterAnswered
	// ChapterTaken begins when somebody else ends the access before its time.
	ChapterTaken
)

// chapterOf is where the story stands. What the requester does is no news to them.
func chapterOf(r Request, g *Grant) Chapter {
	switch r.State {
	case RequestPending:
		return ChapterAsked
	case RequestCanceled:
		if r.Withdrawn == "" {
			return ChapterAsked
		}
		return ChapterAnswered
	case RequestDenied, RequestExpired:
		return ChapterAnswered
	case RequestApproved:
	}
	if r.Kind == KindExtension {
		if r.Extended || r.Failure != "" {
			return ChapterAnswered
		}
		return ChapterAsked
	}
	if g == nil {
		return ChapterAsked
	}
	switch g.State {
	case GrantProvisioning:
		if g.Failure == "" {
			return ChapterAsked
		}
	case GrantRevoking, GrantEnded:
		if g.EndReason != EndExpired && g.EndReason != EndReleased {
			return ChapterTaken
		}
	case GrantActive, GrantFailed:
	}
	return ChapterAnswered
}
