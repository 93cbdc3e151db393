package storetest

import "hash/fnv"

// tree is an ordered map from string to bytes whose versions share what did not change (a treap). A nil tree is empty.
// Values must not be altered after put.
type tree struct {
	key         string
	value       []byte
	heat        uint32
	count       int
	left, right *tree
}

func heatOf(key string) uint32 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(key)) // Never fails.
	return h.Sum32() * 2654435761
}

func (t *tree) len() int {
	if t == nil {
		return 0
	}
	return t.count
}

// with returns a copy of t with other children.
func (t *tree) with(left, right *tree) *tree {
	return &tree{
		key: t.key, value: t.value, heat: t.heat, left: left, right: right,
		count: 1 + left.len() + right.len(),
	}
}

func (t *tree) get(key string) ([]byte, bool) {
	for t != nil && t.key != key {
		if key < t.key {
			t = t.left
		} else {
			t = t.right
		}
	}
	if t == nil {
		return nil, false
	}
	return t.value, true
}

// put returns the version in which key has the value.
func (t *tree) put(key string, value []byte) *tree {
	less, more := t.without(key).split(key)
	one := &tree{key: key, value: value, heat: heatOf(key), count: 1}
	return join(join(less, one), more)
}

// without returns the version that lacks key.
func (t *tree) without(key string) *tree {
	if _, ok := t.get(key); !ok {
		return t
	}
	switch {
	case key < t.key:
		return t.with(t.left.without(key), t.right)
	case key > t.key:
		return t.with(t.left, t.right.without(key))
	}
	return join(t.left, t.right)
}

// split divides t into the keys below key and the others.
func (t *tree) split(key string) (less, more *tree) {
	if t == nil {
		return nil, nil
	}
	if t.key < key {
		less, more = t.right.split(key)
		return t.with(t.left, less), more
	}
	less, more = t.left.split(key)
	return less, t.with(more, t.right)
}

// join makes one tree of two; every key of less is below every key of more.
func join(less, more *tree) *tree {
	switch {
	case less == nil:
		return more
	case more == nil:
		return less
	case less.heat >= more.heat:
		return less.with(less.left, join(less.right, more))
	}
	return more.with(join(less, more.left), more.right)
}

// from calls f for each key at or above start, in order, until f returns false. It reports whether f never did.
func (t *tree) from(start string, f func(key string, value []byte) bool) bool {
	if t == nil {
		return true
	}
	if t.key >= start && (!t.left.from(start, f) || !f(t.key, t.value)) {
		return false
	}
	return t.right.from(start, f)
}
