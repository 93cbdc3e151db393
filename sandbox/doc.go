// Package sandbox is a whole company on a laptop: it starts the simulators of Slack, Jira and the identity provider
// together on loopback addresses, seeds them with one company, gives them one clock that can be moved, and plays the tour.
//
// It never imports the product: it knows it only as something that speaks the vendors' wire.
package sandbox
