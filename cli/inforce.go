package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"usher/catalog"
)

// inForce holds the catalog that the core works by: the newest that the files held and that fits the settings.
type inForce struct {
	files     *catalog.Live // The newest that could be read; it need not fit.
	providers []string      // The names of those that are configured.
	current   atomic.Pointer[catalog.Catalog]

	taking sync.Mutex
	told   string // What was said last of the files.
}

func openInForce(paths, providers []string) (*inForce, error) {
	files, err := catalog.OpenLive(paths...)
	if err != nil {
		return nil, err
	}
	f := &inForce{files: files, providers: providers}
	if err := fits(files.Current(), providers); err != nil {
		return nil, err
	}
	f.current.Store(files.Current())
	f.told = files.Current().Version()
	return f, nil
}

// Current returns the catalog in force.
func (f *inForce) Current() *catalog.Catalog { return f.current.Load() }

// fits refuses groups of providers that are not there: a request for such a role would be approved and then stuck.
func fits(c *catalog.Catalog, providers []string) error {
	var problems []error
	for _, e := range c.Requestable() {
		for _, g := range e.Groups {
			if !slices.Contains(providers, g.Provider) {
				problems = append(problems, &problem{
					"catalog", fmt.Sprintf("entitlement %s (%s) maps to the group %s, but there is no provider %q", e.ID, e.Title(), g, g.Provider),
					"the providers are: " + strings.Join(providers, ", "),
				})
			}
		}
	}
	return errors.Join(problems...)
}

// watch takes changed files into use until ctx ends, and calls changed after each new catalog in force.
func (f *inForce) watch(ctx context.Context, log *slog.Logger, changed func()) error {
	return f.files.Watch(ctx, func() { f.take(false, log, changed) })
}

// reload reads the files now and says in any case what is in force.
func (f *inForce) reload(log *slog.Logger, changed func()) {
	f.take(true, log, changed)
}

// take reads the files and puts what they hold in force, unless there was an error or it does not fit, and says so once; with
// answer, always.
func (f *inForce) take(answer bool, log *slog.Logger, changed func()) {
	f.taking.Lock()
	defer f.taking.Unlock()
	err := f.files.Reload()
	c := f.files.Current()
	if err == nil {
		err = fits(c, f.providers)
	}
	now := c.Version()
	if err != nil {
		now = err.Error()
	}
	if now == f.told && !answer {
		return // The watch has seen what a reload has answered already.
	}
	repeated := now == f.told
	f.told = now
	if err != nil && repeated {
		log.Error("catalog is as it was told before, so the old one stays in force", "version", f.Current().Version())
		return
	}
	if err != nil {
		log.Error("catalog not taken into use; the old one stays in force", "version", f.Current().Version(), "err", err)
		return
	}
	f.current.Store(c)
	log.Info("catalog in force", "version", c.Version(), "apps", len(c.Apps()), "requestable", len(c.Requestable()))
	if !repeated {
		changed()
	}
}
