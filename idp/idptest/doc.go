// Package idptest is the suite that every identity provider passes: it judges an idp.Provider only by what the interface
// promises, in front of a fake vendor that the caller can steer.
//
// It never speaks to a real vendor and knows nothing about any of them.
package idptest
