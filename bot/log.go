package bot

import (
	"log/slog"
	"strings"
)

// quietLog takes what slack-go prints into the own log, at debug level and without anything secret.
type quietLog struct{ log *slog.Logger }

// Output implements the logger of slack-go.
func (l quietLog) Output(_ int, s string) error {
	if !strings.Contains(s, "xoxb-") && !strings.Contains(s, "xapp-") && !strings.Contains(s, "ticket=") {
		l.log.Debug("slack-go", "text", cut(line(s), 300))
	}
	return nil
}
