// Package jirasim answers as a Jira Cloud site does: the platform REST API in versions 2 and 3 over one state held in memory,
// with Jira's own errors, limits, search lag and workflow rules.
//
// It never bends an answer to please a client, imports nothing of ours and no vendor SDK, opens no socket and keeps nothing on disk.
package jirasim
