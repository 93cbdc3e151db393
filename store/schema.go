package store

import (
	"fmt"
	"strconv"

	"go.etcd.io/bbolt"
)

// The buckets, and what their keys are.
const (
	bucketMeta    = "meta"    // Names of facts about the file.
	bucketCounts  = "counts"  // Names of counts.
	bucketRecords = "records" // Kind, id.
	bucketIndex   = "index"   // Kind, index entry, id.
	bucketEvents  = "events"  // Request, number.
	bucketEffects = "effects" // Id.
	bucketOrder   = "order"   // Priority, rank, due time, id.
	bucketTimers  = "timers"  // Id.
	bucketDue     = "due"     // Time, id.
	bucketSealed  = "sealed"  // Request. Since version 2.
)

// keySchema is the fact that holds the version of the layout, in decimal.
const keySchema = "schema"

// step changes the layout from one version to the next.
type step func(*bbolt.Tx) error

// steps is the history of the layout: the first makes version 1 out of an empty file. Steps are only ever added.
func steps() []step {
	return []step{
		func(b *bbolt.Tx) error {
			for _, name := range []string{
				bucketMeta, bucketCounts, bucketRecords, bucketIndex, bucketEvents, bucketEffects, bucketOrder,
				bucketTimers, bucketDue,
			} {
				if _, err := b.CreateBucket([]byte(name)); err != nil {
					return fmt.Errorf("create bucket %s: %w", name, err)
				}
			}
			return nil
		},
		// What is over may be sealed from here on. What an older version left loose is sealed by the core, bit by bit.
		func(b *bbolt.Tx) error {
			if _, err := b.CreateBucket([]byte(bucketSealed)); err != nil {
				return fmt.Errorf("create bucket %s: %w", bucketSealed, err)
			}
			return nil
		},
	}
}

// version reads the layout's version; 0 is an empty file.
func version(b *bbolt.Tx, path string) (int, error) {
	meta := b.Bucket([]byte(bucketMeta))
	if meta == nil {
		if name, _ := b.Cursor().First(); name != nil {
			return 0, &OpenError{
				Path: path, Case: ErrNotStore, Text: "This is a bbolt file of another program.", Fix: restoreFix,
			}
		}
		return 0, nil
	}
	v, err := strconv.Atoi(string(meta.Get([]byte(keySchema))))
	if err != nil || v < 1 {
		return 0, &OpenError{
			Path: path, Case: ErrNotStore, Text: "The file does not say which layout it has.", Fix: restoreFix, Err: err,
		}
	}
	return v, nil
}

// migrate brings the file to the newest layout, all steps in one transaction. It returns the version found.
func migrate(db *bbolt.DB, history []step) (int, error) {
	found := 0
	err := db.View(func(b *bbolt.Tx) (err error) {
		found, err = version(b, db.Path())
		return err
	})
	if err != nil || found == len(history) {
		return found, err
	}
	if found > len(history) {
		return found, newer(db.Path(), found, len(history))
	}
	err = db.Update(func(b *bbolt.Tx) error {
		for i := found; i < len(history); i++ {
			if err := history[i](b); err != nil {
				return fmt.Errorf("migrate to version %d: %w", i+1, err)
			}
		}
		meta, err := b.CreateBucketIfNotExists([]byte(bucketMeta))
		if err != nil {
			return fmt.Errorf("create bucket %s: %w", bucketMeta, err)
		}
		return meta.Put([]byte(keySchema), []byte(strconv.Itoa(len(history))))
	})
	if err != nil {
		return found, fmt.Errorf("open store %s: %w", db.Path(), err)
	}
	return found, nil
}

func newer(path string, found, known int) error {
	return &OpenError{
		Path: path, Case: ErrNewerSchema,
		Text: fmt.Sprintf("A newer Usher wrote this file: its layout is version %d, and this Usher knows versions up to %d.", found, known),
		Fix:  "Start the newer Usher, or restore the backup that was made before the upgrade.",
	}
}
