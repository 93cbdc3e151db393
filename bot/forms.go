package bot

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"sync"

	"usher/access"
)

// forms orders what happens to one open form: of several previews only the newest is shown, and none after it was sent.
type forms struct {
	mu    sync.Mutex
	open  map[string]*openForm
	order []string
}

// turn is taken by whoever holds its only place. Unlike a mutex it may be held over a call to Slack where time is virtual.
type openForm struct {
	turn   chan struct{}
	newest string // Time of the newest click.
	sent   bool
	used   bool    // It was sent at least once, so that what it was opened with may not stand there any more.
	shown  drawing // What stands in the window; the zero value when that is not known for certain.
}

func (o *openForm) take() (release func()) {
	o.turn <- struct{}{}
	return func() { <-o.turn }
}

// formsMax bounds the number of forms in mind; a form that fell out is treated as new.
const formsMax = 2000

func newForms() *forms { return &forms{open: map[string]*openForm{}} }

func (f *forms) of(view string) *openForm {
	f.mu.Lock()
	defer f.mu.Unlock()
	o, ok := f.open[view]
	if !ok {
		if len(f.order) >= formsMax {
			delete(f.open, f.order[0])
			f.order = f.order[1:]
		}
		o = &openForm{turn: make(chan struct{}, 1)}
		f.open[view] = o
		f.order = append(f.order, view)
	}
	return o
}

// clicked notes a click; clicks are compared by Slack's time, whose text form sorts.
func (o *openForm) clicked(at string) {
	defer o.take()()
	o.newest = max(o.newest, at)
}

// ifCurrent runs f unless a newer click came or the form was sent; meanwhile it is not sent.
func (o *openForm) ifCurrent(at string, f func()) {
	defer o.take()()
	if !o.sent && at >= o.newest {
		f()
	}
}

// send notes that the form was sent, or that it came back. Either may change the window.
func (o *openForm) send(yes bool) {
	defer o.take()()
	o.sent, o.used, o.shown = yes, true, drawing{}
}

// opened notes what the window was opened with, unless a click or a submission was faster and drew it anew.
func (o *openForm) opened(d drawing) {
	defer o.take()()
	if o.newest == "" && !o.used {
		o.shown = d
	}
}

// drawing is the hash of what a form shows apart from what the person chooses and types, which Slack keeps.
type drawing [sha256.Size]byte

func (f form) drawing() drawing {
	if f.Preview != nil && f.Preview.Extends.IsZero() {
		p := *f.Preview
		p.Duration, f.Duration, f.Preview = access.NotChosen, nil, &p
	}
	raw, err := json.Marshal(formView(f))
	if err != nil { // Views always encode.
		return drawing{}
	}
	return sha256.Sum256(raw)
}

// drawForm puts the form into its window, unless that shows the very same already: most lengths change nothing about who
// decides. It is called from ifCurrent.
func (b *Bot) drawForm(ctx context.Context, o *openForm, view string, f form) {
	d := f.drawing()
	if d == o.shown && d != (drawing{}) {
		return
	}
	o.shown = drawing{}
	if b.updateView(ctx, view, formView(f)) {
		o.shown = d
	}
}
