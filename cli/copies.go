package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// A running Usher keeps other processes from its file, so it hands out copies itself, and tells a doctor what it remembers
// of groups: over a socket beside the file, to whoever may read the file. It never writes where the other side tells it to.

// socketOf is the socket beside a database.
func socketOf(database string) string { return database + ".sock" }

const (
	// longestSocket is how long the path of a socket may be on every system.
	longestSocket = 103
	// stalled is how long a reader may take none of the copy: meanwhile the file cannot reuse the space of old pages.
	stalled = 30 * time.Second
)

// giveCopies serves the socket until ctx ends. Without it Usher works all the same, so trouble with it is only logged.
func (p *parts) giveCopies(ctx context.Context) error {
	path := socketOf(p.cfg.Database)
	l, err := listenPrivately(ctx, path)
	if err != nil {
		p.log.Warn("no backups while running: the socket cannot be made", "path", path, "err", err)
		return nil // See above.
	}
	var one sync.Mutex // Each copy holds back the reuse of space; a second one at the same time is a mistake.
	mux := http.NewServeMux()
	mux.HandleFunc("GET /backup", func(w http.ResponseWriter, r *http.Request) {
		if !one.TryLock() {
			http.Error(w, "another backup is under way; wait for it", http.StatusConflict)
			return
		}
		defer one.Unlock()
		p.giveCopy(w, r)
	})
	mux.HandleFunc("GET /groups", p.tellGroups)
	srv := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second, BaseContext: func(net.Listener) context.Context { return ctx }}
	// A copy that is under way is cut off, which its reader notices: a stop does not wait for it.
	stop := context.AfterFunc(ctx, func() { _ = srv.Close() })
	defer stop()
	err = srv.Serve(l)
	_ = os.Remove(path)
	if !errors.Is(err, http.ErrServerClosed) {
		p.log.Warn("no more backups while running", "err", err)
	}
	return nil
}

func (p *parts) giveCopy(w http.ResponseWriter, r *http.Request) {
	began := time.Now()
	out := &answer{w: w, control: http.NewResponseController(w)}
	n, err := p.store.Backup(r.Context(), out)
	switch {
	case err == nil:
		p.log.Info("backup given", "bytes", n, "took", time.Since(began).Round(time.Millisecond).String())
	case !out.begun:
		p.log.Warn("backup refused", "err", err)
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
	default:
		p.log.Warn("backup broken off", "bytes", n, "err", err)
		panic(http.ErrAbortHandler) // The reader must not take it for whole.
	}
}

// answer is a reader that must keep taking what is written.
type answer struct {
	w       io.Writer
	control *http.ResponseController
	begun   bool
}

func (a *answer) Write(b []byte) (int, error) {
	a.begun = true
	if err := a.control.SetWriteDeadline(time.Now().Add(stalled)); err != nil {
		return 0, fmt.Errorf("bound the write: %w", err)
	}
	return a.w.Write(b)
}

// listenPrivately makes a socket that only its owner can ever open: it gets its name when it is private. What a killed
// process left under that name is replaced; the caller holds the database, so nobody listens there.
func listenPrivately(ctx context.Context, path string) (net.Listener, error) {
	if info, err := os.Lstat(path); err == nil && info.Mode()&fs.ModeSocket == 0 {
		return nil, &problem{text: "there is a file of this name that is no socket", fix: "move it away"}
	}
	dir, err := os.MkdirTemp(filepath.Dir(path), ".usher-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	draft := filepath.Join(dir, "s")
	if max(len(draft), len(path)) > longestSocket {
		return nil, &problem{text: fmt.Sprintf("its path is longer than %d bytes", longestSocket), fix: "give the database a shorter path"}
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "unix", draft)
	if err != nil {
		return nil, err
	}
	if u, ok := l.(*net.UnixListener); ok {
		u.SetUnlinkOnClose(false) // It has another name by then.
	}
	if err := errors.Join(os.Chmod(draft, 0o600), os.Rename(draft, path)); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

// takeCopy asks a running Usher for a copy and hands it to keep. It returns errNobody if none listens there.
func takeCopy(ctx context.Context, socket string, keep func(io.Reader) error) error {
	return askRunning(ctx, socket, "/backup", func(resp *http.Response) error {
		if resp.StatusCode != http.StatusOK {
			why, _ := io.ReadAll(io.LimitReader(resp.Body, 1000)) // What is left of it says something, too.
			return fmt.Errorf("the running Usher gives no copy: %s", strings.TrimSpace(string(why)))
		}
		return keep(resp.Body)
	})
}

// askRunning asks the running Usher something over its socket. It returns errNobody if none listens there.
func askRunning(ctx context.Context, socket, path string, take func(*http.Response) error) error {
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		c, err := (&net.Dialer{Timeout: 5 * time.Second}).DialContext(ctx, "unix", socket)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", errNobody, err)
		}
		return c, nil
	}}
	defer transport.CloseIdleConnections()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://usher"+path, nil)
	if err != nil {
		return err
	}
	resp, err := (&http.Client{Transport: transport}).Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	return take(resp)
}

// errNobody: no Usher listens on the socket.
var errNobody = errors.New("no Usher listens on the socket")
