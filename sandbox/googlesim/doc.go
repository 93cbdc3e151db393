// Package googlesim is one Google Workspace company on the wire: the Admin SDK's Directory and Reports APIs, the groups of the
// Cloud Identity API, and the endpoints that hand out access tokens. It holds state and enforces it, fails on demand, and
// remembers every call.
//
// It imports nothing of ours and no client library. What Google's documents leave open is marked "unverified" where it is
// decided.
package googlesim
