package bot

import (
	"context"
	"maps"
	"sync"
	"time"

	"usher/access"
)

// homeOpen is how long after its opening a Home tab is kept up to date.
const homeOpen = 15 * time.Minute

// homesMax bounds the number of tabs that are kept in mind.
const homesMax = 5000

// homes knows which Home tabs were opened lately and which of them are outdated. Many changes become one drawing.
type homes struct {
	now  func() time.Time
	wake chan struct{}

	mu   sync.Mutex
	tabs map[access.SlackID]*tab
}

type tab struct {
	opened time.Time
	dirty  bool
	busy   bool
	pages  pages
}

func newHomes(now func() time.Time) *homes {
	return &homes{now: now, wake: make(chan struct{}, 1), tabs: map[access.SlackID]*tab{}}
}

func (h *homes) nudge() {
	select {
	case h.wake <- struct{}{}:
	default:
	}
}

// opened notes that somebody looks at their tab now, on the first page unless turned to another.
func (h *homes) opened(who access.SlackID) {
	h.mu.Lock()
	h.forgetOld()
	h.tabs[who] = &tab{opened: h.now(), dirty: true, busy: h.busy(who), pages: pages{}}
	h.mu.Unlock()
	h.nudge()
}

func (h *homes) busy(who access.SlackID) bool {
	t := h.tabs[who]
	return t != nil && t.busy
}

// forgetOld makes room: tabs that are not kept up to date any more go first, then any.
func (h *homes) forgetOld() {
	if len(h.tabs) < homesMax {
		return
	}
	maps.DeleteFunc(h.tabs, func(_ access.SlackID, t *tab) bool { return !t.busy && h.now().Sub(t.opened) > homeOpen })
	for who, t := range h.tabs {
		if len(h.tabs) < homesMax {
			return
		}
		if !t.busy {
			delete(h.tabs, who)
		}
	}
}

// turn goes to another page of a section.
func (h *homes) turn(who access.SlackID, section string, from int) {
	h.mu.Lock()
	t := h.tabs[who]
	if t == nil {
		t = &tab{pages: pages{}}
		h.tabs[who] = t
	}
	t.opened, t.dirty = h.now(), true
	t.pages = maps.Clone(t.pages)
	t.pages[section] = from
	h.mu.Unlock()
	h.nudge()
}

// used keeps a tab alive on which a button was pressed, and draws it again.
func (h *homes) used(who access.SlackID) {
	h.mu.Lock()
	t := h.tabs[who]
	if t == nil {
		t = &tab{pages: pages{}}
		h.tabs[who] = t
	}
	t.opened, t.dirty = h.now(), true
	h.mu.Unlock()
	h.nudge()
}

func (h *homes) changed(people ...access.SlackID) {
	some := false
	h.mu.Lock()
	for _, who := range people {
		if t := h.tabs[who]; t != nil && h.now().Sub(t.opened) <= homeOpen {
			t.dirty, some = true, true
		}
	}
	h.mu.Unlock()
	if some {
		h.nudge()
	}
}

// take hands out one outdated tab that nobody is drawing.
func (h *homes) take() (access.SlackID, pages, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for who, t := range h.tabs {
		if t.dirty && !t.busy {
			t.dirty, t.busy = false, true
			return who, t.pages, true
		}
	}
	return "", nil, false
}

func (h *homes) done(who access.SlackID) {
	h.mu.Lock()
	if t := h.tabs[who]; t != nil {
		t.busy = false
	}
	h.mu.Unlock()
	h.nudge()
}

// run draws outdated tabs until ctx ends, a few at once, each person's one at a time.
func (h *homes) run(ctx context.Context, draw func(context.Context, access.SlackID, pages)) {
	places := make(chan struct{}, 4)
	var work sync.WaitGroup
	defer work.Wait()
	for {
		select {
		case <-ctx.Done():
			return
		case <-h.wake:
		}
		for ctx.Err() == nil {
			select {
			case <-ctx.Done():
				return
			case places <- struct{}{}:
			}
			who, at, ok := h.take()
			if !ok {
				<-places
				break
			}
			work.Go(func() {
				defer func() { <-places }()
				defer h.done(who)
				draw(ctx, who, at)
			})
		}
	}
}
