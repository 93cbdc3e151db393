// Package slacksim is a Slack workspace in memory: the Web API, Socket Mode and the client that a person holds, as Slack documents them.
//
// It never imports a Slack library or any other package of this module, so it cannot share a mistake with the code that it judges.
package slacksim
