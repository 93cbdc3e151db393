// Package store keeps everything that Usher must not forget in one bbolt file: records with their index entries, events,
// pending effects and timers. What is over takes a fifth of the room: it is sealed, and read like everything else.
//
// It never judges what it keeps, and it never reports a change as done before the disk has it.
package store
