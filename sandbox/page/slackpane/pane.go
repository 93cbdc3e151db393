package slackpane

import (
	"embed"
	"io/fs"
	"net/http"
	"sync"

	"usher/sandbox"
	"usher/sandbox/page/web"
)

//go:embed static
var static embed.FS

// Assets are the pane's own files: pane.css, pane.js and the modules that pane.js takes in.
func Assets() fs.FS {
	files, err := fs.Sub(static, "static")
	if err != nil {
		panic(err) // The folder is embedded.
	}
	return files
}

// Pane is Slack as the people of one world see it. It is safe for concurrent use.
type Pane struct {
	w *sandbox.World

	mu      sync.Mutex
	clients map[string]*client // by handle
}

// New makes the pane of a world.
func New(w *sandbox.World) *Pane {
	return &Pane{w: w, clients: map[string]*client{}}
}

// Handler serves the pane under its own root: GET / is the fragment for the query parameters who, tz, tab and older, and
// changes nothing; each POST is something that the person does.
func (p *Pane) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /{$}", web.Fragment(p.draw))
	mux.Handle("POST /press", web.Act(p.press))
	mux.Handle("POST /set", web.Act(p.set))
	mux.Handle("POST /options", web.Act(p.options))
	mux.Handle("POST /submit", web.Act(p.submit))
	mux.Handle("POST /close", web.Act(p.closeView))
	mux.Handle("POST /close-all", web.Act(p.closeAll))
	mux.Handle("POST /command", web.Act(p.command))
	mux.Handle("POST /shortcut", web.Act(p.shortcut))
	mux.Handle("POST /open", web.Act(p.open))
	mux.Handle("POST /read", web.Act(p.read))
	return mux
}
