package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"usher/access"
)

// App is the program with its surroundings, so that tests can run it in process.
type App struct {
	Stdout, Stderr io.Writer
	// Getenv reads the environment. Default os.Getenv.
	Getenv func(string) string
	// Now is the clock. Default time.Now.
	Now func() time.Time
	// Elapsed is a clock that goes forward with the time that passes and never jumps. Default the machine's own.
	Elapsed func() time.Duration
	// Manifest is the Slack app's manifest, from which the sandbox takes scopes and commands.
	Manifest []byte
	// Crash is called at each point at which a killed process leaves something different behind. For crash tests; default
	// none.
	Crash func(point string)
	// Calm is handed to the core. Default its own.
	Calm time.Duration
	// Dial connects to the vendors. Default nil: the ordinary network.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
	// gate stands before the core's store, for crash tests. Default none.
	gate func(access.Store) access.Store
	// Started is called once serve is connected and ready. Default none.
	Started func(Running)
}

// Running is a product that serves.
type Running struct {
	// Wake makes it look at the clock.
	Wake func()
	// NextDue is when it will do so by itself for something that is due; the zero time if nothing is planned.
	NextDue func() time.Time
}

// command is one verb of the program.
type command struct {
	name, about string
	run         func(ctx context.Context, a *App, args []string) error
}

func commands() []command {
	return []command{
		{"serve", "run Usher", serveCommand},
		{"demo", "try everything on this machine, with no account anywhere", demoCommand},
		{"sandbox", "serve only the simulators of Slack, Jira and the identity provider", sandboxCommand},
		{"doctor", "check settings, tokens, scopes, Jira, groups, people, clock and database", doctorCommand},
		{"backup", "write a copy of the database, while Usher runs or not", backupCommand},
		{"restore", "put a copy in the place of the database", restoreCommand},
		{"catalog", "check, example, schema of the app catalog; discover what no catalog names", catalogCommand},
		{"version", "print the version", versionCommand},
	}
}

// errUsage ends the program with status 2; what was wrong has been printed.
var errUsage = errors.New("usage")

// errFailed ends the program with status 1; what failed has been printed.
var errFailed = errors.New("failed")

// Main runs the program with the process's own surroundings and returns its exit status: 0 done, 1 failed, 2 misused.
// The first interrupt stops input and finishes what is in hand; a second one stops at once.
func Main(args []string, manifest []byte) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	go func() {
		<-ctx.Done()
		stop() // From here on a second signal has its default effect.
	}()
	a := &App{Stdout: os.Stdout, Stderr: os.Stderr, Manifest: manifest}
	return a.Run(ctx, args)
}

// Run runs one command and returns the exit status.
func (a *App) Run(ctx context.Context, args []string) int {
	if a.Getenv == nil {
		a.Getenv = os.Getenv
	}
	if a.Now == nil {
		a.Now = time.Now
	}
	if len(args) == 0 || args[0] == "help" || args[0] == "-h" || args[0] == "--help" {
		a.usage(a.Stdout)
		if len(args) == 0 {
			return 2
		}
		return 0
	}
	for _, c := range commands() {
		if c.name != args[0] {
			continue
		}
		err := c.run(ctx, a, args[1:])
		switch {
		case err == nil || errors.Is(err, flag.ErrHelp):
			return 0
		case errors.Is(err, errUsage):
			return 2
		case errors.Is(err, errFailed):
			return 1
		}
		a.report(err)
		return 1
	}
	say(a.Stderr, "usher: there is no command %q\n\n", args[0])
	a.usage(a.Stderr)
	return 2
}

// report prints an error, one line per problem.
func (a *App) report(err error) {
	for _, line := range strings.Split(err.Error(), "\n") {
		say(a.Stderr, "%s\n", "usher: "+line)
	}
}

func (a *App) usage(w io.Writer) {
	say(w, "Usher takes access requests in Slack, records them in Jira, changes the group in Okta and takes it back on time.\n")
	say(w, "\n")
	for _, c := range commands() {
		say(w, "  usher %-9s %s\n", c.name, c.about)
	}
	say(w, "\nStart with: usher demo. Each command explains its flags with -h.\n")
}

// say writes for a person. An output that nobody reads any more is no reason to stop.
func say(w io.Writer, format string, args ...any) {
	_, _ = fmt.Fprintf(w, format, args...)
}

// flags makes a flag set that prints to the program's error output and says what the command does.
func (a *App) flags(name, about string) *flag.FlagSet {
	f := flag.NewFlagSet("usher "+name, flag.ContinueOnError)
	f.SetOutput(a.Stderr)
	f.Usage = func() {
		say(a.Stderr, "usher %s: %s\n", name, about)
		f.PrintDefaults()
	}
	return f
}

// parse reads flags; anything left over is misuse unless extra is allowed.
func parse(f *flag.FlagSet, args []string, extra bool) error {
	if err := f.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return err
		}
		return errUsage
	}
	if f.NArg() > 0 && !extra {
		say(f.Output(), "%s: unexpected %q\n", f.Name(), f.Arg(0))
		return errUsage
	}
	return nil
}
