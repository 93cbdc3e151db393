// Package catalog reads the app catalog: strict YAML in, validated immutable values out, with lookup, search, eligibility and
// approval routes.
//
// It never talks to an identity provider, Slack or Jira, and never keeps the state of a request.
package catalog
