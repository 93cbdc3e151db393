// Package cli is Usher's commands, its configuration and the only wiring of its parts.
//
// It never decides about access: that is package access.
package cli
