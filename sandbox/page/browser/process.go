package browser

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// M is what TestMain is given, and what goleak.VerifyTestMain takes.
type M interface{ Run() int }

// Tests returns the tests of a package together with the end of the Chromium that they share. TestMain must run them by it:
// Open refuses otherwise, since nobody would end the browser.
func Tests(m M) M { return tests{m} }

type tests struct{ m M }

// Run runs the tests, then ends Chromium if one of them started it, and removes its profile.
func (t tests) Run() int {
	one.armed = true
	code := t.m.Run()
	if err := one.close(); err != nil {
		fmt.Fprintln(os.Stderr, "end Chromium:", err)
		return cmp.Or(code, 1)
	}
	return code
}

// one is the browser of this process.
//
//nolint:gochecknoglobals // a browser takes a second to start and 200 MB to run, so all tests of a process share it
var one process

type process struct {
	armed bool // by Tests, before any test runs

	mu     sync.Mutex
	ctx    context.Context //nolint:containedctx // chromedp's contexts are its handles of browser and tab
	cancel context.CancelFunc
	err    error
}

// start starts Chromium unless it runs, and returns chromedp's handle of it.
func (p *process) start(path string) (context.Context, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ctx != nil || p.err != nil {
		return p.ctx, p.err
	}
	alloc, end := chromedp.NewExecAllocator(context.Background(), flags(path)...)
	quiet := func(string, ...any) {}
	ctx, cancel := chromedp.NewContext(alloc, chromedp.WithLogf(quiet), chromedp.WithErrorf(quiet))
	if p.err = chromedp.Do(ctx); p.err != nil {
		cancel()
		end()
		return nil, p.err
	}
	p.ctx, p.cancel = ctx, end
	return p.ctx, nil
}

// flags are those of chromedp, which switch off what calls home or throttles a page that nobody looks at, and a few more.
func flags(path string) []chromedp.ExecAllocatorOption {
	out := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.WindowSize(1440, 900))
	for name, value := range map[string]any{
		"headless": "new", "hide-scrollbars": true, "disable-quic": true, "disable-component-update": true, "mute-audio": true,
		"lang": "en-US", "font-render-hinting": "none",
	} {
		out = append(out, chromedp.Flag(name, value))
	}
	return out
}

// close lets Chromium end itself, and kills it when it does not.
func (p *process) close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ctx == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(p.ctx, 10*time.Second)
	defer cancel()
	err := chromedp.Cancel(ctx)
	p.cancel()
	p.ctx = nil
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return nil // It was gone before, or has been killed.
	}
	return err
}

// chromium finds the program, or skips the test where nobody promised to have it.
func chromium(t testing.TB) string {
	t.Helper()
	if path := os.Getenv("USHER_CHROMIUM"); path != "" {
		return path
	}
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	const sentence = "Chromium is not installed, so the pages cannot be looked at here; USHER_CHROMIUM may name it"
	if required() {
		t.Fatal(sentence)
	}
	t.Skip(sentence)
	return ""
}

// required reports whether everything must be there, so that nothing is skipped.
func required() bool { return os.Getenv("USHER_BROWSER") == "required" }
