// Package storetest judges implementations of access.Store: behavior, transactions, parallel use, random histories and
// killed processes. Memory is an implementation without a disk for fast tests of other packages.
//
// It never looks behind access.Store: what it cannot see through the interface it does not check.
package storetest
