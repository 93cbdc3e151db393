package catalog

import (
	_ "embed" // for the example and the schema
	"slices"
)

//go:embed example.yml
var example []byte // read only: embedding needs a variable

//go:embed schema.json
var schema []byte // read only: embedding needs a variable

// Example returns a commented catalog that shows every feature and loads cleanly.
func Example() []byte { return slices.Clone(example) }

// Schema returns the JSON Schema (draft 2020-12) of a catalog file, for editors. Parse checks more: references, expressions and
// what spans several files.
func Schema() []byte { return slices.Clone(schema) }
