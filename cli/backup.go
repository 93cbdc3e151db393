package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"usher/access"
	"usher/store"
)

// backupCommand writes a verified copy of the database to a new file, whether Usher runs or not.
func backupCommand(ctx context.Context, a *App, args []string) error {
	target, database, err := a.copyArgs("backup", "write a verified copy of the database to the new file FILE; Usher may run", "FILE", args)
	if err != nil {
		return err
	}
	began := time.Now()
	var c store.Copy
	err = takeCopy(ctx, socketOf(database), func(r io.Reader) (err error) {
		c, err = store.Receive(ctx, r, target)
		return err
	})
	from := "the running Usher"
	if errors.Is(err, errNobody) {
		from = database
		c, err = copyAtRest(ctx, database, target, err)
	}
	if err != nil {
		return err
	}
	say(a.Stdout, "Backup of %s: %d bytes written to %s in %s and verified.\n", from, c.Bytes, c.Path, time.Since(began).Round(time.Millisecond))
	say(a.Stdout, "  %s\n", holds(c))
	say(a.Stdout, "  It holds names, addresses and reasons: protect it like the database.\n")
	return nil
}

// copyAtRest copies a file that no process has open, without bringing its layout up to date. The lock that every Usher
// takes keeps one from starting meanwhile.
func copyAtRest(ctx context.Context, database, target string, nobody error) (c store.Copy, err error) {
	f, err := os.Open(database)
	if errors.Is(err, fs.ErrNotExist) {
		return c, &problem{text: "there is no database " + database + ", and no Usher runs on it", fix: "name the right settings with -config, or set USHER_DB"}
	}
	if err != nil {
		return c, &problem{text: "open database: " + err.Error(), fix: "run this as the user that runs Usher"}
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_SH|syscall.LOCK_NB) //nolint:gosec // A file number.
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return c, &problem{
			text: fmt.Sprintf("%s is in use, but no Usher answers on %s (%v)", database, socketOf(database), errors.Unwrap(nobody)),
			fix:  "see in the log of the running Usher why it made no socket, or stop it; run this as the user that runs Usher",
		}
	}
	if err != nil {
		return c, fmt.Errorf("lock database: %w", err)
	}
	return store.Receive(ctx, f, target)
}

// restoreCommand puts a copy in the place of the database.
func restoreCommand(ctx context.Context, a *App, args []string) error {
	from, database, err := a.copyArgs("restore", "put the copy FROM in the place of the database; Usher must not run", "FROM", args)
	if err != nil {
		return err
	}
	done, err := store.Restore(ctx, from, database)
	if errors.Is(err, store.ErrLocked) {
		return &problem{text: "an Usher runs on " + database + "; nothing was changed", fix: "stop it, restore, and start it again"}
	}
	if err != nil {
		return err
	}
	if err := giveToOwner(database); err != nil {
		say(a.Stderr, "usher restore: give the file to the user that runs Usher: %v\n", err)
	}
	say(a.Stdout, "Restored %s from %s: %d bytes, verified.\n", database, from, done.Copy.Bytes)
	say(a.Stdout, "  %s\n", holds(done.Copy))
	if done.Aside != "" {
		say(a.Stdout, "  The file that was there is kept as %s.\n", done.Aside)
	}
	say(a.Stdout, "  What was granted after that is not in it: see Restore in docs/operations.md before you start Usher.\n")
	return nil
}

// giveToOwner has a file that root has made belong to whom its folder belongs to: the user that runs Usher.
func giveToOwner(path string) error {
	info, err := os.Stat(filepath.Dir(path))
	if err != nil {
		return err
	}
	folder, ok := info.Sys().(*syscall.Stat_t)
	if !ok || os.Geteuid() != 0 {
		return nil
	}
	return os.Lchown(path, int(folder.Uid), int(folder.Gid))
}

// holds says on one line what a copy holds.
func holds(c store.Copy) string {
	newest := "no event"
	if !c.Newest.IsZero() {
		newest = "the newest of " + c.Newest.UTC().Format("2006-01-02 15:04:05 UTC")
	}
	return fmt.Sprintf("%s, %s, %s, %s.", count(c.Records[access.Requests], "request"), count(c.Records[access.Grants], "grant"), count(c.Events, "event"), newest)
}

// copyArgs reads the arguments of the two commands: the file named, and the database that the settings name. Nothing
// else of the settings must be right, so that a backup needs no tokens.
func (a *App) copyArgs(name, about, what string, args []string) (file, database string, err error) {
	f := a.flags(name, about)
	f.Usage = func() {
		say(a.Stderr, "usher %s [-config FILE] %s: %s\n", name, what, about)
		f.PrintDefaults()
	}
	path := f.String("config", a.Getenv("USHER_CONFIG"), "settings file (USHER_CONFIG); of it only the database matters")
	if err := parse(f, args, true); err != nil {
		return "", "", err
	}
	if f.NArg() != 1 {
		if f.NArg() > 1 && f.Arg(1) != "" && f.Arg(1)[0] == '-' {
			say(a.Stderr, "usher %s: flags come before %s\n", name, what)
		}
		f.Usage()
		return "", "", errUsage
	}
	cfg, problems, err := readConfig(*path, a.Getenv)
	if err := errors.Join(append(problems, err)...); err != nil {
		return "", "", err
	}
	if *path == "" && a.Getenv("USHER_DB") == "" {
		say(a.Stderr, "usher %s: no settings file was given, so the database is %s\n", name, cfg.Database)
	}
	return f.Arg(0), cfg.Database, nil
}
