// Package oktasim is an Okta organization in memory that speaks the Okta management API over HTTP, so that real Okta clients can be pointed at it.
//
// It never opens a socket, calls out, or imports the code that it is meant to judge: the owner listens and passes requests to [Server].
package oktasim
