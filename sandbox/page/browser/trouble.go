package browser

import (
	"context"
	"fmt"
	"strings"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
)

// TroubleKind says where a Trouble was noticed.
type TroubleKind string

// The kinds of trouble.
const (
	// Console is an error or a warning that the page or the browser wrote to the console: a broken policy too.
	Console TroubleKind = "console"
	// Exception is one that nobody caught, or a promise that nobody looked at.
	Exception TroubleKind = "exception"
	// Request is one that failed, or was answered with status 400 or above.
	Request TroubleKind = "request"
)

// Trouble is something that a page should not do.
type Trouble struct {
	Kind TroubleKind
	// Text is what the browser says of it; for a request, the method, address and status or reason.
	Text string
}

// Allow expects some trouble: what any of the functions says yes to does not fail the test. They are called at the end.
func (tab *Tab) Allow(f func(Trouble) bool) { tab.allow = append(tab.allow, f) }

// Troubles is what was noticed so far and not allowed.
func (tab *Tab) Troubles() []Trouble {
	tab.t.Helper()
	// What happened before is told before the answer.
	ctx, cancel := context.WithTimeout(tab.ctx, tab.patience)
	defer cancel()
	if err := eval(ctx, "0", nil); err != nil && ctx.Err() == nil {
		tab.t.Errorf("the page does not answer any more: %v", err)
	}
	tab.mu.Lock()
	defer tab.mu.Unlock()
	var out []Trouble
	for _, tr := range tab.troubles {
		if !tab.allowed(tr) {
			out = append(out, tr)
		}
	}
	return out
}

func (tab *Tab) allowed(tr Trouble) bool {
	for _, f := range tab.allow {
		if f(tr) {
			return true
		}
	}
	return false
}

// ExpectQuiet fails the test with the trouble noticed so far and not allowed. It happens by itself when the test ends.
func (tab *Tab) ExpectQuiet() {
	tab.t.Helper()
	for _, tr := range tab.Troubles() {
		tab.t.Errorf("%s: %s", tr.Kind, tr.Text)
	}
	tab.mu.Lock()
	defer tab.mu.Unlock()
	tab.troubles = nil
}

func (tab *Tab) note(kind TroubleKind, format string, args ...any) {
	tab.troubles = append(tab.troubles, Trouble{Kind: kind, Text: fmt.Sprintf(format, args...)})
}

// listen is called for each event of the tab, in order. It must not wait.
func (tab *Tab) listen(event any) {
	tab.mu.Lock()
	defer tab.mu.Unlock()
	switch e := event.(type) {
	case *runtime.EventConsoleAPICalled:
		switch e.Type {
		case runtime.ConsoleAPICalledTypeError, runtime.ConsoleAPICalledTypeWarning, runtime.ConsoleAPICalledTypeAssert:
			tab.note(Console, "%s: %s", e.Type, arguments(e.Args))
		default: // It only tells something.
		}
	case *runtime.EventExceptionThrown:
		tab.note(Exception, "%s", exception(e.ExceptionDetails))
	case *log.EventEntryAdded:
		// The network's own entries say less than its events.
		bad := e.Entry.Level == log.EntryLevelError || e.Entry.Level == log.EntryLevelWarning
		if bad && e.Entry.Source != log.EntrySourceNetwork {
			tab.note(Console, "%s: %s %s", e.Entry.Level, e.Entry.Text, e.Entry.URL)
		}
	case *network.EventRequestWillBeSent:
		tab.sent[string(e.RequestID)] = e.Request.Method + " " + e.Request.URL
	case *network.EventResponseReceived:
		if e.Response.Status >= 400 {
			tab.note(Request, "%s: status %d", tab.sent[string(e.RequestID)], e.Response.Status)
		}
	case *network.EventLoadingFailed:
		// A page that goes away cancels what it asked for.
		if !e.Canceled {
			tab.note(Request, "%s: %s %s", tab.sent[string(e.RequestID)], e.ErrorText, e.BlockedReason)
		}
	}
}

// exception is what the console would show of an exception.
func exception(e *runtime.ExceptionDetails) string {
	text := e.Text
	if e.Exception != nil {
		text += " " + remote(e.Exception)
	}
	if e.URL != "" {
		text += fmt.Sprintf(" (%s:%d)", e.URL, e.LineNumber+1)
	}
	return text
}

func arguments(all []*runtime.RemoteObject) string {
	var out []string
	for _, a := range all {
		out = append(out, remote(a))
	}
	return strings.Join(out, " ")
}

func remote(o *runtime.RemoteObject) string {
	if o.Description != "" {
		return o.Description
	}
	return string(o.Value)
}
