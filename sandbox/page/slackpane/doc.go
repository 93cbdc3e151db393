// Package slackpane is the Slack look-alike of the demo page: one person's Home tab, messages, composer and modals, and
// the switch from person to person. What is pressed goes to the simulator as Slack's client would send it.
//
// It never knows what the app is: everything that it shows of the app is the app's own JSON.
package slackpane
