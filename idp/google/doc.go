// Package google is the identity provider adapter for Google Workspace and Cloud Identity: it offers one company's directory
// as an idp.Provider.
//
// It never decides who may have access, never repeats a change by itself, never takes the role of an owner or manager of a
// group away, never adds anybody by an address, and never sends credentials to another host than Google's.
package google
