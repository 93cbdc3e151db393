package cli

import (
	"context"
	"runtime"
	"runtime/debug"
)

func versionCommand(_ context.Context, a *App, args []string) error {
	if err := parse(a.flags("version", "print the version"), args, false); err != nil {
		return err
	}
	say(a.Stdout, "usher %s (%s, %s/%s)\n", version(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return nil
}

// version is the module's version as the Go tool stamped it, with the commit where it is known.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	v := info.Main.Version
	if v == "" {
		v = "(devel)"
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 12 {
			v += " " + s.Value[:12]
		}
	}
	return v
}
