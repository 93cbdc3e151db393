package sandbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"usher/sandbox/slacksim"
)

// Control is the sandbox's own API, to be served on an address of its own:
//
//	GET    /_sandbox/         addresses, clock, people
//	GET    /_sandbox/people   who is there, as plain text
//	POST   /_sandbox/clock    {"advance":"24h"}
//	GET    /_sandbox/calls    every call received, by vendor; DELETE empties the logs
//	POST   /_sandbox/faults   {"vendor":"okta","name":"*","kind":"down","times":0,"after":"0s"}; DELETE clears all
//	GET    /_sandbox/truth    group members, issues and messages as the vendors hold them
//	POST   /_sandbox/person   somebody at the keyboard, see Act
//	POST   /_sandbox/do       the same; the answer is what they see then, as plain text
//	POST   /_sandbox/usher    {"do":"restart"}, or stop or start: only where the sandbox was started with Usher in it
//	GET    /_sandbox/screen?who=maya    what somebody has before them in Slack, as plain text
//	GET    /_sandbox/issue?key=ACCESS-1 an issue as a reader sees it, as plain text; without a key the newest
//
// Answers are plain text where it says so and JSON elsewhere; a mistake is 400 with {"error":…}. Requests must name a loopback host, so that no page of a browser
// can be tricked into driving it.
func (w *World) Control() http.Handler { return w.ControlWith(nil) }

// ControlWith is Control for a sandbox that the product runs in; it can be stopped and started too.
func (w *World) ControlWith(product Product) http.Handler {
	mux := http.NewServeMux()
	handle := func(pattern string, f func(r *http.Request) (any, error)) {
		mux.HandleFunc(pattern, func(rw http.ResponseWriter, r *http.Request) {
			if host, _, _ := strings.Cut(r.Host, ":"); host != "127.0.0.1" && host != "localhost" || r.Header.Get("Origin") != "" {
				http.Error(rw, "loopback only", http.StatusForbidden)
				return
			}
			v, err := f(r)
			if s, ok := v.(string); ok && err == nil {
				rw.Header().Set("Content-Type", "text/plain; charset=utf-8")
				_, _ = io.WriteString(rw, s) // As below.
				return
			}
			rw.Header().Set("Content-Type", "application/json")
			if err != nil {
				rw.WriteHeader(http.StatusBadRequest)
				v = map[string]string{"error": err.Error()}
			}
			_ = json.NewEncoder(rw).Encode(v) // The client went away; nobody is left to tell.
		})
	}
	handle("GET /_sandbox/{$}", func(*http.Request) (any, error) { return w.overview(), nil })
	handle("POST /_sandbox/clock", w.moveClock)
	handle("GET /_sandbox/calls", func(*http.Request) (any, error) {
		return map[string]any{"slack": w.Slack.Calls(), "jira": w.Jira.Calls(), w.Directory.Name(): w.Directory.Calls()}, nil
	})
	handle("DELETE /_sandbox/calls", func(*http.Request) (any, error) {
		w.ResetCalls()
		return map[string]bool{"ok": true}, nil
	})
	handle("POST /_sandbox/faults", w.injectFault)
	handle("DELETE /_sandbox/faults", func(*http.Request) (any, error) {
		w.ClearFaults()
		return map[string]bool{"ok": true}, nil
	})
	handle("GET /_sandbox/truth", func(*http.Request) (any, error) { return w.truth(), nil })
	handle("GET /_sandbox/people", w.people)
	handle("POST /_sandbox/person", w.person)
	handle("POST /_sandbox/do", w.do)
	handle("POST /_sandbox/usher", func(r *http.Request) (any, error) { return w.operate(r, product) })
	handle("GET /_sandbox/screen", w.screen)
	handle("GET /_sandbox/issue", w.issue)
	return mux
}

// ResetCalls empties the call logs of all vendors.
func (w *World) ResetCalls() {
	w.Slack.ResetCalls()
	w.Jira.ResetCalls()
	w.Directory.ResetCalls()
}

// ClearFaults ends all faults and lets every hanging answer go.
func (w *World) ClearFaults() {
	w.Slack.ClearFaults()
	w.Jira.ClearFaults()
	w.Directory.ClearFaults()
	w.Slack.ReleaseHangs()
	w.Jira.ReleaseHangs()
	w.Directory.ReleaseHangs()
}

func (w *World) overview() any {
	type person struct {
		Handle, Name, Title, Department, Email, Slack, Directory, Account string
		Okta                                                              string `json:",omitempty"`
	}
	people := make([]person, len(w.Company.People))
	for i, p := range w.Company.People {
		people[i] = person{p.Handle, p.Name, p.Title, p.Department, p.Email(), p.SlackID(), w.Directory.UserID(p.Handle), p.AccountID(), ""}
		if w.Okta != nil {
			people[i].Okta = p.OktaID()
		}
	}
	directory := map[string]string{"name": w.Directory.Name(), "label": w.Directory.Label(), "url": w.Directory.URL()}
	return map[string]any{"environment": w.Environment(), "directory": directory, "now": w.Clock.Now().UTC(), "offset": w.Clock.Offset().String(), "people": people}
}

// decode reads a small JSON body strictly.
func decode(r *http.Request, v any) error {
	dec := json.NewDecoder(io.LimitReader(r.Body, 1<<20))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		return fmt.Errorf("read body: %w", err)
	}
	return nil
}

func (w *World) moveClock(r *http.Request) (any, error) {
	var body struct{ Advance string }
	if err := decode(r, &body); err != nil {
		return nil, err
	}
	d, err := time.ParseDuration(body.Advance)
	if err != nil {
		return nil, fmt.Errorf("advance: %w", err)
	}
	if d < 0 {
		return nil, fmt.Errorf("advance is %s; the clock of the sandbox only goes forward, for example 24h", d)
	}
	w.Clock.Advance(d)
	w.calm(r.Context())
	return map[string]any{"now": w.Clock.Now().UTC()}, nil
}

// operate stops or starts the product as an operator would.
func (w *World) operate(r *http.Request, product Product) (any, error) {
	var body struct{ Do string }
	if err := decode(r, &body); err != nil {
		return nil, err
	}
	if product == nil {
		return nil, errors.New("this sandbox was started without Usher; stop and start yours by hand")
	}
	ctx, cancel := context.WithTimeout(r.Context(), 30*time.Second)
	defer cancel()
	var err error
	switch body.Do {
	case "stop":
		err = product.Stop(ctx)
	case "start":
		err = product.Start(ctx)
	case "restart":
		if err = product.Stop(ctx); err == nil {
			err = product.Start(ctx)
		}
	default:
		return nil, fmt.Errorf("do is %q; use stop, start or restart", body.Do)
	}
	if err != nil {
		return nil, err
	}
	w.calm(ctx)
	return map[string]bool{"ok": true}, nil
}

func (w *World) truth() any {
	groups := map[string][]string{}
	for _, g := range w.Company.Groups {
		groups[g.ID] = w.Directory.Members(g.ID)
	}
	messages := map[string][]slacksim.Message{}
	for _, p := range w.Company.People {
		if list := w.Slack.Messages(p.SlackID()); len(list) > 0 {
			messages[p.Handle] = list
		}
	}
	return map[string]any{"groups": groups, "issues": w.Jira.Issues(), "messages": messages}
}
