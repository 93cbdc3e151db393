package slacksim

import (
	"slices"
	"strings"
)

// Declared is what the table of methods says of one method.
type Declared struct {
	Tier               int
	Scope              string
	FormOnly           bool
	Required, Optional []string
}

// DeclaredMethods shows the table of methods to the tests.
func DeclaredMethods() map[string]Declared {
	out := map[string]Declared{}
	for name, m := range methodTable() {
		out[name] = Declared{m.tier, m.scope, m.formOnly, slices.Clone(m.required), slices.Clone(m.optional)}
	}
	return out
}

// LinkBare shows linkBare to the tests.
func LinkBare(text string) string { return linkBare(strings.Clone(text)) }
