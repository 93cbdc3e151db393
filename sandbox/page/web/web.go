// Package web is what the panes of the demo page share: who looks, fragments of HTML, and actions.
package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	g "maragu.dev/gomponents"

	"usher/sandbox"
)

// bodyMost bounds the body of an action.
const bodyMost = 1 << 20

// Viewer is who looks at the page and in which time zone.
type Viewer struct {
	Person sandbox.Person
	Zone   *time.Location
}

// ViewerOf reads the query parameters who, a handle, and tz, an IANA zone. Without a known zone it is the machine's own,
// for the browser runs on the same one.
func ViewerOf(r *http.Request, c *sandbox.Company) (Viewer, error) {
	who := r.URL.Query().Get("who")
	p, ok := c.Person(who)
	if !ok {
		return Viewer{}, fmt.Errorf("who is %q, who is not among the people of the company", who)
	}
	v := Viewer{Person: p, Zone: time.Local}
	if zone, err := time.LoadLocation(r.URL.Query().Get("tz")); err == nil && r.URL.Query().Get("tz") != "" {
		v.Zone = zone
	}
	return v, nil
}

// Fragment serves a piece of HTML. An error is answered with status 400 and its sentence.
func Fragment(f func(*http.Request) (g.Node, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		node, err := f(r)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_ = node.Render(w) // The browser went away; nobody is left to tell.
	})
}

// Act serves an action: T is read from a JSON body without unknown fields, and the result is answered as JSON. A mistake
// is status 400 with {"error": sentence}.
func Act[T any](f func(context.Context, T) (any, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var body T
		out, err := any(nil), readBody(r, &body)
		if err == nil {
			out, err = f(r.Context(), body)
		}
		w.Header().Set("Content-Type", "application/json")
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			out = map[string]string{"error": err.Error()}
		}
		_ = json.NewEncoder(w).Encode(out) // As above.
	})
}

func readBody(r *http.Request, v any) error {
	if kind := r.Header.Get("Content-Type"); kind != "application/json" {
		return errors.New("send JSON, with Content-Type application/json")
	}
	dec := json.NewDecoder(io.LimitReader(r.Body, bodyMost))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		return fmt.Errorf("read the body: %w", err)
	}
	return nil
}
