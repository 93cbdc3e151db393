package access

import (
	"bytes"
	"encoding/json"
	"fmt"
	"sync"
)

// cacheMax bounds how many decoded records are kept: some 50 MB at the height of a storm, nothing at rest.
const cacheMax = 16384

// cache keeps decoded records beside the bytes that they were decoded from or encoded to. A record is taken from it only if
// the store holds the same bytes, so it is right whatever became of the transaction that filled it. What it hands out is
// shared: nobody changes it in place (decide works on a clone). A nil cache keeps nothing. It is safe for concurrent use.
type cache struct {
	mu      sync.Mutex
	entries map[string]cachedRecord
}

type cachedRecord struct {
	raw   []byte
	value any
}

func newCache() *cache { return &cache{entries: map[string]cachedRecord{}} }

func (c *cache) find(key string, raw []byte) (any, bool) {
	if c == nil {
		return nil, false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.entries[key]
	if !ok || !bytes.Equal(e.raw, raw) {
		return nil, false
	}
	return e.value, true
}

func (c *cache) keep(key string, raw []byte, value any) {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.entries) >= cacheMax {
		left := cacheMax / 8
		for k := range c.entries { // In no order, which is as good as any.
			if left--; left < 0 {
				break
			}
			delete(c.entries, k)
		}
	}
	c.entries[key] = cachedRecord{raw, value}
}

// clear forgets everything.
func (c *cache) clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.entries) > 0 {
		c.entries = map[string]cachedRecord{}
	}
}

// getRecord is Tx.Get by way of the cache.
func getRecord[T any](c *cache, tx Tx, kind Kind, id string, value *T) error {
	var raw json.RawMessage
	if err := tx.Get(kind, id, &raw); err != nil {
		return err
	}
	key := string(kind) + "/" + id
	if v, ok := c.find(key, raw); ok {
		*value = v.(T) //nolint:forcetypeassert // Each kind has one type.
		return nil
	}
	var fresh T
	if err := json.Unmarshal(raw, &fresh); err != nil {
		return fmt.Errorf("decode %s: %w", key, err)
	}
	*value = fresh
	c.keep(key, raw, fresh)
	return nil
}

// putRecord is Tx.Put by way of the cache.
func putRecord[T any](c *cache, tx Tx, kind Kind, id string, value T, index ...string) error {
	raw, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("encode %s/%s: %w", kind, id, err)
	}
	if err := tx.Put(kind, id, json.RawMessage(raw), index...); err != nil {
		return err
	}
	c.keep(string(kind)+"/"+id, raw, value)
	return nil
}
