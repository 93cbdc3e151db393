// Package page is the demo's page: a Slack look-alike, Jira and the directory side by side, with the production bot behind them. What
// is pressed goes through the simulated Slack to the bot; what the vendors hold is what is shown.
//
// The server renders HTML. The browser is told by server-sent events that something has changed, fetches the pane again
// and morphs it in place. Nothing is loaded from elsewhere, nothing but a POST changes anything, and only this machine can
// ask.
package page
