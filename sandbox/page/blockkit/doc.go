// Package blockkit draws Slack's Block Kit as HTML, the way that Slack shows it: from the JSON that an app sent, without
// knowing which app it was.
//
// It never does I/O, never loads an outside picture, and never leaves out what it does not know: an unknown block is a
// red box that says so.
package blockkit
