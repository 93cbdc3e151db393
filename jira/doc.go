// Package jira writes access requests to Jira Cloud: it opens one issue per request, tells its story in comments and moves
// it through the project's workflow. It implements access.Tracker.
//
// It never decides anything, never takes what stands in Jira as an authority and never repeats a write that may have been
// done without looking first. NewTracker of the architecture is New here; NewWatcher, which will read human changes made in
// Jira, belongs into this package too and will share the client.
package jira
