// Package discovery judges requests and answers by Google's own descriptions of its APIs: paths, parameters, types, enums and
// fields. The descriptions come with the module google.golang.org/api. Only tests use it.
//
// It does not judge what the descriptions do not say: which errors there are, what is allowed when, and what things mean.
package discovery
