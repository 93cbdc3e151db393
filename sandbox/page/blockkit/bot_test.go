package blockkit

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write the golden files anew") //nolint:gochecknoglobals // A flag of the tests.

// drawn is what the tests read from a golden file of the bot.
type drawn struct {
	Type   string          `json:"type"`
	Text   string          `json:"text"`
	Title  *text           `json:"title"`
	Blocks json.RawMessage `json:"blocks"`
}

func botViews(t *testing.T) map[string]drawn {
	t.Helper()
	files, err := filepath.Glob("../../../bot/testdata/*.golden.json")
	if err != nil || len(files) < 30 {
		t.Fatalf("the bot has %d golden files, %v", len(files), err)
	}
	out := map[string]drawn{}
	for _, f := range files {
		raw, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		var d drawn
		if err := json.Unmarshal(raw, &d); err != nil {
			t.Fatalf("%s: %v", f, err)
		}
		out[strings.TrimSuffix(filepath.Base(f), ".golden.json")] = d
	}
	return out
}

func (d drawn) html(o Options) string {
	switch d.Type {
	case "modal":
		return string(Blocks(InModal, d.Blocks, o))
	case "home":
		return string(Blocks(InHome, d.Blocks, o))
	}
	return string(Message(d.Text, d.Blocks, o))
}

func TestEveryViewOfTheBotIsDrawn(t *testing.T) {
	t.Parallel()
	for name, d := range botViews(t) {
		html := d.html(Options{Now: time.Date(2026, 11, 24, 14, 0, 0, 0, time.UTC), Prefix: name})
		checkHTML(t, html)
		if strings.Contains(html, "bk-unknown") {
			t.Errorf("%s holds something unknown:\n%s", name, html)
		}
	}
}
