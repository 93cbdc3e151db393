//go:build race

package battery

// race reports whether the race detector runs along.
const race = true
