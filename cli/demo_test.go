package cli

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"usher/idp/okta"
	"usher/sandbox/oktasim"
)

// newTestDemo is the demo without its tour, serving the control API at the returned address.
func newTestDemo(t *testing.T) (*demo, string) {
	t.Helper()
	start, err := readStart("", "", okta.Name)
	if err != nil {
		t.Fatal(err)
	}
	d := startDemo(t, start)
	url, err := d.world.Serve("", d.world.ControlWith(d))
	if err != nil {
		t.Fatal(err)
	}
	return d, url
}

func startDemo(t *testing.T, start startState) *demo {
	t.Helper()
	manifest, err := os.ReadFile("../manifest.yml")
	if err != nil {
		t.Fatal(err)
	}
	a := &App{Stdout: io.Discard, Stderr: io.Discard, Getenv: func(string) string { return "" }, Now: time.Now, Manifest: manifest}
	d, err := a.newDemo(start)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.close(); err != nil {
			t.Error(err)
		}
	})
	if err := d.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return d
}

// TestTheLinesToTryPlayAWholeRequest pastes the lines that the demo prints, each as it stands, into a shell.
func TestTheLinesToTryPlayAWholeRequest(t *testing.T) {
	t.Parallel()
	for _, tool := range []string{"sh", "curl"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not there: %v", tool, err)
		}
	}
	_, url := newTestDemo(t)
	want := []string{ // What each line that calls must show.
		"priya .*Priya Nair",
		"Home tab(.|\n)*For admins: ",
		"GitHub: Write(.|\n)*Reason",
		"Fix the checkout",
		"Request filed",
		"waits for approval(.|\n)*Priya Nair was asked",
		"Maya Chen asks for GitHub: Write(.|\n)*Fix the checkout(.|\n)*\\[Approve\\]",
		"Approved by Priya Nair",
		"GitHub: Write: active",
		`"now"`,
		"ends soon(.|\n)*I am done",
		`"ok":true`,
		`"now"`,
		`"now"`,
		"is ending(.|\n)*Held up: The directory cannot be reached",
		"Overdue removals(.|\n)*Maya Chen",
		`"ok":true`,
		`"now"`,
		"GitHub: Write: ended(.|\n)*Checked and gone",
		"ACCESS-1(.|\n)*Status: Done(.|\n)*Access has ended",
		`"ok":true`,
	}
	var setup string
	for line := range strings.Lines(fmt.Sprintf(tryNext, url, okta.Name, "Okta")) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "C=") {
			setup = line + "\n"
		}
		if !strings.HasPrefix(line, "curl ") {
			continue
		}
		if len(want) == 0 {
			t.Fatalf("nothing is expected of %s", line)
		}
		out := paste(t.Context(), t, setup+line)
		// On a busy machine things may still be under way when the answer is made; a look later is as good.
		fits := regexp.MustCompile(want[0])
		patience := time.After(15 * time.Second)
		for tick := time.Tick(200 * time.Millisecond); !fits.MatchString(out); {
			select {
			case <-patience:
				t.Fatalf("%s\nexpected %q in the answer:\n%s", line, want[0], out)
			case <-tick:
				out = paste(t.Context(), t, setup+again(line))
			}
		}
		t.Logf("%s\n%s", line, out)
		if n := len(out); n > 3500 {
			t.Errorf("%s\nanswers with %d bytes", line, n)
		}
		want = want[1:]
	}
	if len(want) > 0 {
		t.Errorf("no line showed %q", want)
	}
}

// again is a line that shows what the given one has brought about, without doing it once more.
func again(line string) string {
	if who := regexp.MustCompile(`"who":"(\w+)"`).FindStringSubmatch(line); who != nil {
		return `curl -s "$C/screen?who=` + who[1] + `"`
	}
	if strings.Contains(line, " -d ") || strings.Contains(line, "DELETE") {
		return "echo"
	}
	return line
}

func paste(ctx context.Context, t *testing.T, script string) string {
	t.Helper()
	var out bytes.Buffer
	cmd := exec.CommandContext(ctx, "sh", "-c", script)
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s\n%v\n%s", script, err, out.String())
	}
	return out.String()
}

func TestAFailingTourTellsWhatWentWrongAndNotHowItStarted(t *testing.T) {
	t.Parallel()
	d, _ := newTestDemo(t)
	d.world.Okta.Inject(oktasim.Fault{Kind: oktasim.Down})
	if _, err := d.world.Slack.Run(t.Context(), "U0MAYA", "/access", ""); err != nil {
		t.Fatal(err)
	}
	if err := d.world.Slack.Wait(t.Context(), func() bool { return strings.Contains(d.tail(), "level=WARN") }); err != nil {
		t.Fatal(err)
	}
	if tail := d.tail(); strings.Contains(tail, "catalog.yml") {
		t.Errorf("the tail is\n%s", tail)
	}
}

func TestAnswersThatOnlyOnePersonSeesAreOnTheScreen(t *testing.T) {
	t.Parallel()
	d, url := newTestDemo(t)
	ask := func(path, body string) string {
		method := http.MethodGet
		if body != "" {
			method = http.MethodPost
		}
		req, err := http.NewRequestWithContext(t.Context(), method, url+"/_sandbox/"+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = resp.Body.Close() }()
		b, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	ask("do", `{"who":"gina","do":"command","command":"/access"}`)
	if err := d.world.Slack.Wait(t.Context(), func() bool { return len(d.world.Slack.Messages("C0GENERAL")) == 1 }); err != nil {
		t.Fatal(err)
	}
	if got := ask("screen?who=gina", ""); !strings.Contains(got, "(only you see this) Usher serves full members") {
		t.Errorf("Gina sees %q", got)
	}
	if got := ask("screen?who=maya", ""); got != "nothing\n" {
		t.Errorf("Maya sees %q", got)
	}
	ask("do", `{"who":"maya","do":"command","command":"/access"}`)
	if got := ask("do", `{"who":"maya","do":"set","label":"App and role","value":"githb writ"}`); !strings.Contains(got, "<GitHub: Write>") {
		t.Errorf("a search by label shows %q", got)
	}
	if got := ask("do", `{"who":"maya","do":"press","label":"Send request"}`); !strings.Contains(got, "stays open") {
		t.Errorf("a form without a reason is answered with %q", got)
	}
	if got := ask("do", `{"who":"maya","do":"close"}`); got != "nothing\n" {
		t.Errorf("closing shows %q", got)
	}
	for _, do := range []string{"start", "dance"} {
		if got := ask("usher", `{"do":"`+do+`"}`); !strings.Contains(got, "error") {
			t.Errorf("%s while it runs: %s", do, got)
		}
	}
	if got := ask("usher", `{"do":"stop"}`); !strings.Contains(got, "true") || d.world.Slack.Connections() != 0 {
		t.Errorf("stop: %s, %d sockets", got, d.world.Slack.Connections())
	}
	if got := ask("do", `{"who":"maya","do":"command","command":"/access"}`); !strings.Contains(got, "dispatch_failed") {
		t.Errorf("a command to a stopped Usher: %s", got)
	}
	if got := ask("usher", `{"do":"start"}`); !strings.Contains(got, "true") {
		t.Errorf("start: %s", got)
	}
}
