// Package graphsim is one Microsoft Entra tenant behind the wire of Microsoft Graph v1.0 and of the token endpoint: people,
// groups, sign-ins, privileged assignments, with Graph's paging, errors, limits and lag.
//
// It imports nothing of Usher and no client library, and it never answers from a script: every answer follows from its state.
package graphsim
