package bot

import (
	"sync"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/slackevents"
)

// lane is how a delivery is acknowledged and by whom it is worked on. What waits is bounded in number and size; what does
// not fit is not acknowledged, so that Slack tells the person or sends it again.
type lane int

const (
	// laneNow is for what is noted in memory by the reader itself: events. If the process dies, the next opening of the
	// Home tab makes up for it.
	laneNow lane = iota
	// laneShow is for what only shows something: commands, shortcuts, clicks that open, turn or redraw. It is acknowledged
	// by the reader when it was taken on: a process that dies loses a window and nothing else.
	laneShow
	// laneAnswer is for searches and submissions, whose acknowledgement carries the answer. When the work takes long, a
	// stand-in says that it goes on; that one may be lost with the process, and the person sees no end of it and may send
	// the form again, which files it once.
	laneAnswer
	// laneDecide is for clicks that change something: approve, cancel, release, extend. Nothing stands in for their
	// acknowledgement: it comes when the change is durable or refused. A click that takes too long for Slack gets Slack's
	// own warning, and its outcome shows in the messages. The event that somebody has left goes here too: Slack sends it
	// again until it is acknowledged.
	laneDecide
)

func laneOf(data any) lane {
	switch d := data.(type) {
	case slackevents.EventsAPIEvent:
		if u, ok := d.InnerEvent.Data.(*slackevents.UserChangeEvent); ok && u.User.Deleted {
			return laneDecide
		}
		return laneNow
	case slack.InteractionCallback:
		switch d.Type { //nolint:exhaustive // The others open something.
		case slack.InteractionTypeBlockSuggestion, slack.InteractionTypeViewSubmission:
			return laneAnswer
		case slack.InteractionTypeViewClosed:
			return laneNow
		case slack.InteractionTypeBlockActions:
			for _, a := range d.ActionCallback.BlockActions {
				if a != nil && changes(a.ActionID) {
					return laneDecide
				}
			}
		}
	}
	return laneShow
}

// changes tells the buttons that change something at once from those that show or ask something first.
func changes(action string) bool {
	return action == actionApprove || action == actionCancel || action == actionRelease || action == actionExtend
}

const (
	// backlogMax is how many deliveries may wait in each queue, backlogBytes how large all that wait or are worked on may
	// be as Slack sent them; in memory they take a few times that.
	backlogMax   = 4096
	backlogBytes = 16 << 20
)

// backlog is what was taken on and waits for a worker. Windows wait apart from decisions, so that neither a flood of
// commands nor a slow Web API holds up an approval.
type backlog struct {
	show, decide chan job

	mu     sync.Mutex
	closed bool
	bytes  int
	peak   int // The most that ever waited, in deliveries.
}

func newBacklog(places int) *backlog {
	return &backlog{show: make(chan job, places), decide: make(chan job, places)}
}

func (q *backlog) queue(l lane) chan job {
	if l == laneShow {
		return q.show
	}
	return q.decide
}

// put takes a job on, if there is room.
func (q *backlog) put(l lane, j job) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed || q.bytes+j.size > backlogBytes {
		return false
	}
	select {
	case q.queue(l) <- j:
		q.bytes += j.size
		q.peak = max(q.peak, len(q.show)+len(q.decide))
		return true
	default:
		return false
	}
}

func (q *backlog) done(j job) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.bytes -= j.size
}

// close lets the workers end after what was taken on. It is safe to call twice.
func (q *backlog) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.closed {
		q.closed = true
		close(q.show)
		close(q.decide)
	}
}
