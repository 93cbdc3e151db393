package sandbox

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"usher/sandbox/jirasim"
	"usher/sandbox/slacksim"
)

// faultBody is what is asked of the faults endpoint.
type faultBody struct {
	Vendor, Name, Kind, After string
	Times                     int
}

func (w *World) injectFault(r *http.Request) (any, error) {
	var body faultBody
	if err := decode(r, &body); err != nil {
		return nil, err
	}
	var after time.Duration
	if body.After != "" {
		var err error
		if after, err = time.ParseDuration(body.After); err != nil {
			return nil, fmt.Errorf("after: %w", err)
		}
	}
	if after < 0 || body.Times < 0 {
		return nil, errors.New("times and after must not be negative")
	}
	switch body.Vendor {
	case "slack":
		if err := check(body, slacksim.FaultKinds(), w.Slack.Operations()); err != nil {
			return nil, err
		}
		w.Slack.Inject(slacksim.Fault{Name: body.Name, Kind: slacksim.FaultKind(body.Kind), Times: body.Times, After: after})
	case "jira":
		if err := check(body, jirasim.FaultKinds(), w.Jira.Operations()); err != nil {
			return nil, err
		}
		w.Jira.Inject(jirasim.Fault{Name: body.Name, Kind: jirasim.FaultKind(body.Kind), Times: body.Times, After: after})
	case w.Directory.Name():
		if err := check(body, w.Directory.FaultKinds(), w.Directory.Operations()); err != nil {
			return nil, err
		}
		w.Directory.Inject(Fault{Name: body.Name, Kind: body.Kind, Times: body.Times, After: after})
	default:
		return nil, fmt.Errorf("vendor is %q; use slack, jira or %s", body.Vendor, w.Directory.Name())
	}
	return map[string]bool{"ok": true}, nil
}

// check refuses a fault that would hit nothing, and names those that would.
func check[K ~string](f faultBody, kinds []K, operations []string) error {
	if !slices.Contains(kinds, K(f.Kind)) {
		return fmt.Errorf("%s has no fault of kind %q; use one of %s", f.Vendor, f.Kind, strings.Join(names(kinds), ", "))
	}
	if f.Name != "" && f.Name != "*" && !slices.Contains(operations, f.Name) {
		return fmt.Errorf("%s has no call named %q; use * for all, or one of %s", f.Vendor, f.Name, strings.Join(operations, ", "))
	}
	return nil
}
