//go:build !unix

package scim_test

import "testing"

// lock does nothing: without flock, two test runs at once may both install.
func lock(*testing.T, string) func() { return func() {} }
