package store

import (
	"context"
	"errors"
	"log/slog"
	"os"
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
		err = db.View(func(b *bbolt.Tx) error {
			if v, err := version(b, path); err != nil || v != len(steps()) {
				return errors.Join(err, errOtherLayout)
			}
			return f(newTx(b, &press{}))
		})
	}
	return during("read store", errors.Join(err, db.Close()))
}

// errOtherLayout: the file has another layout than this program writes.
var errOtherLayout = errors.New("the file has another layout; usher serve brings it up to date")
