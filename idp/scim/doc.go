// Package scim is the identity provider that speaks SCIM 2.0 (RFC 7643, RFC 7644) to a system that keeps its own users and
// groups: users and groups are read, and memberships are changed by PATCH, one person at a time.
//
// It never replaces a whole group with PUT, which would undo what others changed meanwhile, and never takes names for ids.
package scim
