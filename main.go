// Usher takes access requests in Slack.
package main

func main() {}
