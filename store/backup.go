package store

import (
	"context"
	"fmt"
	"io"

	"go.etcd.io/bbolt"
)

// Backup writes a copy of the store as it is at this moment and returns how many bytes it wrote. The copy is a file that
// Open opens. Views and updates go on meanwhile, but space freed by them is not reused until it ends. A copy that ended
// with an error is useless.
func (s *Store) Backup(ctx context.Context, w io.Writer) (int64, error) {
	var n int64
	err := s.read(ctx, func(b *bbolt.Tx) (err error) {
		n, err = b.WriteTo(until{ctx, w})
		return err
	})
	if err != nil && ctx.Err() != nil {
		err = context.Cause(ctx) // bbolt keeps the text of some errors only.
	}
	if err != nil {
		return n, fmt.Errorf("back up store: %w", err)
	}
	return n, nil
}

// until is a writer that stops when the context ends.
type until struct {
	ctx context.Context //nolint:containedctx // It lives for one call of Backup.
	w   io.Writer
}

func (u until) Write(p []byte) (int, error) {
	if u.ctx.Err() != nil {
		return 0, context.Cause(u.ctx)
	}
	return u.w.Write(p) //nolint:wrapcheck // A writer passes on what it is told.
}
