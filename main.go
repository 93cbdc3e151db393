// Usher takes access requests in Slack, records them in Jira, changes the group in the identity provider and takes the
// access back on time.
package main

import (
	_ "embed"
	"os"

	"usher/cli"
)

//go:embed manifest.yml
var manifest []byte

func main() { os.Exit(cli.Main(os.Args[1:], manifest)) }
