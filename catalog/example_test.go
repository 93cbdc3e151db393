package catalog

import "testing"

func TestExampleLoadsCleanly(t *testing.T) {
	t.Parallel()
	c, err := Parse(Source{Name: "example.yml", Data: Example()})
	if err != nil {
		t.Fatal(err)
	}
	if got := len(c.Requestable()); got != 5 {
		t.Errorf("requestable entitlements = %d, want 5", got)
	}
}
