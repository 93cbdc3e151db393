// Package okta is the identity provider adapter for Okta: it offers one Okta org as an idp.Provider.
//
// It never decides who may have access, never repeats a change by itself, never follows a redirect and never sends the
// credentials to another host than the configured one.
package okta
