//go:build race

package bot

// raceOn says that the race detector is at work, under which everything takes many times as long.
const raceOn = true
