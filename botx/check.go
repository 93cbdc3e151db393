package bot

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Finding is one line of a check: what was looked at, whether it is well, and how to mend it.
type Finding struct {
	Subject string
	OK      bool
	Detail  string
	Fix     string
}

// scopes are the bot scopes that the code uses; manifest.yml asks for exactly these.
func scopes() []string {
	return []string{"commands", "chat:write", "im:write", "im:history", "users:read", "users:read.email"}
}

// Check looks at both tokens, the scopes and the clock. It changes nothing and posts nothing.
func (n *Notifier) Check(ctx context.Context) []Finding {
	resp, list := n.checkToken(ctx)
	if resp == nil {
		return list
	}
	granted := strings.Split(resp.Get("X-Oauth-Scopes"), ",")
	for i := range granted {
		granted[i] = strings.TrimSpace(granted[i])
	}
	var missing []string
	for _, s := range scopes() {
		if resp.Get("X-Oauth-Scopes") != "" && !slices.Contains(granted, s) {
			missing = append(missing, s)
		}
	}
	f := Finding{Subject: "scopes", OK: len(missing) == 0, Detail: strings.Join(scopes(), ", ")}
	if !f.OK {
		f.Detail, f.Fix = "missing "+strings.Join(missing, ", "), "update the app from manifest.yml and install it again"
	}
	list = append(list, f, n.checkClock(resp))
	f = Finding{Subject: "app-level token", OK: true, Detail: "opens connections"}
	if _, _, err := n.api.StartSocketModeContext(ctx); err != nil {
		f = Finding{Subject: "app-level token", Detail: errorWord(err), Fix: "make an app-level token with connections:write and switch Socket Mode on"}
	}
	return append(list, f)
}

// checkToken calls auth.test by hand, because the answer's headers tell scopes and time.
func (n *Notifier) checkToken(ctx context.Context) (http.Header, []Finding) {
	who, err := n.api.AuthTestContext(ctx)
	if err != nil {
		return nil, []Finding{{Subject: "bot token", Detail: errorWord(err), Fix: "install the app and set its bot token (xoxb-…)"}}
	}
	return who.Header, []Finding{{Subject: "bot token", OK: true, Detail: fmt.Sprintf("%s in %s", who.User, who.Team)}}
}

const skewAllowed = 30 * time.Second

func (n *Notifier) checkClock(h http.Header) Finding {
	at, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		return Finding{Subject: "clock", OK: true, Detail: "Slack did not tell its time"}
	}
	skew := n.now().Sub(at).Abs()
	if skew > skewAllowed {
		return Finding{Subject: "clock", Detail: "differs from Slack's by " + skew.Round(time.Second).String(), Fix: "switch on time synchronization (NTP) on this machine"}
	}
	return Finding{Subject: "clock", OK: true, Detail: "agrees with Slack's"}
}
