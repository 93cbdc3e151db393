// Package access is the core of Usher: requests, approvals, grants and the leases on group memberships. It decides what
// may happen, keeps what happened as events, and runs the effects that follow through its ports.
//
// It never speaks to Slack, Jira, an identity provider or a disk itself, and it never reads the clock: all of them are
// handed to it.
package access
