// Package rest is the HTTP core of providers that speak JSON over REST by hand: credentials go to pinned hosts only, answers
// are read whole and bounded, waiting is limited, refusals for too many calls are obeyed, and every error is one line.
//
// It knows no vendor, never follows a redirect, never repeats a change whose outcome is unknown, and never shows an address
// or a body in an error.
package rest
