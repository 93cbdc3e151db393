package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime/debug"
	"time"

	"go.etcd.io/bbolt"

	"usher/access"
)

// Peek reads a store that no process has open, without changing it: f runs on its content. The errors are those of Verify; a
// layout other than this program's is one, too.
func Peek(ctx context.Context, path string, f func(access.Tx) error) error {
	cfg := Config{Path: path, LockTimeout: time.Second, Logger: slog.New(slog.DiscardHandler), OpenFile: os.OpenFile}
	if err := regular(path); err != nil {
		return during("read store", explain(path, err))
	}
	db, file, err := openDB(cfg, path, true)
	if err != nil {
		return during("read store", explain(path, err))
	}
	if err = trust(ctx, file, whole); err == nil {
		err = peek(db, f)
	}
	return during("read store", errors.Join(err, db.Close()))
}

// peek reads what may be damaged where trust has not looked: a fault is an error.
func peek(db *bbolt.DB, f func(access.Tx) error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			err = damaged(db.Path(), fmt.Errorf("%v", p))
		}
	}()
	return db.View(func(b *bbolt.Tx) error {
		if v, err := version(b, db.Path()); err != nil || v != len(steps()) {
			return errors.Join(err, errOtherLayout)
		}
		return f(newTx(b, &press{}))
	})
}

// errOtherLayout: the file has another layout than this program writes.
var errOtherLayout = errors.New("the file has another layout; usher serve brings it up to date")
