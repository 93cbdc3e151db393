// Package idp is the seam between Usher and an identity provider: the Provider interface, a few small optional
// capabilities, the values they exchange and the errors they return.
//
// It never speaks to a vendor: each vendor has a folder of its own below this one, and idptest judges them all alike.
package idp
