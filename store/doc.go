// Package store keeps everything that Usher must not forget in one bbolt file: records with their index entries, events,
// pending effects and timers.
//
// It never judges what it keeps, and it never reports a change as done before the disk has it.
package store
