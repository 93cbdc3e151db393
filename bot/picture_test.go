package bot

import (
	"bytes"
	"html/template"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"usher/sandbox/page/blockkit"
	"usher/sandbox/page/browser"
)

// onAPage is how many portraits hang in one page: it is opened and judged once.
const onAPage = 5

// The gallery: everything that the bot can send, looked at in a browser, in pictures/gallery with an index.
func TestEveryViewCanBeLookedAt(t *testing.T) {
	t.Parallel()
	var all []portrait
	views := portraits()
	for name, v := range views {
		all = append(all, draw(t, name, v, nil))
	}
	for name, wrong := range wrongs() {
		all = append(all, draw(t, name, views[strings.TrimSuffix(name, "_refused")], wrong))
	}
	slices.SortFunc(all, func(a, b portrait) int { return strings.Compare(a.Name, b.Name) })
	hall := hang(t, all)
	for width, ending := range map[int]string{1000: "", 390: "-phone"} {
		t.Run("gallery"+ending, func(t *testing.T) {
			t.Parallel()
			tab := browser.Open(t, width, 900)
			for part := range slices.Chunk(all, onAPage) {
				tab.Go(hall + "/?from=" + part[0].Name)
				look(t, tab, part, ending)
			}
		})
	}
}

// look judges the portraits of a page and takes a picture of each.
func look(t *testing.T, tab *browser.Tab, part []portrait, ending string) {
	t.Helper()
	shots := map[string]string{}
	for _, p := range part {
		shots[filepath.Join("gallery", p.Name+ending+".png")] = "#" + p.ID()
		if n := tab.In("#" + p.ID()).Count(".bk-unknown"); n > 0 {
			t.Errorf("%s: %d pieces are unknown", p.Name, n)
		}
	}
	tab.Cut(shots)
	var wide []string
	tab.Eval(`[document.documentElement, ...document.querySelectorAll('.frame')].filter(e => e.scrollWidth > e.clientWidth).map(e => e.id || 'the page')`, &wide)
	if len(wide) > 0 {
		t.Errorf("wider than the window%s: %v", ending, wide)
	}
	tab.Accessible()
}

// hang serves the portraits and returns the address.
func hang(t *testing.T, all []portrait) string {
	t.Helper()
	page := template.Must(template.ParseFiles("testdata/gallery/page.html", "testdata/gallery/index.html"))
	at := map[string][]portrait{}
	var names []string
	for part := range slices.Chunk(all, onAPage) {
		at[part[0].Name] = part
	}
	for _, p := range all {
		names = append(names, p.Name)
	}
	var index bytes.Buffer
	if err := page.ExecuteTemplate(&index, "index.html", names); err != nil {
		t.Fatal(err)
	}
	folder := filepath.Join(browser.Pictures(t), "gallery")
	if err := os.MkdirAll(folder, 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "index.html"), index.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'self'")
		switch r.URL.Path {
		case "/":
			if err := page.ExecuteTemplate(w, "page.html", at[r.URL.Query().Get("from")]); err != nil {
				t.Error(err)
			}
		case "/blockkit.css":
			w.Header().Set("Content-Type", "text/css")
			_, _ = w.Write(blockkit.CSS())
		case "/frame.css":
			http.ServeFile(w, r, "testdata/gallery/frame.css")
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(s.Close)
	return s.URL
}
