// Package bot is Usher in Slack: it turns Socket Mode envelopes into calls of the core, and the core's messages into Block
// Kit.
//
// It never decides about access: whatever a click asks for, the core judges it.
package bot
