package bot

import (
	"context"
	"errors"
	"strings"
	"time"

	"usher/access"
	"usher/catalog"
)

const (
	// openWithin is how long after the click the form is waited for before a window is opened without it, for a trigger
	// lives three seconds. One call opens the form that is ready by then; the other way costs two.
	openWithin = 700 * time.Millisecond
	// quick is how long a dialog waits for what it is about.
	quick = 800 * time.Millisecond
)

// opening is somebody's wish for the form.
type opening struct {
	user, trigger string
	came          time.Time
	// words are those of the command, entitlement what was chosen on the Home tab.
	words       string
	entitlement catalog.EntitlementID
	// say answers with a sentence instead of the form.
	say func(error)
}

// openForm opens the form when it is ready soon, and otherwise a window at once that it fills later. What is refused in
// time is said instead of opening a window.
func (b *Bot) openForm(ctx context.Context, o opening) {
	ctx, cancel := context.WithCancel(ctx)
	ready := b.prepare(ctx, o)
	defer func() {
		cancel()
		for range ready { // Until the other goroutine has ended.
		}
	}()
	patience := time.NewTimer(openWithin - time.Since(o.came))
	defer patience.Stop()
	select {
	case got, ok := <-ready:
		b.openReady(ctx, o, got, ok)
		return
	case <-patience.C:
	}
	view, err := b.openView(ctx, o.trigger, loadingView())
	if err != nil {
		o.say(err)
		return
	}
	got, ok := <-ready
	if err := got.fault(ok); err != nil {
		b.logFault("open form", err)
		b.updateView(ctx, view, sentenceView(formTitle, sentenceFor(err)))
		return
	}
	if b.updateView(ctx, view, formView(got.form)) {
		b.forms.of(view).opened(got.form.drawing())
	}
}

func (b *Bot) openReady(ctx context.Context, o opening, got prepared, ok bool) {
	if err := got.fault(ok); err != nil {
		o.say(err)
		return
	}
	view, err := b.openView(ctx, o.trigger, formView(got.form))
	if err != nil {
		o.say(err)
		return
	}
	b.forms.of(view).opened(got.form.drawing())
}

// prepared is a form that is ready to be shown, or why there is none.
type prepared struct {
	form form
	err  error
}

// errUnprepared stands for a panic, which is in the log.
var errUnprepared = errors.New("prepare form: panic")

func (p prepared) fault(ok bool) error {
	if !ok {
		return errUnprepared
	}
	return p.err
}

// prepare finds out beside the caller what the form is to show. The channel is closed at the end; nothing comes before
// that when there was a panic.
func (b *Bot) prepare(ctx context.Context, o opening) <-chan prepared {
	ready := make(chan prepared, 1)
	go func() {
		defer close(ready)
		defer func() { b.failed(recover()) }()
		f := form{Meta: meta{Key: newKey()}, Words: cut(o.words, 200)}
		by, err := b.who(ctx, o.user)
		e := o.entitlement
		if err == nil && e == "" && o.words != "" {
			e, err = b.guess(ctx, by, o.words, &f)
		}
		if err == nil && e != "" {
			f, err = b.preview(ctx, by, f, e, access.NotChosen)
		}
		ready <- prepared{f, err}
	}()
	return ready
}

// guess finds the one role that the words of a command mean; otherwise it leaves suggestions, or says what fits that the
// person may not ask for.
func (b *Bot) guess(ctx context.Context, by access.Person, words string, f *form) (catalog.EntitlementID, error) {
	found, err := b.core.Choices(ctx, by, words, 6)
	if err != nil {
		return "", err
	}
	if c := meant(found, words); c != nil {
		return c.Entitlement, nil
	}
	f.Suggestions = found
	if len(found) == 0 {
		f.Closed, err = b.core.Closed(ctx, by, words, 3)
	}
	return "", err
}

// meant is the choice that words clearly mean: the only one with exactly that name, else the only one whose app or role
// has it, else the only one that has all the words in its name, else the only one at all. Nil when several are as good.
func meant(found []access.Choice, words string) *access.Choice {
	said := wordsOf(words)
	for _, fits := range []func(access.Role) bool{
		func(r access.Role) bool { return wordsOf(r.String()) == said },
		func(r access.Role) bool { return wordsOf(r.AppName) == said || wordsOf(r.EntitlementName) == said },
		func(r access.Role) bool { return containsAll(r.String(), words) },
		func(access.Role) bool { return true },
	} {
		var only *access.Choice
		n := 0
		for i := range found {
			if fits(found[i].Role) {
				only = &found[i]
				n++
			}
		}
		if n == 1 {
			return only
		}
	}
	return nil
}

// wordsOf is a name as people type it: small letters, without the colon between app and role.
func wordsOf(s string) string {
	return strings.Join(strings.Fields(strings.ToLower(strings.ReplaceAll(s, ":", " "))), " ")
}

func containsAll(s, words string) bool {
	s = strings.ToLower(s)
	for _, w := range strings.Fields(strings.ToLower(words)) {
		if !strings.Contains(s, w) {
			return false
		}
	}
	return true
}
