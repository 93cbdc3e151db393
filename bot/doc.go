// Package bot is Usher in Slack. In: it turns Socket Mode envelopes into calls of the core. Out: it is the core's Notifier
// and shows requests, decisions and grants as Block Kit.
//
// It never decides about access: it makes sure who clicked what and where, and whatever is asked, the core judges it.
package bot
